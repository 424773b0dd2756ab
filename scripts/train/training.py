"""What both trainings share: the examples' process, the averaged weights, the schedule, the checkpoint, the loop."""

import argparse
import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset
from tqdm import tqdm

JUDGE_EVERY = 500  # steps; the checkpoint is written then too
STEPS_MAX = 10**9  # where the clock ends the training


class Endless(IterableDataset[Any]):
    """Batches from `make(seed)()`; each worker has a seed of its own."""

    def __init__(self, make: Callable[[int], Callable[[], Any]], seed: int) -> None:
        self._make, self._seed = make, seed

    def __iter__(self) -> Iterator[Any]:
        info = torch.utils.data.get_worker_info()
        batch = self._make(self._seed + 1000 * (info.id if info else 0))
        while True:
            yield batch()


def batches(make: Callable[[int], Callable[[], Any]], seed: int, workers: int) -> Iterator[Any]:
    """From processes beside this one: they draw while the network learns."""
    return iter(
        DataLoader(Endless(make, seed), batch_size=None, num_workers=workers, prefetch_factor=8 if workers else None)
    )


class Average:
    """The mean of the last weights, which is better than any one of them (Polyak)."""

    def __init__(self, model: nn.Module, decay: float = 0.998) -> None:
        self.model = copy.deepcopy(model).eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self._decay, (1 + step) / (10 + step))
        for mine, theirs in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - decay)
            else:
                mine.copy_(theirs)


def rate(step: int, done: float, peak: float, warm: int = 200) -> float:
    """Up in a straight line, down along a cosine to a hundredth. `done`: share of the training, 0 to 1."""
    warmed = min(1.0, (step + 1) / warm)
    return peak * warmed * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def state_of(path: Path) -> dict[str, torch.Tensor]:
    """Averaged weights by name: of a checkpoint, or of an .npz in `weights/`, where they are kept as float16."""
    if path.suffix != ".npz":
        return dict(torch.load(path, map_location="cpu")["average"])
    with np.load(path) as held:
        return {name: torch.from_numpy(_single(held[name])) for name in held.files}


def keep_state(path: Path, state: dict[str, torch.Tensor]) -> None:
    """Write such an .npz: what a later training starts from when this machine is gone."""
    halves = {name: value.half() if value.dtype.is_floating_point else value for name, value in state.items()}
    np.savez_compressed(path, **{name: value.numpy() for name, value in halves.items()})


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32) if values.dtype == np.float16 else values


def save(path: Path, **parts: Any) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(parts, part)
    part.replace(path)


def parse(description: str, steps: int) -> argparse.Namespace:
    """The options of both trainings."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Path(__file__).resolve().parents[3] / "shared"
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--shared", type=Path, default=shared, help="folder with data/plates")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--workers", type=int, default=1, help="processes that make examples")
    parser.add_argument("--threads", type=int, default=1, help="of the network")
    parser.add_argument("--from", dest="origin", type=Path, help="start from the averaged weights of another run")
    parser.add_argument("--minutes", type=float, help="learn for so long instead of --steps: a machine that is lent")
    parser.add_argument("--judge-every", type=int, default=JUDGE_EVERY, help="steps between judgements and checkpoints")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--extra", type=Path, help="what the tables lack (find_unlabelled.py)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    return args


def train(
    model: nn.Module,
    args: argparse.Namespace,
    source: Callable[[int], Iterator[Any]],
    loss_of: Callable[[nn.Module, Any, int], torch.Tensor],
    judge: Callable[[nn.Module], dict[str, float]],
    *,
    decay: float,
) -> None:
    """The loop, from the checkpoint in `args.out` if there is one. Ctrl-C loses what came after the last checkpoint."""
    model = model.to(args.device, memory_format=torch.channels_last)
    if args.origin:
        model.load_state_dict(state_of(args.origin))
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=args.rate)
    average, start, path = Average(model), 0, args.out / "checkpoint.pt"
    if path.exists():
        held = torch.load(path, map_location=args.device)
        model.load_state_dict(held["model"])
        average.model.load_state_dict(held["average"])
        optimiser.load_state_dict(held["optimiser"])
        start = held["step"]
    steps = STEPS_MAX if args.minutes else args.steps
    examples, mean, began = source(args.seed + start), 0.0, time.monotonic()
    for step in tqdm(range(start, steps), initial=start, total=None if args.minutes else steps, mininterval=10):
        done = (time.monotonic() - began) / 60 / args.minutes if args.minutes else step / steps
        for group in optimiser.param_groups:
            group["lr"] = rate(step, done, args.rate)
        model.train()
        batch = [part.to(args.device, non_blocking=True) for part in next(examples)]
        loss = loss_of(model, batch, step)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 3.0)
        optimiser.step()
        average.update(model, step)
        mean = _smoothed(mean, loss.detach()) if step > start else loss.detach()
        last = done >= 1 or step + 1 == steps
        if (step + 1) % args.judge_every == 0 or last:
            minutes = round((time.monotonic() - began) / 60, 1)
            judged = judge(copy.deepcopy(average.model).cpu())
            line = {"step": step + 1, "loss": round(float(mean), 4), "minutes": minutes, **judged}
            with (args.out / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            tqdm.write(json.dumps(line))
            parts = {"model": model, "average": average.model, "optimiser": optimiser}
            save(path, step=step + 1, **{name: part.state_dict() for name, part in parts.items()})
        if last:
            break


def _smoothed(mean: torch.Tensor | float, new: torch.Tensor) -> torch.Tensor:
    return 0.98 * mean + 0.02 * new
