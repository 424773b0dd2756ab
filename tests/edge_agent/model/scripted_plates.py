"""Plates and readings that a test makes up: what a network would say of a text, as surely as wanted."""

from collections.abc import Mapping

import numpy as np

from edge_agent.clock import FakeClock
from edge_agent.recognition.plate_vote import PlateLook, look_of
from edge_agent.vision.plate import CLASSES, KINDS, SLOTS, Plate, RawReading
from edge_agent.wire.messages import Stamp
from edge_agent.wire.plate import PlateKind, kinds_of

ASPECT = 3.14  # a plate is 440 mm wide and 140 mm high
AT = {character: index for index, character in enumerate(CLASSES)}


def reading(
    text: str,
    *,
    kind: PlateKind | None = None,
    sure: float = 0.999,
    doubts: Mapping[int, tuple[str, float]] | None = None,
) -> RawReading:
    """`text` as surely as `sure` in each place. `doubts`: by place, another character and how probable that one is."""
    chars = np.full((SLOTS, len(CLASSES)), (1 - sure) / (len(CLASSES) - 1))
    for slot in range(SLOTS):
        character = text[slot] if slot < len(text) else ""
        chars[slot, AT[character]] = sure
        if doubts and slot in doubts:
            other, probability = doubts[slot]
            chars[slot, AT[character]] = sure - probability
            chars[slot, AT[other]] = probability
    kinds = np.full(len(KINDS), 0.01 / (len(KINDS) - 1))
    kinds[KINDS.index(kind or kinds_of(text)[0])] = 0.99
    return RawReading(chars=chars.astype(np.float32), kinds=kinds.astype(np.float32))


def no_plate() -> RawReading:
    """A poster, a grille, a timestamp: the reader says that it is none."""
    chars = np.full((SLOTS, len(CLASSES)), 1 / len(CLASSES), np.float32)
    kinds = np.full(len(KINDS), 0.02 / (len(KINDS) - 1), np.float32)
    kinds[-1] = 0.98
    return RawReading(chars=chars, kinds=kinds)


def blurred() -> RawReading:
    """A plate on which nothing can be read."""
    chars = np.full((SLOTS, len(CLASSES)), 1 / len(CLASSES), np.float32)
    kinds = np.full(len(KINDS), 0.1 / (len(KINDS) - 1), np.float32)
    kinds[0] = 0.9
    return RawReading(chars=chars, kinds=kinds)


def plate(x: float = 300.0, y: float = 200.0, *, height: float = 24.0, score: float = 0.9) -> Plate:
    """An upright plate, its middle at (x, y)."""
    w, h = ASPECT * height / 2, height / 2
    return Plate(corners_px=((x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)), score=score)


def look(made: RawReading, at: Stamp | None = None, where: Plate | None = None) -> PlateLook:
    found = look_of(at or FakeClock().stamp(), where or plate(), made)
    assert found is not None
    return found
