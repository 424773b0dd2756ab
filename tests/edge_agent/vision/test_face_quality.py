import cv2
import numpy as np
import pytest

from edge_agent.vision.face import Face, Point
from edge_agent.vision.face_detect import FaceDetector
from edge_agent.vision.face_quality import Quality, assess
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels


@pytest.fixture(scope="module")
def detector(reader: FaceReader) -> FaceDetector:
    return reader.detector


def judged(detector: FaceDetector, pixels: Pixels) -> Quality:
    (face,) = detector.detect(pixels)
    return assess(pixels, face)


def with_points(face: Face, **points: Point) -> Face:
    names = ("right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear")
    keypoints = tuple(points.get(name, old) for name, old in zip(names, face.keypoints_px, strict=True))
    return Face(box_px=face.box_px, score=face.score, keypoints_px=keypoints, landmarks_px=face.landmarks_px)


def test_a_good_portrait_is_good_in_everything(detector: FaceDetector, astronaut: Pixels, hopper: Pixels) -> None:
    for portrait in (astronaut, hopper):
        quality = judged(detector, portrait)
        assert min(quality.size, quality.sharpness, quality.pose, quality.exposure) > 0.9
        assert quality.total > 0.8


def test_blur_lowers_sharpness_step_by_step_and_nothing_else(detector: FaceDetector, hopper: Pixels) -> None:
    steps = [judged(detector, cv2.GaussianBlur(hopper, (0, 0), s).astype(np.uint8)) for s in (3, 5, 6.5, 8)]
    sharpness = [quality.sharpness for quality in steps]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 0.9
    assert sharpness[-1] < 0.6
    assert all(quality.size == 1 and quality.pose > 0.8 for quality in steps)


def test_a_smaller_face_is_worth_less(detector: FaceDetector, astronaut: Pixels) -> None:
    sizes = [
        judged(detector, cv2.resize(astronaut, (n, n), interpolation=cv2.INTER_AREA).astype(np.uint8)).size
        for n in (160, 260, 360)
    ]
    assert 0 < sizes[0] < sizes[1] < sizes[2] < 1


@pytest.mark.parametrize(("gain", "offset"), [(0.12, 0), (0.1, 228), (0.03, 110)])
def test_too_dark_too_bright_and_too_flat_are_seen(
    astronaut: Pixels, astronaut_face: Face, gain: float, offset: float
) -> None:
    changed = np.clip(astronaut * gain + offset, 0, 255).astype(np.uint8)
    assert assess(changed, astronaut_face).exposure < 0.35


def test_turning_to_the_side_lowers_pose(astronaut: Pixels, astronaut_face: Face) -> None:
    (right_x, right_y), (left_x, _) = astronaut_face.keypoints_px[4:]
    poses = []
    for share in (0.5, 0.25, 0.1, 0.02):
        nose = (right_x + share * (left_x - right_x), right_y + 20)
        poses.append(assess(astronaut, with_points(astronaut_face, nose=nose)).pose)
    assert poses == sorted(poses, reverse=True)
    assert poses[0] > 0.9
    assert poses[-1] == 0


def test_nodding_lowers_pose(astronaut: Pixels, astronaut_face: Face) -> None:
    nose_x, nose_y = astronaut_face.keypoints_px[2]
    straight = assess(astronaut, astronaut_face).pose
    down = assess(astronaut, with_points(astronaut_face, nose=(nose_x, nose_y + 15))).pose
    up = assess(astronaut, with_points(astronaut_face, nose=(nose_x, nose_y - 20))).pose
    assert down < straight
    assert up < straight


def test_points_that_make_no_face_give_no_quality(astronaut: Pixels, astronaut_face: Face) -> None:
    heap: Point = (200.0, 100.0)
    names = ("right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear")
    face = with_points(astronaut_face, **dict.fromkeys(names, heap))
    assert assess(astronaut, face).total == 0


def test_the_total_is_spoilt_by_any_one_factor() -> None:
    assert Quality(size=1, sharpness=0, pose=1, exposure=1).total == 0
    assert Quality(size=0.5, sharpness=0.5, pose=1, exposure=1).total == pytest.approx(0.25)
