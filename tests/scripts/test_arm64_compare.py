"""What counts as the same on two processors, and what does not."""

from typing import Any

import pytest
from arm64_compare import compare

FACE = {"box": [10.0, 20.0, 60.0, 80.0], "score": 0.95, "template": [0.6, 0.8]}
PLATE = {"box": [1.0, 2.0, 3.0, 4.0], "score": 0.9, "text": "粤B12345", "type": "blue"}


def picture(*, face: dict[str, Any] | None = None, plate: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"path": "a/b.png", "faces": [{**FACE, **(face or {})}], "plates": [{**PLATE, **(plate or {})}]}


def test_what_differs_by_rounding_is_the_same_and_is_told() -> None:
    found = compare(
        picture(), picture(face={"box": [10.0, 20.0, 60.0, 80.2], "template": [0.61, 0.79]}), distance_max=1e-3
    )
    assert found.troubles == ()
    assert (found.faces, found.plates) == (1, 1)
    assert found.box_px == pytest.approx(0.2)
    assert 0 < found.distance < 1e-3


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (picture(face={"template": [0.8, 0.6]}), "distance"),
        (picture(face={"box": [12.0, 20.0, 60.0, 80.0]}), "box"),
        (picture(face={"score": 0.5}), "score"),
        (picture(plate={"text": "粤B12346"}), "粤B12346"),
        ({**picture(), "faces": []}, "(1, 0) faces"),
        ({"path": "a/b.png", "error": "no picture"}, "no picture"),
    ],
)
def test_each_difference_that_matters_is_a_trouble_of_that_picture(other: dict[str, Any], said: str) -> None:
    (trouble,) = compare(picture(), other, distance_max=1e-3).troubles
    assert trouble.startswith("b.png: ")
    assert said in trouble
