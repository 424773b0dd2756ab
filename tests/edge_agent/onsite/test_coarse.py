"""A picture that leaves the device shows nobody: the agent's own eyes no longer know who it is."""

import cv2
import numpy as np
import pytest

from edge_agent.onsite.coarse import BYTES_MAX, coarse, jpeg
from edge_agent.vision.face import Box
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.picture import decode_picture


@pytest.fixture(scope="module")
def eyes(manifest: Manifest) -> FaceReader:
    return FaceReader.open(manifest)


def boxes(eyes: FaceReader, pixels: Pixels) -> list[Box]:
    return [face.box_px for face in eyes.detector.detect(pixels)]


def street(portrait: Pixels, share: float, left: int = 300) -> Pixels:
    """1280x720, with the portrait in it at a size."""
    small = cv2.resize(portrait, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    picture = np.full((720, 1280, 3), 150, np.uint8)
    height, width = small.shape[:2]
    picture[100 : 100 + height, left : left + width] = small[: 720 - 100]
    return picture


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3])
def test_a_face_is_found_before_and_nowhere_after(eyes: FaceReader, astronaut: Pixels, share: float) -> None:
    before = street(astronaut, share)
    assert boxes(eyes, before), "else this shows nothing"
    after = decode_picture(jpeg(coarse(before, [lambda pixels: boxes(eyes, pixels)])))
    assert after.shape == (540, 960, 3)
    for closer in (after, cv2.resize(after, None, fx=2, fy=2).astype(np.uint8)):
        assert boxes(eyes, closer) == []


def test_what_is_left_of_a_face_says_nothing_of_whose_it_was(
    eyes: FaceReader, manifest: Manifest, astronaut: Pixels, hopper: Pixels
) -> None:
    """Cut out where it was known to be, it is as near to its own person as anybody else's coarse face is."""
    own = eyes.embedder.embed(astronaut, eyes.detector.detect(astronaut)[0])
    left = []
    for portrait in (astronaut, hopper):
        face = eyes.detector.detect(portrait)[0]
        hidden = coarse(portrait, [lambda pixels: boxes(eyes, pixels)])
        left.append(float(own @ eyes.embedder.embed(hidden, face)))
    assert max(left) < manifest.face.same_score_min - 0.05
    assert left[0] - left[1] < 0.02


def test_the_rest_of_the_picture_is_left_as_it_is_and_the_frame_untouched(eyes: FaceReader, astronaut: Pixels) -> None:
    before = street(astronaut, 0.5)
    kept = before.copy()
    after = coarse(before, [lambda pixels: boxes(eyes, pixels)])
    assert np.array_equal(before, kept)
    small = cv2.resize(before, (960, 540), interpolation=cv2.INTER_AREA)
    assert np.array_equal(after[:, 700:], small[:, 700:])
    assert not np.array_equal(after, small)


def test_boxes_at_the_edge_and_of_no_size_break_nothing() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (480, 640, 3)).astype(np.uint8)
    for box in [
        (-50.0, -50.0, 30.0, 40.0),
        (630.0, 470.0, 900.0, 900.0),
        (5.0, 5.0, 5.5, 5.2),
        (-99.0, 0.0, -60.0, 9.0),
    ]:
        assert coarse(picture, [lambda _, box=box: [box]]).shape == picture.shape  # type: ignore[misc]


def test_the_busiest_picture_fits_into_what_may_travel() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (540, 960, 3)).astype(np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.0).astype(np.uint8)
    assert len(jpeg(smooth)) <= BYTES_MAX
    with pytest.raises(ValueError, match="does not fit"):
        jpeg(noise, bytes_max=1000)
