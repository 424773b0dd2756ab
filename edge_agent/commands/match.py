"""`edge-agent match`: who of a gallery is in a photograph, how surely, and what that is enough for."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent.errors import GalleryError, ImageError

if TYPE_CHECKING:
    from edge_agent.recognition.gallery import Purpose
    from edge_agent.recognition.matcher import Match, Matcher
    from edge_agent.vision.face_reader import FaceReader, ReadFace
    from edge_agent.vision.manifest import FaceSpec

DESCRIPTION = """\
Compare the faces of photographs with a gallery file: for each face the nearest person, the score, the margin over the
second person, and what that is enough for. It says why a door did not open, or whether two neighbours are mistaken
for each other.

Enough for the door: the person is there for "door" and the score reaches the embedder's threshold for doors. Enough
for the welfare watch: there for "welfare", a higher score, and a clear margin over everybody else; a camera also
wants a second frame that says the same. Enough for nothing: whoever it is must be taken for a stranger.

A photograph that cannot be read is named, the others go on, and the exit status is 1 at the end. With --json: one
object per line and photograph, in the order given, {"path", "width", "height", "faces": [{"box", "quality", "match"}]},
or {"path", "error"}; "match" is {"person", "purposes", "score", "margin", "suffices"}, or null when nobody is in the
gallery; "margin" is null when only one person is.
"""

EXAMPLE = """\
example:
  edge-agent match door.jpg --gallery gallery.json
"""

IN_WORDS = {"door": "the door", "welfare": "the welfare watch", "watchlist": "a watchlist candidate"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "match",
        help="who of a gallery is in a photograph, and what that is enough for",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="a photograph")
    parser.add_argument("--gallery", type=Path, required=True, metavar="FILE", help="as `edge-agent enrol` writes it")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (found by itself if unset)")
    parser.add_argument("--json", action="store_true", help="one JSON object per photograph instead of sentences")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0, or 1 when a photograph could not be read; whom it shows is no error.

    Raises ModelError or GalleryError when models or gallery are not usable.
    """
    from edge_agent.recognition.gallery_file import read_gallery  # noqa: PLC0415 - heavy, as are the next
    from edge_agent.recognition.matcher import Matcher  # noqa: PLC0415
    from edge_agent.vision.face_reader import FaceReader  # noqa: PLC0415
    from edge_agent.vision.manifest import find_models, load_manifest  # noqa: PLC0415

    manifest = load_manifest(find_models(args.models))
    spec = manifest.face
    try:
        gallery = read_gallery(args.gallery, embedder_id=spec.embedder_id, template_length=spec.template_length)
    except FileNotFoundError as error:
        raise GalleryError(f"{args.gallery}: there is no such gallery") from error
    reader, matcher = FaceReader.open(manifest), Matcher(gallery)
    failed = False
    for photo in args.photos:
        try:
            found = _matches(photo, reader, matcher)
        except ImageError as error:
            failed = True
            _report_error(photo, error, as_json=args.json)
            continue
        sys.stdout.write(_json_line(photo, found, spec) if args.json else _sentences(photo, found, spec))
        sys.stdout.flush()
    return 1 if failed else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What one photograph shows: its size, and each face with its match."""

    width: int
    height: int
    faces: "list[tuple[ReadFace, Match | None]]"


def _matches(photo: str, reader: "FaceReader", matcher: "Matcher") -> _Found:
    from edge_agent.vision.picture import read_picture  # noqa: PLC0415 - heavy

    pixels = read_picture(Path(photo))
    faces = []
    for read in reader.read(pixels, templates=True).faces:
        assert read.template is not None
        faces.append((read, matcher.match(read.template)))
    return _Found(width=pixels.shape[1], height=pixels.shape[0], faces=faces)


def _report_error(photo: str, error: ImageError, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"path": photo, "error": str(error)}) + "\n")
    else:
        sys.stderr.write(f"{photo}: {error}\n")


def _json_line(photo: str, found: _Found, spec: "FaceSpec") -> str:
    line = {
        "path": photo,
        "width": found.width,
        "height": found.height,
        "faces": [
            {
                "box": [round(v, 2) for v in read.face.box_px],
                "quality": round(read.quality.total, 4),
                "match": _match(match, spec) if match else None,
            }
            for read, match in found.faces
        ],
    }
    return json.dumps(line, allow_nan=False) + "\n"


def _match(match: "Match", spec: "FaceSpec") -> dict[str, Any]:
    return {
        "person": match.person,
        "purposes": sorted(match.purposes),
        "score": round(match.score, 4),
        "margin": None if match.margin is None else round(match.margin, 4),
        "suffices": [purpose for purpose in sorted(match.purposes) if match.suffices(purpose, spec)],
    }


def _sentences(photo: str, found: _Found, spec: "FaceSpec") -> str:
    count = len(found.faces)
    lines = [f"{photo}: {'no face' if not count else '1 face' if count == 1 else f'{count} faces'}"]
    for read, match in found.faces:
        x, y = read.face.centre_px
        where = f"face at ({x:.0f}, {y:.0f}), {read.face.width_px:.0f} pixels wide, quality {read.quality.total:.2f}"
        lines.append(f"  {where}: {in_words(match, spec) if match else 'nobody is in the gallery'}")
    return "\n".join(lines) + "\n"


def in_words(match: "Match", spec: "FaceSpec") -> str:
    """One sentence for a technician: who is nearest, how near, what for, and what is missing for the rest."""
    margin = "nobody else to compare with" if match.margin is None else f"margin {match.margin:.3f}"
    wanted = sorted(match.purposes, key=list(IN_WORDS).index)
    enough = [IN_WORDS[purpose] for purpose in wanted if match.suffices(purpose, spec)]
    missing = [_missing(match, purpose, spec) for purpose in wanted if not match.suffices(purpose, spec)]
    verdict = "; ".join([f"enough for {' and '.join(enough) or 'nothing'}", *missing])
    return f"nearest is {match.person}, score {match.score:.3f}, {margin}: {verdict}"


def _missing(match: "Match", purpose: "Purpose", spec: "FaceSpec") -> str:
    score_min = spec.welfare_score_min if purpose == "welfare" else spec.door_score_min
    if match.score < score_min:
        return f"{IN_WORDS[purpose]} needs a score of {score_min:.3f}"
    lookalike = match.not_clear_of(spec)
    if lookalike is not None:
        needed = spec.welfare_margin_min + lookalike.wider_by
        return f"{IN_WORDS[purpose]} needs a margin of {needed:.3f} over the lookalike {lookalike.person}"
    return f"{IN_WORDS[purpose]} needs a margin of {spec.welfare_margin_min:.3f}"
