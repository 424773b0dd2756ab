import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.vision.face import Box
from edge_agent.vision.motion import LOOK_ANYWAY_S, MotionGate, joined

Picture = NDArray[np.uint8]
STEP_S = 0.1


def scene(seed: int = 1, width: int = 640, height: int = 360) -> Picture:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 180, (height // 20, width // 20, 3), dtype=np.uint8)
    return np.ascontiguousarray(np.kron(coarse, np.ones((20, 20, 1), np.uint8)))


def noisy(picture: Picture, seed: int, gain: float = 1.0, sigma: float = 4.0) -> Picture:
    rng = np.random.default_rng(seed)
    return np.clip(picture * gain + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def settled() -> MotionGate:
    """A gate that has looked at everything once, at time 0, and will not look anyway for an hour."""
    gate = MotionGate(look_anyway_s=3600)
    gate.glance(scene(), 0.0)
    return gate


def test_the_first_picture_is_looked_at_whole() -> None:
    assert MotionGate().glance(scene(), 5.0).regions == ((0.0, 0.0, 640.0, 360.0),)


def test_a_still_scene_with_sensor_noise_is_not_looked_at(settled: MotionGate) -> None:
    looks = [settled.glance(noisy(scene(), seed), seed * STEP_S).look for seed in range(1, 40)]
    assert not any(looks)


def test_a_cloud_and_an_exposure_step_move_nothing(settled: MotionGate) -> None:
    gains = [1.0, 0.98, 0.95, 0.92, 0.9, 0.9, 0.93]
    looks = [settled.glance(noisy(scene(), n, gain), n * STEP_S).look for n, gain in enumerate(gains, 1)]
    assert not any(looks)


def test_a_cloud_over_a_scene_of_black_and_white_moves_nothing() -> None:
    gate = MotionGate(look_anyway_s=3600)
    picture = np.full((360, 640, 3), 40, np.uint8)
    picture[100:300, 100:300] = 230
    gate.glance(picture, 0.0)
    gains = 1.0 - 0.15 * np.sin(np.linspace(0, 6.28, 60))
    looks = [gate.glance(noisy(picture, n, gain, sigma=2.0), n * STEP_S).look for n, gain in enumerate(gains, 1)]
    assert not any(looks)


def test_somebody_who_moves_is_looked_at_where_they_are(settled: MotionGate) -> None:
    for step in range(1, 20):
        picture = noisy(scene(), step)
        left = 100 + 10 * step
        picture[120:200, left : left + 60] = 230
        (region,) = settled.glance(picture, step * STEP_S).regions
        x0, y0, x1, y1 = region
        assert x0 <= left
        assert x1 >= left + 60
        assert y0 <= 120
        assert y1 >= 200
        assert (x1 - x0) * (y1 - y0) < 640 * 360 / 2


def test_two_people_far_apart_are_two_regions(settled: MotionGate) -> None:
    picture = scene()
    picture[100:180, 40:90] = 235
    picture[100:180, 540:590] = 235
    assert len(settled.glance(picture, STEP_S).regions) == 2


def test_a_moved_camera_is_looked_at_whole_and_soon_it_is_quiet_again(settled: MotionGate) -> None:
    other = scene(seed=2)
    assert settled.glance(other, 1.0).regions == ((0.0, 0.0, 640.0, 360.0),)
    looks = [settled.glance(other, 1.0 + n * STEP_S).look for n in range(1, 100)]
    assert not any(looks[60:])


def test_when_everything_is_new_at_once_the_background_starts_afresh(settled: MotionGate) -> None:
    cells = np.random.default_rng(3).choice(np.array([0, 120, 255], np.uint8), (18, 32, 1))
    other = np.kron(cells, np.ones((20, 20, 3), np.uint8)).astype(np.uint8)
    assert settled.glance(other, 1.0).regions == ((0.0, 0.0, 640.0, 360.0),)
    assert not settled.glance(other, 1.1).look


def test_what_stays_becomes_background(settled: MotionGate) -> None:
    parked = scene()
    parked[200:300, 300:420] = 240
    looks = [settled.glance(parked, n * STEP_S).look for n in range(1, 200)]
    assert looks[0]
    assert not looks[-1]


def test_a_quiet_scene_is_looked_at_anyway_now_and_then() -> None:
    gate = MotionGate()
    times = [n * STEP_S for n in range(200)]
    looked = [now_s for now_s in times if gate.glance(scene(), now_s).look]
    gaps = np.diff([*looked, times[-1]])
    assert max(gaps) <= LOOK_ANYWAY_S + STEP_S
    assert len(looked) <= times[-1] / LOOK_ANYWAY_S + 1


def test_another_picture_size_starts_afresh(settled: MotionGate) -> None:
    assert settled.glance(scene(width=320, height=180), 1.0).regions == ((0.0, 0.0, 320.0, 180.0),)
    assert settled.glance(scene(width=320, height=320), 1.1).look


def test_joined_boxes_do_not_overlap_and_cover_the_same() -> None:
    boxes: list[Box] = []
    for new in ((0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0), (5.0, 5.0, 25.0, 9.0)):
        boxes = joined(boxes, new)
    assert boxes == [(0.0, 0.0, 30.0, 10.0)]
    assert joined(boxes, (40.0, 0.0, 50.0, 5.0)) == [(0.0, 0.0, 30.0, 10.0), (40.0, 0.0, 50.0, 5.0)]
