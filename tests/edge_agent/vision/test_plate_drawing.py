"""The drawn plates that training, tests, benchmark and demonstration stand on."""

import numpy as np
import pytest
from cars import PAINTS, Car, View, draw_car, road
from draw import draw_plate
from layout import LAYOUTS
from plate_sets import CONDITIONS, drawn_scenes
from strokes import STROKES, draw
from texts import text_of
from weather import spoil

from edge_agent.wire.plate import DIGITS, LETTERS, PlateKind, kinds_of


@pytest.mark.parametrize("kind", PlateKind)
def test_invented_texts_stand_on_their_kind_and_fill_its_cells(kind: PlateKind) -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        text = text_of(kind, random)
        assert kind in kinds_of(text)
        assert len(text) == len(LAYOUTS[kind].cells)


def test_every_digit_and_letter_has_strokes_of_its_own() -> None:
    assert set(STROKES) == set(DIGITS + LETTERS)
    inks = {character: draw(character) for character in STROKES}
    for one, ink in inks.items():
        assert ink.shape == (90, 45)
        for other, another in inks.items():
            if one < other:
                assert np.abs(ink.astype(int) - another.astype(int)).mean() > 3, f"{one} looks like {other}"


@pytest.mark.parametrize("kind", PlateKind)
def test_a_plate_has_its_size_its_ground_and_ink_in_every_cell(kind: PlateKind) -> None:
    layout = LAYOUTS[kind]
    plate = draw_plate(text_of(kind, np.random.default_rng(2)), kind)
    assert plate.shape == (layout.size_mm[1], layout.size_mm[0], 3)
    for x, y, width, height in layout.cells:
        cell = plate[round(y) : round(y + height), round(x) : round(x + width)].astype(int)
        assert np.ptp(cell.mean(2)) > 80


def test_the_same_seed_draws_the_same_plate_and_another_seed_another() -> None:
    def plate(seed: int) -> np.ndarray:  # type: ignore[type-arg]
        return draw_plate("皖A8K3F7", PlateKind.BLUE, np.random.default_rng(seed))

    np.testing.assert_array_equal(plate(5), plate(5))
    assert (plate(5) != plate(6)).any()


def test_a_car_carries_its_plate_where_it_says() -> None:
    frame = road(1280, 720, np.random.default_rng(3))
    before = frame.copy()
    quad = draw_car(
        frame, Car(text="皖A8K3F7", kind=PlateKind.BLUE, paint=PAINTS[4]), View(at_px=(640, 650), width_px=500)
    )
    x, y = quad.mean(0).astype(int)
    blue, green, red = frame[y - 3 : y + 4, x - 30 : x + 30].reshape(-1, 3).astype(int).mean(0)
    assert blue > green > red
    assert (frame[:100] == before[:100]).all()


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_benchmarks_scenes_are_the_same_every_time(condition: str) -> None:
    (one,) = drawn_scenes(PlateKind.GREEN, condition, 1)
    (other,) = drawn_scenes(PlateKind.GREEN, condition, 1)
    assert one.text == other.text
    np.testing.assert_array_equal(one.picture, other.picture)


def test_no_weather_leaves_the_picture_alone_and_bad_weather_keeps_its_shape() -> None:
    plate = draw_plate("皖A8K3F7", PlateKind.BLUE)
    random = np.random.default_rng(4)
    assert np.abs(spoil(plate, random, 0.0).astype(int) - plate.astype(int)).max() <= 1
    for _ in range(50):
        assert spoil(plate, random, 1.0).shape == plate.shape
