"""Progress of long work, for a person at a terminal or for a log."""

import sys
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
STEP_PERCENT = 10
BAR_WIDTH = 30


class Progress(Generic[Item]):
    """Iterates over `items`. On a terminal a bar that moves; in a log a line every tenth of the way."""

    def __init__(self, what: str, items: Sequence[Item]) -> None:
        self._what = what
        self._items = items

    def __iter__(self) -> Iterator[Item]:
        moving = sys.stderr.isatty()
        shown = -1
        for number, item in enumerate(self._items, 1):
            yield item
            percent = number * 100 // len(self._items)
            if moving and percent != shown:
                self._show_bar(number)
                shown = percent
            elif not moving and percent // STEP_PERCENT > max(shown, 0):
                print(f"{self._what}: {percent} % of {len(self._items)}", file=sys.stderr, flush=True)
                shown = percent // STEP_PERCENT
        if moving:
            print(file=sys.stderr)

    def _show_bar(self, number: int) -> None:
        done = number * BAR_WIDTH // len(self._items)
        bar = "#" * done + "." * (BAR_WIDTH - done)
        print(f"\r{self._what[:40]:40} [{bar}] {number}/{len(self._items)}", end="", file=sys.stderr, flush=True)
