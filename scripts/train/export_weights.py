#!/usr/bin/env python3
"""Write a checkpoint's averaged weights as .npz, batch normalisation folded into the convolutions.

Beside them a few inputs with the outputs that PyTorch gives, by which the converted file is checked.
"""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from networks import READER_INPUT, Conv, PlateDetector, PlateReader  # noqa: E402
from torch import nn  # noqa: E402
from training import keep_state, state_of  # noqa: E402

SEED = 20261127


def folded(model: nn.Module) -> dict[str, np.ndarray]:
    """All parameters by name; a `Conv`'s are those of one convolution with a bias."""
    found: dict[str, torch.Tensor] = {}
    inside: list[str] = []
    for name, module in model.named_modules():
        if isinstance(module, Conv):
            conv, norm = module[0], module[1]
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            found[f"{name}.weight"] = conv.weight * scale[:, None, None, None]
            found[f"{name}.bias"] = norm.bias - norm.running_mean * scale
            inside.append(f"{name}.")
    found |= {name: value for name, value in model.named_parameters() if not name.startswith(tuple(inside))}
    return {name: value.detach().numpy().copy() for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=("plate_reader", "plate_detector"))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument(
        "--output", type=Path, required=True, help="the .npz; the examples lie beside it as .examples.npz"
    )
    parser.add_argument(
        "--keep", type=Path, help="also write the weights before folding, for a later training (--from)"
    )
    args = parser.parse_args()
    model = (PlateReader if args.network == "plate_reader" else PlateDetector)().eval()
    state = state_of(args.checkpoint)
    model.load_state_dict(state)
    if args.keep:
        keep_state(args.keep, state)
    np.savez(args.output, **folded(model))
    size = READER_INPUT if args.network == "plate_reader" else (384, 640)
    coarse = torch.randn(4, 3, size[0] // 4, size[1] // 4, generator=torch.Generator().manual_seed(SEED))
    inputs = nn.functional.interpolate(coarse, size=size, mode="bilinear")
    with torch.no_grad():
        outputs = model(inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs.permute(0, 2, 3, 1),)
    np.savez(
        args.output.with_suffix(".examples.npz"),
        inputs=inputs.permute(0, 2, 3, 1).numpy(),
        **{f"output{i}": o.numpy() for i, o in enumerate(outputs)},
    )


if __name__ == "__main__":
    main()
