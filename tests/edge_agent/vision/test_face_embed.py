import importlib.util
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge_agent.errors import ModelError
from edge_agent.vision.face import Face
from edge_agent.vision.face_align import CLOSE, WIDE, ChipFrame, face_chip
from edge_agent.vision.face_embed import WIDE_WEIGHT, FaceEmbedder, Template, unit
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.tflite import RUNTIME_VARIABLE, RUNTIMES, Model


def template_of(reader: FaceReader, pixels: Pixels) -> Template:
    (read,) = reader.read(pixels, templates=True).faces
    assert read.template is not None
    return read.template


def light(gain: float, offset: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.clip(pixels * gain + offset, 0, 255).astype(np.uint8)


def shadow(pixels: Pixels) -> Pixels:
    """Light from one side."""
    return (pixels * np.linspace(1.0, 0.35, pixels.shape[1])[None, :, None]).astype(np.uint8)


def scaled(factor: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8)


def blurred(sigma: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: cv2.GaussianBlur(pixels, (0, 0), sigma).astype(np.uint8)


def turned(degrees: float) -> Callable[[Pixels], Pixels]:
    turn = cv2.getRotationMatrix2D((256, 200), degrees, 1)
    return lambda pixels: cv2.warpAffine(pixels, turn, (pixels.shape[1], pixels.shape[0])).astype(np.uint8)


def jpeg(quality: int) -> Callable[[Pixels], Pixels]:
    def compress(pixels: Pixels) -> Pixels:
        done, content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done
        return cv2.imdecode(content, cv2.IMREAD_COLOR).astype(np.uint8)

    return compress


def noisy(pixels: Pixels) -> Pixels:
    noise = np.random.default_rng(5).normal(0, 8, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


CHANGES = {
    "half the size": scaled(0.6),
    "twice the size": scaled(1.8),
    "blurred": blurred(1.5),
    "darker": light(0.5, 0),
    "brighter": light(1.2, 25),
    "flat": light(0.5, 70),
    "light from the side": shadow,
    "tilted": turned(20),
    "compressed": jpeg(25),
    "noisy": noisy,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_stays_the_same_person_and_no_other(
    reader: FaceReader, manifest: Manifest, astronaut: Pixels, hopper: Pixels, change: str
) -> None:
    one, other = template_of(reader, astronaut), template_of(reader, hopper)
    for picture, own, foreign in ((astronaut, one, other), (hopper, other, one)):
        changed = template_of(reader, CHANGES[change](picture))
        assert own @ changed >= manifest.face.door_score_min
        assert foreign @ changed < manifest.face.same_score_min


def test_every_test_here_runs_on_the_runtime_that_its_name_says(reader: FaceReader, runtime: str) -> None:
    embedder = reader.embedder
    assert {model.runtime for model in (embedder._close, embedder._wide, embedder._projection)} == {runtime}


def test_a_template_has_unit_length_so_cosine_and_distance_agree(reader: FaceReader, astronaut: Pixels) -> None:
    one, other = template_of(reader, astronaut), template_of(reader, shadow(astronaut))
    assert one.dtype == np.float32
    assert one.shape == (reader.embedder.length,)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)
    assert np.linalg.norm(one - other) ** 2 == pytest.approx(2 - 2 * float(one @ other), abs=1e-5)


def test_both_runtimes_read_the_same_faces_and_templates(
    manifest: Manifest, astronaut: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = []
    for runtime in RUNTIMES:
        if importlib.util.find_spec(runtime) is None:
            pytest.skip(f"{runtime} is not installed here")
        monkeypatch.setenv(RUNTIME_VARIABLE, runtime)
        (read,) = FaceReader.open(manifest).read(astronaut, templates=True).faces
        readings.append(read)
    one, other = readings
    np.testing.assert_allclose(one.face.box_px, other.face.box_px, atol=0.05)
    np.testing.assert_allclose(one.face.keypoints_px, other.face.keypoints_px, atol=0.05)
    assert one.template is not None
    assert other.template is not None
    assert one.template @ other.template > 0.9999


def test_the_mirror_image_is_weighed_in_once(reader: FaceReader, astronaut: Pixels, astronaut_face: Face) -> None:
    plain = reader.embedder.embed(astronaut, astronaut_face)
    mirrored = reader.embedder.embed_mirrored(astronaut, astronaut_face)
    assert np.linalg.norm(mirrored) == pytest.approx(1, abs=1e-6)
    assert 0.97 < plain @ mirrored < 0.99999


def test_enrolment_does_not_care_which_side_of_the_face_is_left(
    reader: FaceReader, astronaut: Pixels, astronaut_face: Face
) -> None:
    """The two chips flipped are the mirrored photograph's, but for the detector: their template is the same."""
    embedder = reader.embedder
    close, wide = face_chip(astronaut, astronaut_face, CLOSE), face_chip(astronaut, astronaut_face, WIDE)
    both = embedder.join(
        embedder.see_close(close[:, ::-1].copy()),
        embedder.see_wide(wide[:, ::-1].copy()) + embedder.see_wide(wide),
    )
    np.testing.assert_allclose(both, embedder.embed_mirrored(astronaut, astronaut_face), atol=1e-5)


def test_each_network_has_its_share_of_the_template(
    reader: FaceReader, astronaut: Pixels, astronaut_face: Face
) -> None:
    template = reader.embedder.embed(astronaut, astronaut_face)
    close, wide = template[:128], template[128:]
    assert close @ close == pytest.approx(1 - WIDE_WEIGHT, abs=1e-5)
    assert wide @ wide == pytest.approx(WIDE_WEIGHT, abs=1e-5)


@pytest.mark.usefixtures("runtime")
def test_networks_in_each_others_place_are_refused(manifest: Manifest) -> None:
    close, wide, projection = (
        Model(manifest.path(role), manifest.entry(role).sha256)
        for role in ("face-embedder", "face-embedder-wide", "face-projection")
    )
    with pytest.raises(ModelError, match=r"it takes \(1, 224, 224, 3\) instead of \(1, 150, 150, 3\)"):
        FaceEmbedder(close=wide, wide=close, projection=projection, embedder_id="e")
    with pytest.raises(ModelError, match=r"it takes \(1, 150, 150, 3\) instead of \(1, 1024\)"):
        FaceEmbedder(close=close, wide=wide, projection=close, embedder_id="e")


@pytest.mark.parametrize("frame", [CLOSE, WIDE])
def test_the_chip_shows_the_landmarks_where_the_network_expects_them(
    astronaut: Pixels, astronaut_face: Face, frame: ChipFrame
) -> None:
    """A white dot painted on each landmark comes out near its place: this head is not the mean head."""
    painted = (astronaut // 4).astype(np.uint8)
    for x, y in astronaut_face.landmarks_px:
        cv2.circle(painted, (round(x), round(y)), 1, (255, 255, 255), -1)
    chip = face_chip(painted, astronaut_face, frame).max(axis=2)
    assert chip.shape == (frame.size_px, frame.size_px)
    for x, y in frame.landmarks_px():
        top, left = round(y) - 8, round(x) - 8
        around = chip[top : top + 17, left : left + 17]
        row, column = np.unravel_index(int(around.argmax()), around.shape)
        assert np.hypot(row - 8, column - 8) < 6


def test_a_face_of_another_detector_cannot_be_embedded(reader: FaceReader, astronaut: Pixels) -> None:
    bare = Face(box_px=(100, 100, 200, 200), score=0.9, keypoints_px=((150.0, 150.0),) * 6)
    with pytest.raises(ValueError, match="no landmarks"):
        reader.embedder.embed(astronaut, bare)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_network_that_gives_nonsense_is_named(bad: float) -> None:
    with pytest.raises(ModelError, match="template of length"):
        unit(np.full(128, bad, np.float32))


def test_every_face_gets_a_template_only_when_asked(reader: FaceReader, astronaut: Pixels) -> None:
    small = cv2.resize(astronaut, (96, 96), interpolation=cv2.INTER_AREA).astype(np.uint8)
    (without,) = reader.read(small, templates=False).faces
    (with_one,) = reader.read(small, templates=True).faces
    assert without.template is None
    assert with_one.template is not None
    assert with_one.quality.total < 0.5


def test_times_are_those_of_the_stages(reader: FaceReader, astronaut: Pixels) -> None:
    reading = reader.read(astronaut, templates=True)
    assert reading.detect_ms > 0
    assert reading.embed_ms > 0
    assert reading.total_ms >= reading.detect_ms + reading.embed_ms
