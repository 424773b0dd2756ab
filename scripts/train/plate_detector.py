#!/usr/bin/env python3
"""Train the plate detector. Resumable: run it again with the same --out and it goes on.

Run by scripts/train_plates. By itself: .venv-train/bin/python scripts/train/plate_detector.py --out DIR
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
from networks import PlateDetector  # noqa: E402
from tiles import HEIGHT, WIDTH, Tile, Tiles  # noqa: E402
from torch.nn import functional  # noqa: E402
from training import batches, parse, train  # noqa: E402

from edge_agent.recognition.tracker import iou  # noqa: E402

BATCH = 16
STRIDE = 8
WAY_PX = 32.0  # unit of the ways to the corners
DOUBT = (
    0.4  # on pictures whose plates are not all known, a cell that says "plate" louder than this is not told otherwise
)
DOUBT_FROM = 800  # steps


def targets(tile: Tile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each cell: 1, 0 or -1 (not asked); the way to the corners; how much it counts."""
    h, w = HEIGHT // STRIDE, WIDTH // STRIDE
    ys, xs = np.meshgrid((np.arange(h) + 0.5) * STRIDE, (np.arange(w) + 0.5) * STRIDE, indexing="ij")
    points = np.stack([xs, ys], -1).astype(np.float32)
    what = np.zeros((h, w), np.float32)
    ways = np.zeros((h, w, 8), np.float32)
    weight = np.zeros((h, w), np.float32)
    for quad in tile.ignored:
        what[_within(points, quad, 1.1)] = -1
    for quad, trust in zip(tile.quads, tile.trust, strict=True):
        what[_within(points, quad, 0.85)] = -1
        middle = _within(points, quad, 0.4)
        nearest = np.unravel_index(((points - quad.mean(0)) ** 2).sum(-1).argmin(), (h, w))
        middle[nearest] = True
        what[middle] = 1
        ways[middle] = ((quad[None] - points[middle][:, None]) / WAY_PX).reshape(-1, 8)
        high = max(4.0, float(np.linalg.norm(quad[0] - quad[3]) + np.linalg.norm(quad[1] - quad[2])) / 2)
        weight[middle] = trust * WAY_PX / high / np.sqrt(middle.sum())  # errors count in plate heights
    return what, ways, weight


def _within(points: np.ndarray, quad: np.ndarray, part: float) -> np.ndarray:
    """Which cells lie in the plate, shrunk or grown about its middle."""
    quad = quad.mean(0) + (quad - quad.mean(0)) * part
    inside = np.ones(points.shape[:2], bool)
    for a, b in zip(quad, np.roll(quad, -1, 0), strict=True):
        inside &= (b[0] - a[0]) * (points[..., 1] - a[1]) - (b[1] - a[1]) * (points[..., 0] - a[0]) >= 0
    return inside


def make_batches(shared: Path, extra: Path | None, seed: int):  # noqa: ANN201
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    data = shared / "data"
    known = (
        {name: [np.float32(q) for q in quads] for name, quads in json.loads(extra.read_text())["scenes"].items()}
        if extra
        else None
    )
    source = Tiles(data / "plates", data / "faces" / "lfw_view1", data / "clips", seed, known)

    def batch() -> tuple[torch.Tensor, ...]:
        tiles = [source.next() for _ in range(BATCH)]
        pictures = torch.from_numpy(np.stack([t.picture for t in tiles])).permute(0, 3, 1, 2)
        parts = [torch.from_numpy(np.stack(part)) for part in zip(*map(targets, tiles), strict=True)]
        return (pictures, *parts, torch.tensor([t.complete for t in tiles]))

    return batch


def loss_of(
    said: torch.Tensor,
    what: torch.Tensor,
    ways: torch.Tensor,
    weight: torch.Tensor,
    complete: torch.Tensor,
    *,
    doubt: bool,
) -> torch.Tensor:
    logit = said[:, 0]
    asked = what >= 0
    sure = torch.sigmoid(logit.detach())
    if doubt:
        asked &= ~((what == 0) & (sure > DOUBT) & ~complete[:, None, None])
    right = torch.where(what == 1, sure, 1 - sure)
    each = functional.binary_cross_entropy_with_logits(logit, (what == 1).float(), reduction="none")
    focal = (each * (1 - right) ** 2 * torch.where(what == 1, 0.75, 0.25) * asked).sum()
    positive = (what == 1).sum().clamp(min=1)
    off = functional.smooth_l1_loss(said[:, 1:].permute(0, 2, 3, 1), ways, beta=0.05, reduction="none").mean(-1)
    return focal / positive + 1.5 * (off * weight).sum() / weight.gt(0).sum().clamp(min=1) * 4


@torch.no_grad()
def judge(model: PlateDetector, scenes: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """On development scenes in 640 x 384: share found (IoU of boxes >= 0.5), corner error in plate heights."""
    found, errors, loud = 0, [], 0
    for picture, quad in scenes:
        zoom = min(640 / picture.shape[1], 384 / picture.shape[0])
        canvas = np.full((384, 640, 3), 114, np.uint8)
        small = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        canvas[: small.shape[0], : small.shape[1]] = small[:384, :640]
        out = model(torch.from_numpy(canvas).permute(2, 0, 1)[None].float() / 127.5 - 1)[0]
        best = int(out[0].argmax())
        y, x = divmod(best, out.shape[2])
        corners = out[1:, y, x].view(4, 2).numpy() * WAY_PX + np.array([(x + 0.5) * STRIDE, (y + 0.5) * STRIDE])
        corners /= zoom
        overlap = iou((*corners.min(0), *corners.max(0)), (*quad.min(0), *quad.max(0)))
        loud += int(float(out[0].max()) > 0)
        if overlap >= 0.5:
            found += 1
            high = (np.linalg.norm(quad[0] - quad[3]) + np.linalg.norm(quad[1] - quad[2])) / 2
            errors.append(float(np.linalg.norm(corners - quad, axis=1).mean() / high))
    return {
        "found": round(100 * found / len(scenes), 2),
        "loud": round(100 * loud / len(scenes), 2),
        "corner": round(float(np.median(errors or [9])), 4),
    }


def main() -> None:
    cv2.setNumThreads(1)  # its thread pool does not survive the fork of the workers
    args = parse(__doc__, steps=6000)
    plates = args.shared / "data" / "plates"
    sets = {
        name: [(real.read(p.file), p.quad) for p in found if p.development]
        for name, found in (("ccpd", real.ccpd(plates)), ("easypr", real.easypr(plates)))
    }

    def step_loss(model: torch.nn.Module, batch: tuple[torch.Tensor, ...], step: int) -> torch.Tensor:
        pictures, *wanted = batch
        pictures = (pictures.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.autocast(pictures.device.type, dtype=torch.bfloat16):
            said = model(pictures)
        return loss_of(said.float(), *wanted, doubt=step >= DOUBT_FROM or args.origin is not None)

    def judged(model: torch.nn.Module) -> dict[str, float]:
        return {f"{name} {key}": value for name, scenes in sets.items() for key, value in judge(model, scenes).items()}

    make = partial(make_batches, args.shared, args.extra)
    train(PlateDetector(), args, lambda seed: batches(make, seed, args.workers), step_loss, judged, decay=0.01)


if __name__ == "__main__":
    main()
