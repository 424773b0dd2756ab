import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.vision.warp import cut_out, fit_similarity, halve, to_picture, upright_square

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [3.0, 7.0]])
shifts = st.floats(-500, 500)


@given(scale=st.floats(0.01, 50), roll=st.floats(-3.14, 3.14), x=shifts, y=shifts)
def test_a_similarity_is_found_again(scale: float, roll: float, x: float, y: float) -> None:
    turn = scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    affine = fit_similarity(SQUARE, SQUARE @ turn.T + [x, y])
    np.testing.assert_allclose(affine, np.column_stack([turn, [x, y]]), atol=1e-6 * max(1, abs(x), abs(y), scale))


@given(x=shifts, y=shifts, side=st.floats(5, 2000), roll=st.floats(-3.14, 3.14), size=st.sampled_from([112, 150, 192]))
def test_there_and_back_again(x: float, y: float, side: float, roll: float, size: int) -> None:
    affine = upright_square((x, y), side, roll, size)
    np.testing.assert_allclose(to_picture(affine, np.array([[size / 2, size / 2]])), [[x, y]], atol=1e-6)
    crop = SQUARE @ affine[:, :2].T + affine[:, 2]
    np.testing.assert_allclose(to_picture(affine, crop), SQUARE, atol=1e-6)


def test_an_upright_square_brings_tilted_eyes_level() -> None:
    right_eye, left_eye = np.array([100.0, 100.0]), np.array([140.0, 120.0])
    roll = float(np.arctan2(20, 40))
    affine = upright_square((120, 110), 100, roll, 192)
    (_, right_y), (_, left_y) = np.stack([right_eye, left_eye]) @ affine[:, :2].T + affine[:, 2]
    assert right_y == pytest.approx(left_y)


def test_points_that_coincide_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        fit_similarity(np.ones((5, 2)), SQUARE)


@pytest.mark.parametrize("side", [90.0, 150.0, 333.0, 640.0, 1000.0])
def test_a_crop_shows_the_right_place_at_every_scale(side: float) -> None:
    """A picture whose colour tells the place: blue grows with x, green with y."""
    x, y = np.meshgrid(np.arange(1024), np.arange(1024))
    picture = np.stack([x / 4, y / 4, np.zeros_like(x)], axis=-1).astype(np.uint8)
    affine = upright_square((512, 500), side, 0.3, 150)
    crop = cut_out(picture, affine, 150)
    at = np.array([[30.0, 75.0], [75.0, 75.0], [120.0, 40.0]])
    shown = np.array([crop[int(v), int(u), :2] for u, v in at], np.float64)
    np.testing.assert_allclose(shown * 4, to_picture(affine, at), atol=6)


def test_outside_the_picture_is_black() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    assert cut_out(white, upright_square((5000, -5000), 50, 0, 64), 64).max() == 0
    assert cut_out(white, upright_square((5000, -5000), 900, 0, 64), 64).max() == 0
    half = cut_out(white, upright_square((0, 50), 60, 0, 60), 60)
    assert half[30, 5].max() == 0
    assert half[30, 55].min() == 255


@given(height=st.integers(1, 200), width=st.integers(1, 200), scale=st.floats(0.001, 2))
def test_halving_ends_and_keeps_something(height: int, width: int, scale: float) -> None:
    small, factor = halve(np.zeros((height, width, 3), np.uint8), scale)
    assert small.size
    assert small.shape[:2] == (height // factor, width // factor)
    assert scale * factor < 1 or factor == 1
