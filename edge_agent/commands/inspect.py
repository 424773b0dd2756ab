"""`edge-agent inspect`: what the agent sees in pictures, as one JSON object per line."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent.errors import ImageError

if TYPE_CHECKING:
    from edge_agent.vision.face_reader import FaceReader, ReadFace
    from edge_agent.vision.plate_reader import PlateReader, ReadPlate

DESCRIPTION = """\
Print what the agent finds in pictures: one JSON object per line and path, in the order of the paths.

  {"path", "width", "height",
   "faces": [{"box": [x0, y0, x1, y1], "score", "keypoints": [[x, y] * 6], "quality", "template": [...]}],
   "plates": [{"box": [x0, y0, x1, y1], "corners": [[x, y] * 4], "text", "type", "score", "chars": [[c, p], ...]}],
   "elapsed_ms": {"detect", "embed", "total", "plate_detect", "plate_read"}}

Boxes and points are pixels, origin top left; boxes may reach past the edge where the face does. Key points: right
eye, left eye, nose, mouth, right ear, left ear (the person's own right and left). Score and quality are 0 to 1.
Templates have unit length: compare them by cosine or by Euclidean distance.

A plate's corners go clockwise from its own top left. Its text has 7 or 8 characters without the dot; its type is blue,
green (new energy, small), green_large, yellow, yellow_double (two rows), white or black. Score is the probability that
the whole text is right, "chars" that of each character. Seen but not readable: text and type are null. With --crops
each picture is one plate, cut out tightly and not straightened: "box" is the whole picture.

Times are milliseconds after a warm-up, decoding excluded.

JPEG, PNG, WebP and BMP are read. A photograph that its EXIF data says is turned is turned upright first, and width,
height, boxes and points are those of the upright picture. Grey, 16-bit and transparent pictures become plain colour.
A file that cannot be read gives {"path", "error"}; the others go on, and the exit status is 1 at the end.
"""

EXAMPLE = """\
example:
  edge-agent inspect --templates gate.jpg visitor.png | jq '.faces[].box'
  edge-agent inspect --only plates lane.jpg | jq -r '.plates[] | "\\(.text) \\(.score)"'
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "inspect",
        help="print what the agent finds in pictures, as JSON",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a picture")
    parser.add_argument(
        "--templates", action="store_true", help="with the template of every face, whatever its quality"
    )
    parser.add_argument("--only", choices=("faces", "plates"), help="look for these alone; the other list is empty")
    parser.add_argument(
        "--crops", action="store_true", help="each picture is one plate, cut out; no faces are looked for"
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (found by itself if unset)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0, or 1 when a file could not be read. Raises ModelError when the models are not usable."""
    from edge_agent.vision.manifest import find_models, load_manifest  # noqa: PLC0415 - heavy, as what follows

    manifest = load_manifest(find_models(args.models))
    eyes = _Eyes(faces=None, plates=None)
    if args.only != "plates" and not args.crops:
        from edge_agent.vision.face_reader import FaceReader  # noqa: PLC0415

        eyes.faces = FaceReader.open(manifest)
        eyes.faces.warm_up()
    if args.only != "faces":
        from edge_agent.vision.plate_reader import PlateReader  # noqa: PLC0415

        eyes.plates = PlateReader.open(manifest)
    failed = False
    for path in args.paths:
        try:
            found = _inspect(path, eyes, templates=args.templates, crops=args.crops)
        except ImageError as error:
            failed = True
            found = {"path": path, "error": str(error)}
        sys.stdout.write(json.dumps(found, allow_nan=False, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 1 if failed else 0


@dataclass(kw_only=True)
class _Eyes:
    """What is looked with; None: not asked for."""

    faces: "FaceReader | None"
    plates: "PlateReader | None"


def _inspect(path: str, eyes: _Eyes, *, templates: bool, crops: bool) -> dict[str, Any]:
    from edge_agent.vision.picture import read_picture  # noqa: PLC0415 - heavy

    pixels = read_picture(Path(path))
    reading = eyes.faces.read(pixels, templates=templates) if eyes.faces else None
    plates = None
    if eyes.plates:
        plates = eyes.plates.read_crop(pixels) if crops else eyes.plates.read_all(pixels)
    elapsed_ms = {
        "detect": reading.detect_ms if reading else 0.0,
        "embed": reading.embed_ms if reading else 0.0,
        "total": (reading.total_ms if reading else 0.0) + (plates.total_ms if plates else 0.0),
        "plate_detect": plates.detect_ms if plates else 0.0,
        "plate_read": plates.read_ms if plates else 0.0,
    }
    height, width = pixels.shape[:2]
    return {
        "path": path,
        "width": width,
        "height": height,
        "faces": [_face(face) for face in reading.faces] if reading else [],
        "plates": [_plate(plate, (0, 0, width, height) if crops else None) for plate in plates.plates]
        if plates
        else [],
        "elapsed_ms": {name: round(value, 3) for name, value in elapsed_ms.items()},
    }


def _plate(read: "ReadPlate", box: tuple[float, float, float, float] | None) -> dict[str, Any]:
    decoded = read.decoded
    return {
        "box": [round(v, 2) for v in (box or read.plate.box_px)],
        "corners": [[round(x, 2), round(y, 2)] for x, y in read.plate.corners_px],
        "text": decoded.text if decoded else None,
        "type": decoded.kind.value if decoded else None,
        "score": round(decoded.score, 4) if decoded else 0.0,
        "chars": [[c, round(p, 4)] for c, p in zip(decoded.text, decoded.chars, strict=True)] if decoded else [],
    }


def _face(read: "ReadFace") -> dict[str, Any]:
    found: dict[str, Any] = {
        "box": [round(v, 2) for v in read.face.box_px],
        "score": round(read.face.score, 4),
        "keypoints": [[round(x, 2), round(y, 2)] for x, y in read.face.keypoints_px],
        "quality": round(read.quality.total, 4),
    }
    if read.template is not None:
        found["template"] = [round(float(v), 8) for v in read.template]
    return found
