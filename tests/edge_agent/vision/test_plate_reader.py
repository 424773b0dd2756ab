"""The shipped networks on drawn plates: every kind, every bad picture that a gate's camera or a person brings."""

import math

import cv2
import numpy as np
import pytest
from cars import PAINTS, Car, View, draw_car, road
from draw import draw_plate
from plate_sets import signs

from edge_agent.errors import ModelError
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.plate import Plate, RawReading
from edge_agent.vision.plate_decode import decode_reading
from edge_agent.vision.plate_read import PlateNet, flat, grown, softmax, tensor, whole
from edge_agent.vision.plate_reader import PlateReader
from edge_agent.vision.tflite import Model
from edge_agent.wire.plate import PlateKind

TEXTS = {
    PlateKind.BLUE: "皖A8K3F7",
    PlateKind.GREEN: "粤BD12345",
    PlateKind.GREEN_LARGE: "苏E12345F",
    PlateKind.YELLOW: "鲁C5678学",
    PlateKind.YELLOW_DOUBLE: "豫D1234挂",
    PlateKind.WHITE: "京A1234警",
    PlateKind.BLACK: "粤Z8F21港",
}


@pytest.fixture(scope="module")
def plates(manifest: Manifest, runtime: str) -> PlateReader:
    assert runtime
    return PlateReader.open(manifest)


def scene(
    text: str, kind: PlateKind, *, width_px: float = 520, roll_deg: float = 1.5, yaw: float = 0.2
) -> tuple[Pixels, np.ndarray]:  # type: ignore[type-arg]
    frame = road(1280, 720, np.random.default_rng(11))
    car = Car(text=text, kind=kind, paint=PAINTS[3])
    quad = draw_car(frame, car, View(at_px=(640, 650), width_px=width_px, roll_deg=roll_deg, yaw=yaw))
    return frame, quad


def texts(plates: PlateReader, pixels: Pixels) -> list[str]:
    return [plate.decoded.text for plate in plates.read_all(pixels).plates if plate.decoded]


@pytest.mark.parametrize("kind", PlateKind)
def test_every_kind_is_found_and_read_on_a_car(plates: PlateReader, kind: PlateKind) -> None:
    frame, quad = scene(TEXTS[kind], kind, width_px=640 if kind is PlateKind.YELLOW_DOUBLE else 520)  # small upper row
    (read,) = plates.read_all(frame).plates
    assert read.decoded is not None
    assert (read.decoded.text, read.decoded.kind) == (TEXTS[kind], kind)
    high = np.linalg.norm(quad[0] - quad[3])
    assert np.linalg.norm(np.array(read.plate.corners_px) - quad, axis=1).max() < 0.35 * high
    assert len(read.decoded.chars) == len(read.decoded.text)
    assert math.prod(read.decoded.chars) >= read.decoded.score > 0.5


def test_a_slanting_plate_is_read(plates: PlateReader) -> None:
    frame, _ = scene("沪A12B34", PlateKind.BLUE, roll_deg=12, yaw=0.8)
    assert texts(plates, frame) == ["沪A12B34"]


def test_two_cars_are_two_plates(plates: PlateReader) -> None:
    frame = road(1280, 720, np.random.default_rng(5))
    for text, x in (("京N12345", 330), ("冀B8Y7Z6", 940)):
        draw_car(frame, Car(text=text, kind=PlateKind.BLUE, paint=PAINTS[0]), View(at_px=(x, 640), width_px=480))
    assert sorted(texts(plates, frame)) == ["京N12345", "冀B8Y7Z6"]


def test_an_empty_road_has_no_plate(plates: PlateReader) -> None:
    assert plates.read_all(road(1280, 720, np.random.default_rng(2))).plates == ()


def test_half_a_plate_at_the_edge_gives_no_text(plates: PlateReader) -> None:
    frame, quad = scene("浙A88F66", PlateKind.BLUE, width_px=640)
    middle = int(quad[:, 0].mean())
    for part in (frame[:, :middle], frame[:, middle:]):
        assert texts(plates, np.ascontiguousarray(part)) == []


@pytest.mark.parametrize("text", ["B-MW 2034", "AB 123 CD", "7ABC123", "HN-882-K"])
def test_a_plate_of_another_country_is_not_read_as_one_of_ours(plates: PlateReader, text: str) -> None:
    frame, quad = scene("浙A88F66", PlateKind.BLUE)
    x0, y0 = quad.min(0).astype(int) - 2
    x1, y1 = quad.max(0).astype(int) + 2
    cv2.rectangle(frame, (int(x0), int(y0)), (int(x1), int(y1)), (245, 245, 245), -1)
    size = 0.8 * (x1 - x0) / cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1, 2)[0][0]
    cv2.putText(frame, text, (int(x0) + 8, int(y1) - 10), cv2.FONT_HERSHEY_DUPLEX, size, (20, 20, 20), 2, cv2.LINE_AA)
    assert texts(plates, frame) == []


@pytest.mark.parametrize("seed", range(6))
def test_signs_posters_and_timestamps_are_no_plates(plates: PlateReader, seed: int) -> None:
    assert texts(plates, signs(np.random.default_rng(seed))) == []


def test_a_plate_too_small_to_read_gives_no_wrong_text(plates: PlateReader) -> None:
    for width_px in (40, 70, 110):
        frame, _ = scene("川A7G8H9", PlateKind.BLUE, width_px=width_px, roll_deg=0, yaw=0)
        assert set(texts(plates, frame)) <= {"川A7G8H9"}


def test_seen_and_not_readable_is_an_answer(plates: PlateReader) -> None:
    """A plate whose characters are worn off is found, and no text is made up for it."""
    frame, quad = scene("川A7G8H9", PlateKind.BLUE)
    x0, y0 = quad.min(0).astype(int)
    x1, y1 = quad.max(0).astype(int)
    part = frame[y0:y1, x0:x1]
    small = cv2.resize(part, (20, 6), interpolation=cv2.INTER_AREA)
    frame[y0:y1, x0:x1] = cv2.resize(small, (int(x1 - x0), int(y1 - y0)), interpolation=cv2.INTER_LINEAR)
    (read,) = plates.read_all(frame).plates
    assert read.decoded is None
    assert read.plate.box_px == pytest.approx((x0, y0, x1, y1), abs=8)


def test_a_grey_infrared_picture_is_read(plates: PlateReader) -> None:
    frame, _ = scene("皖A8K3F7", PlateKind.BLUE)
    grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert texts(plates, np.asarray(grey, np.uint8)) == ["皖A8K3F7"]


def test_a_dark_picture_is_read(plates: PlateReader) -> None:
    frame, _ = scene("皖A8K3F7", PlateKind.BLUE)
    assert texts(plates, (frame * 0.15).astype(np.uint8)) == ["皖A8K3F7"]


def test_a_small_plate_in_a_photograph_of_twenty_megapixels_is_found(plates: PlateReader) -> None:
    frame, quad = scene("皖A8K3F7", PlateKind.BLUE)
    large = np.full((3888, 5184, 3), 120, np.uint8)
    large[2400 : 2400 + 720, 3100 : 3100 + 1280] = frame
    (read,) = plates.read_all(large).plates
    assert read.decoded is not None
    assert read.decoded.text == "皖A8K3F7"
    assert np.abs(np.array(read.plate.corners_px) - (quad + np.array([3100, 2400]))).max() < 20


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (31, 31)])
def test_the_smallest_pictures_give_nothing_and_no_error(plates: PlateReader, shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 60, np.uint8)
    assert texts(plates, pixels) == []
    assert plates.read_crop(pixels).plates[0].decoded is None


def test_only_plates_in_the_boxes_are_found(plates: PlateReader) -> None:
    frame, quad = scene("皖A8K3F7", PlateKind.BLUE)
    x, y = (float(v) for v in quad.mean(0))
    (found,) = plates.detect(frame, [(x - 150, y - 100, x + 150, y + 100)])
    assert np.abs(np.array(found.corners_px) - quad).max() < 12
    assert plates.detect(frame, [(0, 0, 200, 200)]) == []
    assert plates.detect(frame, []) == []


def test_the_frame_is_not_written_to(plates: PlateReader) -> None:
    frame, _ = scene("皖A8K3F7", PlateKind.BLUE)
    frame.setflags(write=False)
    plates.read_all(frame)
    plates.read_crop(frame)


def test_a_tight_slanting_crop_is_read(plates: PlateReader) -> None:
    frame, quad = scene("湘A57Q45", PlateKind.BLUE, width_px=640, roll_deg=9, yaw=0.6)
    (x0, y0), (x1, y1) = quad.min(0).astype(int), quad.max(0).astype(int)
    (read,) = plates.read_crop(frame[y0:y1, x0:x1]).plates
    assert read.decoded is not None
    assert read.decoded.text == "湘A57Q45"


def test_a_plate_past_the_edge_is_made_flat_without_an_error() -> None:
    corners = np.array([[-50, -20], [100, -20], [100, 20], [-50, 20]], np.float64)
    assert flat(np.zeros((50, 80, 3), np.uint8), corners).shape == (48, 160, 3)
    assert flat(np.zeros((50, 80, 3), np.uint8), corners + 500).shape == (48, 160, 3)


def test_the_flat_plate_is_upright_whatever_the_picture() -> None:
    plate = draw_plate("皖A8K3F7", PlateKind.BLUE)
    wanted = cv2.resize(plate, (160, 48), interpolation=cv2.INTER_AREA)
    turned = cv2.rotate(plate, cv2.ROTATE_90_CLOCKWISE)
    height, width = turned.shape[:2]
    corners = np.array([[width, 0], [width, height], [0, height], [0, 0]], np.float64)
    difference = np.abs(flat(np.asarray(turned, np.uint8), corners).astype(int) - wanted.astype(int)).mean()
    assert difference < 12


def test_light_hardly_changes_what_the_network_gets() -> None:
    plate = cv2.resize(draw_plate("皖A8K3F7", PlateKind.BLUE), (160, 48))
    bright, dark = tensor(np.asarray(plate, np.uint8)), tensor((plate * 0.3).astype(np.uint8))
    assert np.abs(bright - dark).mean() < 0.02


def test_growing_keeps_the_middle() -> None:
    corners = whole(np.zeros((40, 100, 3), np.uint8))
    larger = grown(corners, 0.1)
    assert larger.mean(0) == pytest.approx([50, 20])
    assert np.ptp(larger, 0) == pytest.approx([110, 44])


def test_a_network_that_gives_no_numbers_has_read_nothing() -> None:
    nothing = softmax(np.full((8, 73), np.nan, np.float32))
    kinds = softmax(np.zeros(8, np.float32))
    assert decode_reading(RawReading(chars=nothing, kinds=kinds)) is None


@pytest.mark.usefixtures("runtime")
def test_another_network_is_refused(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match="not a plate reader"):
        PlateNet(Model(manifest.path("face-near"), manifest.entry("face-near").sha256))


def test_a_single_look_gives_probabilities(plates: PlateReader) -> None:
    frame, quad = scene("皖A8K3F7", PlateKind.BLUE)
    tl, tr, br, bl = ((float(x), float(y)) for x, y in quad)
    raw = plates.read(frame, Plate(corners_px=(tl, tr, br, bl), score=0.9))
    np.testing.assert_allclose(raw.chars.sum(1), 1, atol=1e-5)
    assert raw.kinds.sum() == pytest.approx(1, abs=1e-5)


def test_a_plate_that_fills_the_picture_is_found_from_afar(plates: PlateReader) -> None:
    frame, quad = scene("皖A8K3F7", PlateKind.BLUE)
    (x0, y0), (x1, y1) = quad.min(0).astype(int) - 6, quad.max(0).astype(int) + 6
    close = cv2.resize(frame[y0:y1, x0:x1], (1200, 420), interpolation=cv2.INTER_CUBIC)
    assert texts(plates, np.asarray(close, np.uint8)) == ["皖A8K3F7"]


def test_where_one_car_is_read_the_picture_is_looked_at_once(
    plates: PlateReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, _ = scene("皖A8K3F7", PlateKind.BLUE)
    monkeypatch.setattr(plates.detector, "in_parts", lambda _: pytest.fail("looked again"))
    assert texts(plates, frame) == ["皖A8K3F7"]
