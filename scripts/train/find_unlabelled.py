#!/usr/bin/env python3
"""Write what the tables lack, as detector and reader of models/ find it: second cars in scenes, corners in crops.

Without the first the detector would learn that a second car's plate is none; with the second the crops' provinces can
be painted over, as the scenes' are. Runs in the product's environment with the models in models/:
.venv/bin/python scripts/train/find_unlabelled.py ../shared OUT.json
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "plates"), str(HERE.parents[1])]

import numpy as np  # noqa: E402
import real  # noqa: E402

from edge_agent.vision.manifest import find_models, load_manifest  # noqa: E402
from edge_agent.vision.plate import Plate  # noqa: E402
from edge_agent.vision.plate_decode import decode, logs_of  # noqa: E402
from edge_agent.vision.plate_read import whole  # noqa: E402
from edge_agent.vision.plate_reader import PlateReader  # noqa: E402

SCORE_MIN = 0.4  # of the reading: an unsure one may be no plate


def unlabelled(reader: PlateReader, picture: np.ndarray, known: list[real.Quad]) -> list[list[list[float]]]:
    """Corners of the plates that can be read, away from every labelled one."""
    wide = [float(np.linalg.norm(quad[1] - quad[0])) for quad in known]
    kept: list[Plate] = []
    for plate in reader.detector.photograph(picture) + reader.detector.in_parts(picture):
        middle = np.array(plate.corners_px).mean(0)
        away = all(np.linalg.norm(quad.mean(0) - middle) > 0.6 * w for quad, w in zip(known, wide, strict=True))
        if not away or any(plate.covers(other) for other in kept):
            continue
        logs = logs_of(reader.read(picture, plate))
        decoded = decode(*logs) if logs else None
        if decoded is not None and decoded.score >= SCORE_MIN:
            kept.append(plate)
    return [[list(point) for point in plate.corners_px] for plate in kept]


def corners_of(reader: PlateReader, crop: real.RealPlate) -> list[list[float]] | None:
    """Where the plate is in its crop; None when it was not found, or not read as its label says."""
    picture = real.read(crop.file)
    (read,) = reader.read_crop(picture).plates
    quad = np.array(read.plate.corners_px)
    if read.decoded is None or read.decoded.text != crop.text or np.array_equal(quad, whole(picture)):
        return None
    return quad.tolist()  # type: ignore[no-any-return]


def main() -> None:
    shared, out = Path(sys.argv[1]), Path(sys.argv[2])
    plates = shared / "data" / "plates"
    by_file: dict[Path, list[real.Quad]] = {}
    for plate in real.ccpd(plates) + real.easypr(plates):
        if plate.quad is not None:
            by_file.setdefault(plate.file, []).append(plate.quad)
    reader = PlateReader.open(load_manifest(find_models()))
    found: dict[str, list[list[list[float]]]] = {}
    for file, known in by_file.items():
        quads = unlabelled(reader, real.read(file), known)
        if quads:
            found[file.name] = quads
    crops = [crop for crop in real.crops(plates) if not crop.development]
    corners = {crop.file.name: quad for crop in crops if (quad := corners_of(reader, crop)) is not None}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"scenes": found, "crops": corners}))
    print(f"{sum(map(len, found.values()))} plates in {len(found)} of {len(by_file)} scenes")
    print(f"corners in {len(corners)} of {len(crops)} crops")


if __name__ == "__main__":
    main()
