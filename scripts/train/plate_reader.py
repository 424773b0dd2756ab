#!/usr/bin/env python3
"""Train the plate reader. Resumable: run it again with the same --out and it goes on.

Run by scripts/train_plates. By itself: .venv-train/bin/python scripts/train/plate_reader.py --out DIR
"""

import json
import sys
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "plates"), str(HERE.parents[1])]

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import real  # noqa: E402
import torch  # noqa: E402
from networks import PlateReader  # noqa: E402
from samples import NOT_ASKED, Samples, labels  # noqa: E402
from torch.nn import functional  # noqa: E402
from training import batches, parse, train  # noqa: E402

from edge_agent.vision.plate_read import tensor  # noqa: E402

BATCH = 96


def make_batches(folder: Path, faces: Path | None, extra: Path | None, seed: int):  # noqa: ANN201
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    corners = {name: np.float32(quad) for name, quad in json.loads(extra.read_text())["crops"].items()} if extra else {}
    source = Samples(folder, faces, seed, corners)

    def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        found = [source.next() for _ in range(BATCH)]
        pictures = torch.from_numpy(np.stack([tensor(s.picture) for s in found])).permute(0, 3, 1, 2)
        return pictures, torch.from_numpy(np.stack([s.chars for s in found])), torch.tensor([s.kind for s in found])

    return batch


def development(folder: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Real pictures nobody trains on, and drawn ones: inputs and labels by name."""
    sets: dict[str, list[tuple[np.ndarray, str]]] = {"crops": [], "ccpd": [], "ccpd tight": [], "easypr": []}
    unit = np.array([[0, 0], [160, 0], [160, 48], [0, 48]], np.float32)
    for plate in real.crops(folder):
        if plate.development:
            picture = real.read(plate.file)
            method = cv2.INTER_AREA if picture.shape[0] > 48 else cv2.INTER_LINEAR
            sets["crops"].append((cv2.resize(picture, (160, 48), interpolation=method), plate.text))
    for plate in real.ccpd(folder) + real.easypr(folder):
        if not plate.development or plate.quad is None:
            continue
        picture = real.read(plate.file)
        flat = cv2.warpPerspective(picture, cv2.getPerspectiveTransform(plate.quad, unit * 2), (320, 96))
        sets["ccpd" if plate.exact else "easypr"].append(
            (cv2.resize(flat, (160, 48), interpolation=cv2.INTER_AREA), plate.text)
        )
        if plate.exact:
            (x0, y0), (x1, y1) = np.maximum(plate.quad.min(0), 0), plate.quad.max(0)
            crop = picture[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1]
            sets["ccpd tight"].append((cv2.resize(crop, (160, 48), interpolation=cv2.INTER_AREA), plate.text))
    return {
        name: (
            torch.from_numpy(np.stack([tensor(p) for p, _ in found])).permute(0, 3, 1, 2),
            torch.from_numpy(np.stack([labels(t) for _, t in found])),
        )
        for name, found in sets.items()
    }


@torch.no_grad()
def judge(model: PlateReader, sets: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> dict[str, float]:
    """Share of plates read whole, by set, before any grammar; and of provinces."""
    found = {}
    for name, (pictures, wanted) in sets.items():
        chars = torch.cat([model(part)[0].argmax(2) for part in pictures.split(128)])
        found[name] = round(float((chars == wanted).all(1).float().mean()) * 100, 2)
        if name in ("crops", "easypr"):
            found[name + " without province"] = round(
                float((chars[:, 1:] == wanted[:, 1:]).all(1).float().mean()) * 100, 2
            )
    return found


def loss_of(model: torch.nn.Module, batch: tuple[torch.Tensor, ...], _step: int) -> torch.Tensor:
    """Cross entropy of characters and kinds."""
    pictures, chars, kinds = batch
    with torch.autocast(pictures.device.type, dtype=torch.bfloat16):
        said, sort = model(pictures.contiguous(memory_format=torch.channels_last))
    flat = said.float().flatten(0, 1)
    loss = functional.cross_entropy(flat, chars.flatten(), ignore_index=NOT_ASKED, label_smoothing=0.02)
    return loss + 0.2 * functional.cross_entropy(sort.float(), kinds)


def main() -> None:
    cv2.setNumThreads(1)  # its thread pool does not survive the fork of the workers
    args = parse(__doc__, steps=7000)
    folder, faces = args.shared / "data" / "plates", args.shared / "data" / "faces" / "lfw_view1"
    sets = development(folder)
    make = partial(make_batches, folder, faces if faces.exists() else None, args.extra)
    train(
        PlateReader(),
        args,
        lambda seed: batches(make, seed, args.workers),
        loss_of,
        lambda model: judge(model, sets),
        decay=0.02,
    )


if __name__ == "__main__":
    main()
