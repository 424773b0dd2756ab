"""How large things are in the picture: by hand, by similarity, and by what a real picture shows."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import ConfigError
from edge_agent.onsite.optics import FACE_PX_MIN, FACE_WIDTH_M, MODULES, Lens, lens_of


def test_a_face_by_hand() -> None:
    """3.04 mm before a sensor of 3.68 mm, 1280 px wide: f = 1057 px; 0.14 m at 2 m are 74 px."""
    lens = Lens.of_lens(3.04, sensor_width_mm=3.68, width_px=1280)
    assert lens.focal_px == pytest.approx(1057.4, abs=0.1)
    assert lens.size_px(0.14, 2.0) == pytest.approx(74.0, abs=0.1)


def test_module_v2_by_its_lens_and_by_its_angle_is_the_same_camera() -> None:
    by_lens = Lens.of_lens(3.04, sensor_width_mm=3.68, width_px=1280)
    by_angle = Lens.of_angle(MODULES["v2"], width_px=1280)
    assert by_angle.focal_px == pytest.approx(by_lens.focal_px, rel=0.01)


@given(st.floats(5, 160), st.integers(160, 3840), st.floats(0.3, 100), st.floats(0.05, 3))
def test_the_farthest_distance_is_where_the_size_is_just_enough(
    hfov_deg: float, width_px: int, distance_m: float, size_m: float
) -> None:
    lens = Lens.of_angle(hfov_deg, width_px=width_px)
    size_px = lens.size_px(size_m, distance_m)
    assert lens.farthest_m(size_m, size_px) == pytest.approx(distance_m)
    assert lens.size_px(size_m, 2 * distance_m) == pytest.approx(size_px / 2)
    whole_m = 2 * distance_m * math.tan(math.radians(hfov_deg) / 2)  # what the picture's width shows there
    assert lens.size_px(whole_m, distance_m) == pytest.approx(width_px)


def test_a_wide_lens_needs_people_nearer() -> None:
    near = [Lens.of_angle(MODULES[name], width_px=1280).farthest_m(FACE_WIDTH_M, FACE_PX_MIN) for name in MODULES]
    assert near == sorted(near, reverse=True)
    assert 2.0 < near[2] < 2.5


@pytest.mark.parametrize(
    "said",
    [{"hfov_deg": 0.0}, {"hfov_deg": 180.0}, {"lens_mm": 3.0}, {"lens_mm": 0.0, "sensor_mm": 3.0},
     {"lens_mm": 3.0, "sensor_mm": 0.1}, {"hfov_deg": math.nan}],
)  # fmt: skip
def test_what_is_absurd_or_not_enough_is_said(said: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        lens_of(**said, width_px=1280)  # type: ignore[arg-type] # by name


def test_without_a_word_of_the_lens_there_is_none() -> None:
    assert lens_of(width_px=1280) is None
    assert lens_of(module="v3", width_px=1280) is not None
