"""When a single picture leaves doubt: which of several looks is believed."""

from typing import Any

import numpy as np
import pytest
from scripted_plates import no_plate, plate, reading

from edge_agent.vision.frame import Pixels
from edge_agent.vision.plate import Plate, RawReading
from edge_agent.vision.plate_reader import PlateReader

BLANK: Pixels = np.zeros((480, 640, 3), np.uint8)
USUAL, NEARER, FARTHER = plate(100.0), plate(300.0), plate(500.0)


class Looks:
    """A detector and a reader in one: what is read depends on the look's corners."""

    def __init__(self, said: dict[float, RawReading]) -> None:
        self.said = said
        self.asked_again = 0

    def photograph(self, _pixels: Pixels) -> list[Plate]:
        return [USUAL]

    def in_parts(self, _pixels: Pixels) -> list[Plate]:
        return []

    from_afar = in_parts

    def otherwise(self, _pixels: Pixels, _plate: Plate) -> list[Plate]:
        self.asked_again += 1
        return [NEARER, FARTHER]

    def read(self, _pixels: Pixels, corners: Any) -> RawReading:
        return self.said[round(float(np.asarray(corners)[:, 0].mean()), -2)]


def read(usual: RawReading, nearer: RawReading, farther: RawReading) -> tuple[str | None, int]:
    """The text that is said, and how often other looks were asked for."""
    looks = Looks({100.0: usual, 300.0: nearer, 500.0: farther})
    reader = PlateReader(detector=looks, net=looks)  # type: ignore[arg-type]
    said = [one.decoded.text for one in reader.read_all(BLANK).plates if one.decoded]
    return (said[0] if said else None), looks.asked_again


UNSURE = reading("浙A88F66", sure=0.7)
SURE = reading("浙A88F66", sure=0.995)
ANOTHER = reading("苏B12345", sure=0.995)


def test_a_sure_look_is_enough() -> None:
    assert read(SURE, ANOTHER, ANOTHER) == ("浙A88F66", 0)


@pytest.mark.parametrize("looks", [(SURE, UNSURE), (UNSURE, SURE), (ANOTHER, SURE)])
def test_in_doubt_a_sure_look_is_believed_when_another_says_the_same(looks: tuple[RawReading, RawReading]) -> None:
    assert read(UNSURE, *looks) == ("浙A88F66", 1)


def test_a_sure_look_that_nobody_shares_is_not_believed() -> None:
    assert read(UNSURE, reading("浙A88F66", sure=0.6), ANOTHER) == (None, 1)


def test_what_is_hardly_a_plate_is_not_looked_at_again() -> None:
    assert read(no_plate(), SURE, SURE) == (None, 0)
