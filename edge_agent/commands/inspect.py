"""`edge-agent inspect`: what the agent sees in pictures, as one JSON object per line."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent.errors import ImageError

if TYPE_CHECKING:
    from edge_agent.vision.face_reader import FaceReader, ReadFace

DESCRIPTION = """\
Print what the agent finds in pictures: one JSON object per line and path, in the order of the paths.

  {"path", "width", "height",
   "faces": [{"box": [x0, y0, x1, y1], "score", "keypoints": [[x, y] * 6], "quality", "template": [...]}],
   "plates": [], "elapsed_ms": {"detect", "embed", "total"}}

Boxes and points are pixels, origin top left; boxes may reach past the edge where the face does. Key points: right
eye, left eye, nose, mouth, right ear, left ear (the person's own right and left). Score and quality are 0 to 1.
Templates have unit length: compare them by cosine or by Euclidean distance. "plates" is empty for now: plate reading
is not built yet. Times are milliseconds after a warm-up, decoding excluded.

JPEG, PNG, WebP and BMP are read. A photograph that its EXIF data says is turned is turned upright first, and width,
height, boxes and points are those of the upright picture. Grey, 16-bit and transparent pictures become plain colour.
A file that cannot be read gives {"path", "error"}; the others go on, and the exit status is 1 at the end.
"""

EXAMPLE = """\
example:
  edge-agent inspect --templates gate.jpg visitor.png | jq '.faces[].box'
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
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (found by itself if unset)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0, or 1 when a file could not be read. Raises ModelError when the models are not usable."""
    from edge_agent.vision.face_reader import FaceReader  # noqa: PLC0415 - heavy, as is the next
    from edge_agent.vision.manifest import find_models, load_manifest  # noqa: PLC0415

    reader = None
    if args.only != "plates":
        reader = FaceReader.open(load_manifest(find_models(args.models)))
        reader.warm_up()
    failed = False
    for path in args.paths:
        try:
            found = _inspect(path, reader, templates=args.templates)
        except ImageError as error:
            failed = True
            found = {"path": path, "error": str(error)}
        sys.stdout.write(json.dumps(found, allow_nan=False) + "\n")
        sys.stdout.flush()
    return 1 if failed else 0


def _inspect(path: str, reader: "FaceReader | None", *, templates: bool) -> dict[str, Any]:
    from edge_agent.vision.picture import read_picture  # noqa: PLC0415 - heavy

    pixels = read_picture(Path(path))
    reading = reader.read(pixels, templates=templates) if reader else None
    return {
        "path": path,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "faces": [_face(face) for face in reading.faces] if reading else [],
        "plates": [],
        "elapsed_ms": {
            "detect": round(reading.detect_ms, 3) if reading else 0.0,
            "embed": round(reading.embed_ms, 3) if reading else 0.0,
            "total": round(reading.total_ms, 3) if reading else 0.0,
        },
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
