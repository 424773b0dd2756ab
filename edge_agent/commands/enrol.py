"""`edge-agent enrol`: photographs of a person become an entry of a gallery file."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.errors import EnrolmentError, ImageError

if TYPE_CHECKING:
    from edge_agent.recognition.gallery import Gallery, Purpose
    from edge_agent.vision.face_enrol import Enrolment
    from edge_agent.vision.frame import Pixels
    from edge_agent.vision.manifest import FaceSpec

PHOTOS_MAX = 32

DESCRIPTION = """\
Add a person to a gallery file, or replace them, from one or more photographs.

Each photograph must show one face, at least 80 pixels wide and sharp, and all must show the same person; otherwise
nothing is written, every problem is named with its photograph, and the exit status is 1. Two or three photographs
with different light, with and without glasses, make recognition steadier than one.

The file keeps templates, no pictures, and is readable by its owner only. The id is a pseudonym, never a name.
"""

EXAMPLE = """\
example:
  edge-agent enrol --id resident-0042 --purpose door,welfare --gallery gallery.json front.jpg left.jpg
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "enrol",
        help="add a person to a gallery file from photographs",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help=f"a photograph of the person; at most {PHOTOS_MAX}")
    parser.add_argument("--id", required=True, help="pseudonymous id: 1 to 64 of A-Z a-z 0-9 . _ -")
    parser.add_argument(
        "--purpose",
        type=_purposes,
        default="door",
        metavar="LIST",
        help="what the person agreed to, separated by commas: door, welfare, watchlist (default: %(default)s)",
    )
    parser.add_argument(
        "--gallery", type=Path, default=Path("gallery.json"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (found by itself if unset)")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 when the person is in the gallery, 1 when a photograph was refused.

    Raises GalleryError, ModelError or EnrolmentError when it is not about a photograph.
    """
    from edge_agent.recognition.gallery import Entry, check_person  # noqa: PLC0415 - heavy, as are the next
    from edge_agent.recognition.gallery_file import sole_writer, write_gallery  # noqa: PLC0415
    from edge_agent.vision.face_enrol import enrol  # noqa: PLC0415
    from edge_agent.vision.face_reader import FaceReader  # noqa: PLC0415
    from edge_agent.vision.manifest import find_models, load_manifest  # noqa: PLC0415

    check_person(args.id)
    if len(args.photos) > PHOTOS_MAX:
        raise EnrolmentError(f"{len(args.photos)} photographs: at most {PHOTOS_MAX} are taken")
    manifest = load_manifest(find_models(args.models))
    with sole_writer(args.gallery):
        gallery = _present(args.gallery, manifest.face)  # first: one that cannot be used is said at once
        photos = ((photo, _picture(photo)) for photo in args.photos)
        enrolment = enrol(FaceReader.open(manifest), photos, same_score_min=manifest.face.same_score_min)
        if enrolment.template is None:
            _report_refusals(args, enrolment)
            return 1
        replaced = any(entry.person == args.id for entry in gallery.entries)
        entry = Entry(person=args.id, purposes=args.purpose, templates=enrolment.template[None])
        gallery = gallery.with_entry(entry)
        write_gallery(args.gallery, gallery)
    _report(args, gallery, enrolment, replaced=replaced)
    return 0


def _purposes(text: str) -> "frozenset[Purpose]":
    from edge_agent.recognition.gallery import Purpose  # noqa: PLC0415 - heavy

    try:
        return frozenset(Purpose(word) for word in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; choose from {', '.join(Purpose)}, separated by commas") from error


def _present(path: Path, face: "FaceSpec") -> "Gallery":
    """The gallery in the file, or an empty one when there is none."""
    from edge_agent.recognition.gallery import Gallery  # noqa: PLC0415 - heavy, as is the next
    from edge_agent.recognition.gallery_file import read_gallery  # noqa: PLC0415

    try:
        return read_gallery(path, embedder_id=face.embedder_id, template_length=face.template_length)
    except FileNotFoundError:
        return Gallery(embedder_id=face.embedder_id, template_length=face.template_length)


def _picture(photo: str) -> "Pixels | ImageError":
    from edge_agent.vision.picture import read_picture  # noqa: PLC0415 - heavy

    try:
        return read_picture(Path(photo))
    except ImageError as error:
        return error


def _report_refusals(args: argparse.Namespace, enrolment: "Enrolment") -> None:
    if args.json:
        refused = [{"path": refusal.photo, "reason": refusal.reason} for refusal in enrolment.refusals]
        sys.stdout.write(json.dumps({"id": args.id, "enrolled": False, "refused": refused}) + "\n")
        return
    sys.stderr.write(f"{args.id} is not enrolled, nothing was written:\n")
    sys.stderr.writelines(f"  {refusal.photo}: {refusal.reason}\n" for refusal in enrolment.refusals)


def _report(args: argparse.Namespace, gallery: "Gallery", enrolment: "Enrolment", *, replaced: bool) -> None:
    if args.json:
        result = {
            "id": args.id,
            "enrolled": True,
            "replaced": replaced,
            "purposes": sorted(args.purpose),
            "gallery": str(args.gallery),
            "embedder": gallery.embedder_id,
            "version": gallery.version,
            "people": len(gallery.entries),
            "photos": [{"path": path, "quality": round(quality, 4)} for path, quality in enrolment.qualities],
        }
        sys.stdout.write(json.dumps(result) + "\n")
        return
    verb = "replaced" if replaced else "enrolled"
    purposes = ", ".join(sorted(args.purpose))
    sys.stdout.write(f"{args.id} {verb} for {purposes} in {args.gallery} ({len(gallery.entries)} people)\n")
    sys.stdout.writelines(f"  {path}: quality {quality:.2f}\n" for path, quality in enrolment.qualities)
