from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from edge_agent.vision.face import Box, Face
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels


def iou(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def moved(box: Box, scale: float, x: float, y: float) -> Box:
    x0, y0, x1, y1 = (v * scale for v in box)
    return x0 + x, y0 + y, x1 + x, y1 + y


def pasted(frame: Pixels, picture: Pixels, face: Face, width_px: float, x: int, y: int) -> tuple[Pixels, Box]:
    """The frame with the picture on it, scaled so that its face is `width_px` wide; and where the face is then."""
    scale = width_px / face.width_px
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = frame.copy()
    height, width = frame.shape[:2]
    left, top = max(0, x), max(0, y)
    part = small[top - y : height - y, left - x : width - x]
    frame[top : top + part.shape[0], left : left + part.shape[1]] = part
    return frame, moved(face.box_px, scale, x, y)


@pytest.fixture(scope="module")
def hopper_face(reader: FaceReader, hopper: Pixels) -> Face:
    (face,) = reader.detector.detect(hopper)
    return face


def test_the_box_is_the_one_a_person_would_draw(astronaut_face: Face, hopper_face: Face) -> None:
    """Drawn by hand from hairline to chin, cheek to cheek."""
    assert iou(astronaut_face.box_px, (178, 62, 271, 178)) > 0.8
    assert iou(hopper_face.box_px, (172, 108, 352, 336)) > 0.8
    assert min(astronaut_face.score, hopper_face.score) > 0.8


def test_the_key_points_lie_on_what_they_name(astronaut_face: Face) -> None:
    """Read off the picture by hand; the person's right is on the left of the picture."""
    by_hand = [(204, 102), (246, 104), (222, 131), (223, 147), (179, 111), (271, 115)]
    np.testing.assert_allclose(astronaut_face.keypoints_px, by_hand, atol=7)
    assert len(astronaut_face.landmarks_px) == 5


@pytest.mark.parametrize("place", [(20, 20), (600, 300), (1120, 20), (540, 440), (1130, 560)])
def test_a_face_60_px_wide_is_found_anywhere_in_a_camera_frame(
    reader: FaceReader, street: Pixels, astronaut: Pixels, astronaut_face: Face, place: tuple[int, int]
) -> None:
    x0, y0, x1, y1 = (int(v) for v in astronaut_face.box_px)
    head = astronaut[max(0, y0 - 40) : y1 + 60, x0 - 60 : x1 + 60]
    (face,) = reader.detector.detect(head)
    frame, expected = pasted(street, head, face, 60, *place)
    (found,) = reader.detector.detect(frame)
    assert iou(found.box_px, expected) > 0.7


def test_several_faces_of_several_sizes_are_found_in_one_frame(
    reader: FaceReader, street: Pixels, astronaut: Pixels, astronaut_face: Face, hopper: Pixels, hopper_face: Face
) -> None:
    frame, first = pasted(street, hopper, hopper_face, 180, 0, 100)
    frame, second = pasted(frame, astronaut, astronaut_face, 60, 900, 50)
    frame, third = pasted(frame, astronaut, astronaut_face, 85, 640, 230)
    found = reader.detector.detect(frame)
    assert len(found) == 3
    for expected in (first, second, third):
        assert max(iou(face.box_px, expected) for face in found) > 0.7


def test_a_frame_without_a_face_gives_none(reader: FaceReader, street: Pixels) -> None:
    assert reader.detector.detect(street) == []
    assert reader.detector.detect(np.zeros((480, 640, 3), np.uint8)) == []
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert reader.detector.detect(noise) == []


@pytest.mark.parametrize("hidden", [0.15, 0.3])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_cut_by_the_edge_is_found(
    reader: FaceReader, astronaut: Pixels, astronaut_face: Face, side: str, hidden: float
) -> None:
    x0, y0, x1, y1 = astronaut_face.box_px
    dx, dy = hidden * astronaut_face.width_px, hidden * astronaut_face.height_px
    cut = {
        "left": (x0 + dx, 0, 512, 512),
        "right": (0, 0, x1 - dx, 512),
        "top": (0, y0 + dy, 512, 512),
        "bottom": (0, 0, 512, y1 - dy),
    }[side]
    left, top, right, bottom = (int(v) for v in cut)
    found = reader.detector.detect(np.ascontiguousarray(astronaut[top:bottom, left:right]))
    assert max(iou(face.box_px, moved(astronaut_face.box_px, 1, -left, -top)) for face in found) > 0.6


@pytest.mark.parametrize("margin", [0.25, 0.1, 0.0, -0.08])
@pytest.mark.parametrize("size", [120, 700])
def test_a_face_that_fills_the_picture_is_found(
    reader: FaceReader, astronaut: Pixels, astronaut_face: Face, margin: float, size: int
) -> None:
    x0, y0, x1, y1 = astronaut_face.box_px
    mx, my = margin * astronaut_face.width_px, margin * astronaut_face.height_px
    left, top, right, bottom = (int(v) for v in (x0 - mx, y0 - my, x1 + mx, y1 + my))
    scale = size / (right - left)
    close = cv2.resize(astronaut[top:bottom, left:right], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    (found,) = reader.detector.detect(close.astype(np.uint8))
    assert iou(found.box_px, moved(astronaut_face.box_px, scale, -left * scale, -top * scale)) > 0.6


@pytest.mark.parametrize("roll", [-30, -15, 15, 30])
def test_a_tilted_head_is_found(reader: FaceReader, astronaut: Pixels, roll: int) -> None:
    turned = cv2.warpAffine(astronaut, cv2.getRotationMatrix2D((225, 115), roll, 1), (512, 512))
    (found,) = reader.detector.detect(turned.astype(np.uint8))
    (right_x, right_y), (left_x, left_y) = found.keypoints_px[:2]
    assert np.degrees(np.arctan2(left_y - right_y, left_x - right_x)) == pytest.approx(2.8 - roll, abs=4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 2), (8, 8), (2000, 12), (12, 2000), (7, 3000)])
def test_tiny_and_absurdly_long_pictures_do_no_harm(reader: FaceReader, shape: tuple[int, int]) -> None:
    grey = np.full((*shape, 3), 128, np.uint8)
    assert reader.detector.detect(grey) == []


def test_a_face_in_a_panorama_is_found(reader: FaceReader, astronaut: Pixels, astronaut_face: Face) -> None:
    strip = np.full((512, 4000, 3), 100, np.uint8)
    strip[:, 3000:3512] = astronaut
    (found,) = reader.detector.detect(strip)
    assert iou(found.box_px, moved(astronaut_face.box_px, 1, 3000, 0)) > 0.7


def test_a_thumbnail_is_enough(reader: FaceReader, astronaut: Pixels, astronaut_face: Face) -> None:
    small = cv2.resize(astronaut, (96, 96), interpolation=cv2.INTER_AREA)
    (found,) = reader.detector.detect(small.astype(np.uint8))
    assert iou(found.box_px, moved(astronaut_face.box_px, 96 / 512, 0, 0)) > 0.6


def test_only_faces_whose_middle_is_in_a_region_are_reported(
    reader: FaceReader, street: Pixels, astronaut: Pixels, astronaut_face: Face
) -> None:
    frame, first = pasted(street, astronaut, astronaut_face, 70, 100, 200)
    frame, second = pasted(frame, astronaut, astronaut_face, 70, 800, 200)
    left: Box = (first[0] - 40, first[1] - 40, first[2] + 40, first[3] + 40)
    right: Box = (second[0] - 90, second[1] - 10, second[2] + 20, second[3] + 200)
    (found,) = reader.detector.detect(frame, [left])
    assert iou(found.box_px, first) > 0.7
    both = reader.detector.detect(frame, [left, right, left])
    assert len(both) == 2
    assert reader.detector.detect(frame, []) == []
    assert reader.detector.detect(frame, [(400, 0, 600, 150)]) == []


@pytest.mark.parametrize("region", [(-500, -500, -400, -400), (2000, 100, 2300, 300), (0, 0, 5000, 5000), (5, 5, 6, 6)])
def test_regions_past_the_edge_do_no_harm(reader: FaceReader, street: Pixels, region: Box) -> None:
    assert reader.detector.detect(street, [region]) == []


def test_the_picture_is_not_written_to_and_the_answer_is_the_same_again(
    reader: FaceReader, astronaut: Pixels, astronaut_face: Face
) -> None:
    locked = astronaut.copy()
    locked.setflags(write=False)
    assert reader.detector.detect(locked) == [astronaut_face]


def test_a_view_into_a_larger_array_gives_the_same(reader: FaceReader, astronaut: Pixels) -> None:
    view = astronaut[10:400, 50:450]
    assert reader.detector.detect(view) == reader.detector.detect(np.ascontiguousarray(view))


def test_a_grey_camera_is_enough(reader: FaceReader, astronaut: Pixels, astronaut_face: Face) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    (found,) = reader.detector.detect(grey.astype(np.uint8))
    assert iou(found.box_px, astronaut_face.box_px) > 0.8


def test_two_threads_with_the_same_networks_see_what_one_sees(
    reader: FaceReader, astronaut: Pixels, hopper: Pixels
) -> None:
    """The camera's loop, and a picture for the office: neither may find the other's faces."""
    small = reader.detector.down_to(24)
    wanted = [face.box_px for face in reader.detector.detect(astronaut)], [face.box_px for face in small.detect(hopper)]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            loop = pool.submit(reader.detector.detect, astronaut)
            office = pool.submit(small.detect, hopper)
            assert ([face.box_px for face in loop.result()], [face.box_px for face in office.result()]) == wanted
