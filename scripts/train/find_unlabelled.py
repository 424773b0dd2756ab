#!/usr/bin/env python3
"""Write which plates of the training scenes the tables lack, as detector and reader of models/ find and read them.

Many photographs show a second car; without this the detector would learn that its plate is none. Runs in the product's
environment with the models in models/: .venv/bin/python scripts/train/find_unlabelled.py ../shared OUT.json
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "plates"), str(HERE.parents[1])]

import numpy as np  # noqa: E402
import real  # noqa: E402

from edge_agent.vision.manifest import find_models, load_manifest  # noqa: E402
from edge_agent.vision.plate_reader import PlateReader, ReadPlate  # noqa: E402

SCORE_MIN = 0.4  # of the reading: an unsure one may be no plate


def unlabelled(read: ReadPlate, known: list[real.Quad]) -> bool:
    """A plate that was read, away from every labelled one."""
    middle = np.array(read.plate.corners_px).mean(0)
    wide = [float(np.linalg.norm(quad[1] - quad[0])) for quad in known]
    away = all(np.linalg.norm(quad.mean(0) - middle) > 0.6 * w for quad, w in zip(known, wide, strict=True))
    return away and read.decoded is not None and read.decoded.score >= SCORE_MIN


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
        said = reader.read_all(real.read(file)).plates
        quads = [[list(point) for point in read.plate.corners_px] for read in said if unlabelled(read, known)]
        if quads:
            found[file.name] = quads
    out.write_text(json.dumps(found))
    print(f"{sum(map(len, found.values()))} plates in {len(found)} of {len(by_file)} scenes")


if __name__ == "__main__":
    main()
