"""Plates that nobody has to own: random texts of each kind, all that the grammar allows."""

from collections.abc import Callable
from typing import Final

import numpy as np

from edge_agent.wire.plate import DIGITS, LETTERS, PROVINCES, PlateKind

_ENERGY: Final = "DDDDDDFFFFABCEGHJK"
_DIGIT_SHARE: Final = 0.62  # of the places that take both


def text_of(kind: PlateKind, random: np.random.Generator) -> str:
    """A text of this kind; every province equally often."""
    if kind is PlateKind.BLACK and random.random() < 0.07:
        return "使" + _digits(6, random)
    return _one(PROVINCES, random) + _one(LETTERS, random) + _TAILS[kind](random)


def _one(characters: str, random: np.random.Generator) -> str:
    return characters[random.integers(len(characters))]


def _digits(count: int, random: np.random.Generator) -> str:
    return "".join(_one(DIGITS, random) for _ in range(count))


def _mixed(count: int, random: np.random.Generator) -> str:
    return "".join(_one(DIGITS if random.random() < _DIGIT_SHARE else LETTERS, random) for _ in range(count))


def _ending(character: str, share: float) -> Callable[[np.random.Generator], str]:
    """Four places, then this character or, more rarely, another."""
    return lambda random: _mixed(4, random) + (character if random.random() < share else _mixed(1, random))


_TAILS: Final[dict[PlateKind, Callable[[np.random.Generator], str]]] = {
    PlateKind.BLUE: lambda random: _mixed(5, random),
    PlateKind.GREEN: lambda random: _one(_ENERGY, random) + _mixed(1, random) + _digits(4, random),
    PlateKind.GREEN_LARGE: lambda random: _digits(5, random) + _one(_ENERGY, random),
    PlateKind.YELLOW: _ending("学", 0.3),
    PlateKind.YELLOW_DOUBLE: _ending("挂", 0.4),
    PlateKind.WHITE: _ending("警", 1.0),
    PlateKind.BLACK: lambda random: _mixed(4, random) + _one("港澳使领" if random.random() < 0.7 else DIGITS, random),
}
