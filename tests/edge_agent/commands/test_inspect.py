import argparse
import json
import math
import os
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cars import PAINTS, Car, View, draw_car, road
from draw import draw_plate

from edge_agent.commands import inspect
from edge_agent.errors import ModelError
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import find_models, load_manifest
from edge_agent.vision.picture import read_picture
from edge_agent.wire.plate import PlateKind

KEYS = ["path", "width", "height", "faces", "plates", "elapsed_ms"]

pytestmark = pytest.mark.usefixtures("runtime")


@pytest.fixture(scope="module")
def portrait() -> Pixels:
    skimage = pytest.importorskip("skimage", reason="scikit-image brings the portrait astronaut.png")
    return read_picture(Path(skimage.__file__).parent / "data" / "astronaut.png")


@pytest.fixture
def photo(portrait: Pixels, tmp_path: Path) -> Path:
    return saved(portrait, tmp_path / "photo.png")


@pytest.fixture
def car(tmp_path: Path) -> Path:
    frame = road(1280, 720, np.random.default_rng(3))
    blue = Car(text="苏B3K9F2", kind=PlateKind.BLUE, paint=PAINTS[2])
    draw_car(frame, blue, View(at_px=(600, 640), width_px=520, roll_deg=2, yaw=0.3))
    return saved(frame, tmp_path / "car.png")


def saved(pixels: np.ndarray[Any, Any], path: Path) -> Path:
    done, content = cv2.imencode(path.suffix, pixels)
    assert done
    path.write_bytes(content.tobytes())
    return path


def parse(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    inspect.add_parser(parser.add_subparsers())
    return parser.parse_args(["inspect", *map(str, words)])


def inspected(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[dict[str, Any]]]:
    args = parse(*words)
    status = args.run(args)
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_picture_gives_exactly_the_promised_object(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, (found,) = inspected(capsys, "--templates", photo)
    assert status == 0
    assert list(found) == KEYS
    assert (found["path"], found["width"], found["height"]) == (str(photo), 512, 512)
    assert found["plates"] == []
    (face,) = found["faces"]
    assert list(face) == ["box", "score", "keypoints", "quality", "template"]
    x0, y0, x1, y1 = face["box"]
    assert 150 < x0 < 222 < x1 < 300
    assert 30 < y0 < 110 < y1 < 200
    assert [len(point) for point in face["keypoints"]] == [2] * 6
    assert 0.5 < face["score"] <= 1
    assert 0.5 < face["quality"] <= 1
    assert len(face["template"]) == load_manifest(find_models()).face.template_length
    assert np.linalg.norm(face["template"]) == pytest.approx(1, abs=1e-5)
    assert list(found["elapsed_ms"]) == ["detect", "embed", "total", "plate_detect", "plate_read"]
    assert found["elapsed_ms"]["detect"] > 0
    assert found["elapsed_ms"]["embed"] > 0
    assert found["elapsed_ms"]["total"] >= found["elapsed_ms"]["detect"] + found["elapsed_ms"]["embed"]


def test_without_the_option_no_face_has_a_template(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, (found,) = inspected(capsys, photo)
    (face,) = found["faces"]
    assert list(face) == ["box", "score", "keypoints", "quality"]


def test_even_a_poor_face_has_a_template_when_asked(
    portrait: Pixels, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = saved(cv2.resize(portrait, (110, 110), interpolation=cv2.INTER_AREA), tmp_path / "small.png")
    _, (found,) = inspected(capsys, "--templates", small)
    (face,) = found["faces"]
    assert face["quality"] < 0.2
    assert len(face["template"]) == load_manifest(find_models()).face.template_length


def test_lines_come_in_the_order_of_the_paths_and_bad_files_do_not_stop_the_others(
    photo: Path, portrait: Pixels, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey = saved(cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY), tmp_path / "grey.jpg")
    short = tmp_path / "short.jpg"
    short.write_bytes(grey.read_bytes()[: grey.stat().st_size // 2])
    text = tmp_path / "text.jpg"
    text.write_text("not a picture")
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 90_000, 90_000) + bytes(9))
    paths = [photo, tmp_path / "absent.jpg", grey, tmp_path, short, text, bomb, photo]
    status, found = inspected(capsys, *paths)
    assert status == 1
    assert [line["path"] for line in found] == [str(path) for path in paths]
    for line in (found[0], found[2], found[7]):
        assert len(line["faces"]) == 1
    reasons = [found[i] for i in (1, 3, 4, 5, 6)]
    assert all(list(line) == ["path", "error"] for line in reasons)
    for line, reason in zip(reasons, ["No such file", "folder", "damaged", "not a picture", "absurd"], strict=True):
        assert reason in line["error"]


def test_unusual_pictures_are_read(portrait: Pixels, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transparent = np.dstack([portrait, np.full(portrait.shape[:2], 200, np.uint8)])
    deep = (portrait.astype(np.uint16) * 257).astype(np.uint16)
    paths = [
        saved(portrait, tmp_path / "东门摄像头 1.png"),
        saved(transparent, tmp_path / "transparent.png"),
        saved(deep, tmp_path / "deep.png"),
        saved(portrait, tmp_path / "picture.webp"),
        saved(portrait, tmp_path / "picture.bmp"),
    ]
    status, found = inspected(capsys, *paths)
    assert status == 0
    assert [line["path"] for line in found] == [str(path) for path in paths]
    assert [len(line["faces"]) for line in found] == [1] * len(paths)


def test_a_photograph_turned_by_exif_is_measured_upright(
    portrait: Pixels, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Taken with the camera held sideways: stored lying, with the note that it must be turned by 90 degrees."""
    upright = np.ascontiguousarray(portrait[:400])
    done, jpeg = cv2.imencode(".jpg", cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE))
    assert done
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    body = b"Exif\x00\x00" + tiff
    path = tmp_path / "sideways.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg.tobytes()[2:])
    _, (found,) = inspected(capsys, path)
    assert (found["width"], found["height"]) == (512, 400)
    (face,) = found["faces"]
    assert face["box"] == pytest.approx([178, 54, 272, 176], abs=5)


def test_a_picture_without_a_face_gives_an_empty_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, (found,) = inspected(capsys, saved(np.full((4, 900, 3), 90, np.uint8), tmp_path / "wall.png"))
    assert status == 0
    assert found["faces"] == []


def test_only_plates_leaves_the_faces_alone(
    photo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even their models are opened."""
    monkeypatch.setattr(FaceReader, "open", lambda *_, **__: pytest.fail("face models opened"))
    status, (found,) = inspected(capsys, "--only", "plates", photo)
    assert status == 0
    assert list(found) == KEYS
    assert found["faces"] == found["plates"] == []
    assert found["elapsed_ms"]["detect"] == found["elapsed_ms"]["embed"] == 0
    assert found["elapsed_ms"]["plate_detect"] > 0


def test_a_plate_is_told_with_box_corners_text_type_and_the_probability_of_each_character(
    car: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, (found,) = inspected(capsys, "--only", "plates", car)
    assert status == 0
    (plate,) = found["plates"]
    assert list(plate) == ["box", "corners", "text", "type", "score", "chars"]
    assert (plate["text"], plate["type"]) == ("苏B3K9F2", "blue")
    x0, y0, x1, y1 = plate["box"]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = plate["corners"]
    assert ax < bx
    assert dx < cx
    assert ay < dy
    assert by < cy
    assert (x0, y0, x1, y1) == (min(ax, dx), min(ay, by), max(bx, cx), max(cy, dy))
    assert "".join(character for character, _ in plate["chars"]) == plate["text"]
    assert all(0.5 < share <= 1 for _, share in plate["chars"])
    assert plate["score"] == pytest.approx(math.prod(share for _, share in plate["chars"]), abs=0.05)


def test_with_crops_the_whole_picture_is_the_plate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crop = cv2.resize(draw_plate("皖AD12345", PlateKind.GREEN), (240, 70), interpolation=cv2.INTER_AREA)
    status, (found,) = inspected(capsys, "--crops", saved(crop, tmp_path / "crop.png"))
    assert status == 0
    assert found["faces"] == []
    (plate,) = found["plates"]
    assert plate["box"] == [0, 0, 240, 70]
    assert (plate["text"], plate["type"]) == ("皖AD12345", "green")


def test_a_crop_that_is_no_plate_is_said_to_be_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, (found,) = inspected(capsys, "--crops", saved(np.full((48, 160, 3), 90, np.uint8), tmp_path / "grey.png"))
    assert status == 0
    (plate,) = found["plates"]
    assert (plate["text"], plate["type"], plate["score"], plate["chars"]) == (None, None, 0, [])


def test_only_faces_finds_faces(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, (found,) = inspected(capsys, "--only", "faces", photo)
    assert len(found["faces"]) == 1


def test_a_folder_without_models_is_named(photo: Path, tmp_path: Path) -> None:
    args = parse("--models", tmp_path, photo)
    with pytest.raises(ModelError, match=r"no manifest\.toml"):
        args.run(args)


def test_each_line_leaves_at_once(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a pipe here, which Python buffers: a line must be there before the next file is read."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    seen: list[int] = []

    def watching(path: Path) -> Pixels:
        try:
            seen.append(os.read(read_end, 1_000_000).count(b"\n"))
        except BlockingIOError:
            seen.append(0)
        return read_picture(path)

    monkeypatch.setattr("edge_agent.vision.picture.read_picture", watching)
    with os.fdopen(write_end, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        args = parse(photo, photo, photo)
        args.run(args)
    os.close(read_end)
    assert seen == [0, 1, 1]


def test_the_help_teaches_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--help")
    text = capsys.readouterr().out
    assert "example:\n  edge-agent inspect --templates" in text
    assert "EXIF" in text
    assert "--crops" in text
