#!/usr/bin/env python3
"""What other readers make of the same plates: PP-OCRv4 (in the wheel rapidocr-onnxruntime) and LPRNet.

Reads a JSON list of picture files, each one plate and nothing else; writes {"reader": {"texts": [...], "ms": median}}.
Runs in .venv-train, one thread each.
"""

import argparse
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

Reader = Callable[[np.ndarray], str]
LPRNET_CHARACTERS = (
    "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新0123456789ABCDEFGHJKLMNPQRSTUVWXYZIO-"
)


def rapidocr() -> Reader:
    """Its recogniser as its wheel runs it: 48 pixels high, as wide as the picture asks, greedy CTC."""
    import onnxruntime  # noqa: PLC0415

    found = importlib.util.find_spec("rapidocr_onnxruntime")
    if found is None or not found.submodule_search_locations:
        raise ImportError("rapidocr-onnxruntime is not installed")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = Path(found.submodule_search_locations[0]) / "models" / "ch_PP-OCRv4_rec_infer.onnx"
    session = onnxruntime.InferenceSession(str(path), options)
    characters = ["", *session.get_modelmeta().custom_metadata_map["character"].splitlines(), " "]

    def read(picture: np.ndarray) -> str:
        width = max(48, min(640, round(48 * picture.shape[1] / picture.shape[0])))
        values = cv2.resize(picture, (width, 48)).astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        if width < 320:  # its own rule: batches are at least this wide
            values = np.pad(values, ((0, 0), (0, 0), (0, 0), (0, 320 - width)))
        best = session.run(None, {"x": values})[0][0].argmax(1)
        return "".join(characters[c] for last, c in zip([0, *best[:-1]], best, strict=True) if c and c != last)

    return read


def lprnet(path: Path) -> Reader:
    """LPRNet (Zherzdev and Gruzdev 2018, arXiv 1806.10447) as sirius-ai trained it."""
    import torch  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415

    torch.set_num_threads(1)

    class Block(nn.Module):
        def __init__(self, inside: int, out: int) -> None:
            super().__init__()
            c = out // 4
            self.block = nn.Sequential(
                nn.Conv2d(inside, c, 1), nn.ReLU(), nn.Conv2d(c, c, (3, 1), padding=(1, 0)), nn.ReLU(),
                nn.Conv2d(c, c, (1, 3), padding=(0, 1)), nn.ReLU(), nn.Conv2d(c, out, 1),
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.block(x)

    def pool(across: int, along: int) -> nn.Module:
        return nn.MaxPool3d((1, 3, 3), stride=(across, 1, along))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            n = len(LPRNET_CHARACTERS)
            self.backbone = nn.Sequential(
                nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), pool(1, 1),
                Block(64, 128), nn.BatchNorm2d(128), nn.ReLU(), pool(2, 2),
                Block(64, 256), nn.BatchNorm2d(256), nn.ReLU(),
                Block(256, 256), nn.BatchNorm2d(256), nn.ReLU(), pool(4, 2), nn.Identity(),
                nn.Conv2d(64, 256, (1, 4)), nn.BatchNorm2d(256), nn.ReLU(), nn.Identity(),
                nn.Conv2d(256, n, (13, 1)), nn.BatchNorm2d(n), nn.ReLU(),
            )  # fmt: skip
            self.container = nn.Sequential(nn.Conv2d(448 + n, n, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            pools = {2: nn.AvgPool2d(5, 5), 6: nn.AvgPool2d(5, 5), 13: nn.AvgPool2d((4, 10), (4, 2)), 22: nn.Identity()}
            kept = []
            for number, layer in enumerate(self.backbone):
                x = layer(x)
                if number in pools:
                    seen = pools[number](x)
                    kept.append(seen / seen.pow(2).mean())
            return self.container(torch.cat(kept, 1)).mean(2)

    net = Net().eval()
    net.load_state_dict(torch.load(path, map_location="cpu"))

    @torch.no_grad()
    def read(picture: np.ndarray) -> str:
        values = (cv2.resize(picture, (94, 24)).astype(np.float32) - 127.5) * 0.0078125
        best = net(torch.from_numpy(values.transpose(2, 0, 1)[None]))[0].argmax(0).tolist()
        blank = len(LPRNET_CHARACTERS) - 1
        return "".join(
            LPRNET_CHARACTERS[c] for last, c in zip([blank, *best[:-1]], best, strict=True) if c not in (blank, last)
        )

    return read


def judge(read: Reader, pictures: list[np.ndarray]) -> dict[str, object]:
    texts, times_ms = [], []
    for picture in pictures:
        started = time.perf_counter()
        texts.append(read(picture).replace("·", "").replace(".", "").replace("•", "").replace(" ", ""))
        times_ms.append((time.perf_counter() - started) * 1000)
    return {"texts": texts, "ms": round(statistics.median(times_ms), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="JSON list of files")
    parser.add_argument("--lprnet", type=Path, help="Final_LPRNet_model.pth")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = [cv2.imread(file, cv2.IMREAD_COLOR) for file in json.loads(args.pictures.read_text())]
    found: dict[str, object] = {}
    try:
        found["RapidOCR reader (PP-OCRv4)"] = judge(rapidocr(), pictures)
    except ImportError as error:
        print(f"RapidOCR is left out: {error}", file=sys.stderr)
    if args.lprnet and args.lprnet.exists():
        found["LPRNet"] = judge(lprnet(args.lprnet), pictures)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
