import argparse
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_agent.commands import enrol
from edge_agent.errors import EnrolmentError, GalleryError
from edge_agent.recognition.gallery import Gallery, Purpose
from edge_agent.recognition.gallery_file import read_gallery
from edge_agent.recognition.matcher import Matcher
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest

pytestmark = pytest.mark.usefixtures("runtime")


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return tmp_path / "gallery.json"


@pytest.fixture
def front(astronaut: Pixels, tmp_path: Path) -> Path:
    return saved(astronaut, tmp_path / "front.png")


def saved(pixels: np.ndarray[Any, Any], path: Path) -> Path:
    done, content = cv2.imencode(path.suffix, pixels)
    assert done
    path.write_bytes(content.tobytes())
    return path


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    enrol.add_parser(parser.add_subparsers())
    args = parser.parse_args(["enrol", *map(str, words)])
    return int(args.run(args))


def opened(path: Path, manifest: Manifest) -> Gallery:
    face = manifest.face
    return read_gallery(path, embedder_id=face.embedder_id, template_length=face.template_length)


def test_who_is_enrolled_is_recognised_and_a_stranger_is_not(
    front: Path, gallery: Path, astronaut: Pixels, hopper: Pixels, manifest: Manifest
) -> None:
    assert run("--id", "resident-1", "--purpose", "door,welfare", "--gallery", gallery, front) == 0
    made = opened(gallery, manifest)
    assert [(e.person, e.purposes) for e in made.entries] == [
        ("resident-1", frozenset({Purpose.DOOR, Purpose.WELFARE}))
    ]
    reader, matcher = FaceReader.open(manifest), Matcher(made)
    later = cv2.GaussianBlur((astronaut * 0.7).astype(np.uint8), (0, 0), 1).astype(np.uint8)
    (own,), (foreign,) = (reader.read(pixels, templates=True).faces for pixels in (later, hopper))
    assert own.template is not None
    assert foreign.template is not None
    match, stranger = matcher.match(own.template), matcher.match(foreign.template)
    assert match is not None
    assert stranger is not None
    assert match.suffices(Purpose.WELFARE, manifest.face)
    assert not stranger.suffices(Purpose.DOOR, manifest.face)


def test_the_gallery_is_for_its_owner_only_and_keeps_no_picture(front: Path, gallery: Path) -> None:
    run("--id", "p-1", "--gallery", gallery, front)
    assert gallery.stat().st_mode & 0o777 == 0o600
    assert gallery.stat().st_size < 4000
    assert sorted(path.name for path in gallery.parent.iterdir()) == ["front.png", "gallery.json"]


def test_the_second_person_is_added_and_the_first_can_be_replaced(
    front: Path, gallery: Path, hopper: Pixels, tmp_path: Path, manifest: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    other = saved(hopper, tmp_path / "other.jpg")
    run("--id", "p-1", "--gallery", gallery, front)
    run("--id", "p-2", "--gallery", gallery, other)
    first = {e.person: e.templates.copy() for e in opened(gallery, manifest).entries}
    run("--id", "p-1", "--purpose", "welfare", "--gallery", gallery, other)
    made = opened(gallery, manifest)
    assert made.version == 3
    assert {e.person: e.purposes for e in made.entries} == {"p-1": {Purpose.WELFARE}, "p-2": {Purpose.DOOR}}
    second = {e.person: e.templates for e in made.entries}
    np.testing.assert_array_equal(second["p-2"], first["p-2"])
    assert not np.allclose(second["p-1"], first["p-1"])
    assert "p-1 replaced for welfare" in capsys.readouterr().out


def test_several_photographs_of_one_person_become_one_template(
    front: Path, gallery: Path, astronaut: Pixels, tmp_path: Path, manifest: Manifest
) -> None:
    darker = saved((astronaut * 0.6).astype(np.uint8), tmp_path / "darker.jpg")
    larger = saved(cv2.resize(astronaut, None, fx=1.5, fy=1.5), tmp_path / "larger.jpg")
    assert run("--id", "p-1", "--gallery", gallery, front, darker, larger) == 0
    (entry,) = opened(gallery, manifest).entries
    assert entry.templates.shape == (1, manifest.face.template_length)


@pytest.fixture
def bad(astronaut: Pixels, hopper: Pixels, tmp_path: Path) -> dict[str, Path]:
    """A photograph for each reason to refuse one."""
    damaged = saved(astronaut, tmp_path / "damaged.jpg")
    damaged.write_bytes(damaged.read_bytes()[:5000])
    return {
        "absent": tmp_path / "absent.jpg",
        "damaged": damaged,
        "nobody": saved(np.full((300, 300, 3), 120, np.uint8), tmp_path / "nobody.png"),
        "two": saved(np.hstack([astronaut, hopper[:512]]), tmp_path / "two.png"),
        "small": saved(cv2.resize(astronaut, None, fx=0.6, fy=0.6), tmp_path / "small.png"),
        "blurred": saved(cv2.GaussianBlur(hopper, (0, 0), 9), tmp_path / "blurred.png"),
        "stranger": saved(hopper, tmp_path / "stranger.png"),
    }


REASONS = {
    "absent": "cannot be read: No such file",
    "damaged": "damaged or cut short",
    "nobody": "no face in it",
    "two": "2 faces in it",
    "small": "the face is too small: 5[0-9] pixels wide, at least 80",
    "blurred": "the face is too blurred",
}


@pytest.mark.parametrize("kind", REASONS)
def test_a_bad_photograph_is_refused_with_its_name_and_reason(
    bad: dict[str, Path], gallery: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--id", "p-1", "--gallery", gallery, bad[kind]) == 1
    assert not gallery.exists()
    refusal = capsys.readouterr().err
    assert "p-1 is not enrolled, nothing was written" in refusal
    assert re.search(f"{re.escape(str(bad[kind]))}: {REASONS[kind]}", refusal)


def test_two_people_are_not_one(
    bad: dict[str, Path], front: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--id", "p-1", "--gallery", gallery, front, bad["stranger"]) == 1
    assert not gallery.exists()
    assert "not the same person as in" in capsys.readouterr().err


def test_the_odd_one_out_is_named_and_not_the_majority(
    bad: dict[str, Path],
    front: Path,
    gallery: Path,
    astronaut: Pixels,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    second = saved((astronaut * 0.8).astype(np.uint8), tmp_path / "second.png")
    assert run("--id", "p-1", "--gallery", gallery, "--json", bad["stranger"], front, second) == 1
    (refused,) = json.loads(capsys.readouterr().out)["refused"]
    assert refused["path"] == str(bad["stranger"])


def test_all_problems_are_said_at_once_and_the_gallery_stays_as_it_was(
    bad: dict[str, Path], front: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--id", "p-1", "--gallery", gallery, front)
    before = gallery.read_bytes()
    capsys.readouterr()
    assert run("--id", "p-1", "--gallery", gallery, "--json", front, *bad.values()) == 1
    result = json.loads(capsys.readouterr().out)
    assert list(result) == ["id", "enrolled", "refused"]
    assert result["enrolled"] is False
    assert [refused["path"] for refused in result["refused"]] == [str(path) for path in bad.values()]
    assert gallery.read_bytes() == before


def test_the_result_as_json(front: Path, gallery: Path, manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    run("--id", "p-1", "--purpose", "welfare,door", "--gallery", gallery, "--json", front)
    result = json.loads(capsys.readouterr().out)
    (photo,) = result.pop("photos")
    assert photo["path"] == str(front)
    assert 0.5 < photo["quality"] <= 1
    assert result == {
        "id": "p-1",
        "enrolled": True,
        "replaced": False,
        "purposes": ["door", "welfare"],
        "gallery": str(gallery),
        "embedder": manifest.face.embedder_id,
        "version": 1,
        "people": 1,
    }


@pytest.mark.parametrize("person", ["", "a b", "张三", "../x", "a" * 65])
def test_a_name_is_no_id(front: Path, gallery: Path, person: str) -> None:
    with pytest.raises(GalleryError, match="is no id"):
        run("--id", person, "--gallery", gallery, front)
    assert not gallery.exists()


@pytest.mark.parametrize("purpose", ["", "fun", "door,", "door welfare"])
def test_an_unknown_purpose_is_a_usage_error(
    front: Path, gallery: Path, purpose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--id", "p-1", "--purpose", purpose, "--gallery", gallery, front)
    assert caught.value.code == 2
    assert "choose from door, welfare, watchlist" in capsys.readouterr().err


def test_a_damaged_gallery_is_not_overwritten(front: Path, gallery: Path) -> None:
    gallery.write_text("{}")
    with pytest.raises(GalleryError, match=r"gallery\.json: damaged"):
        run("--id", "p-1", "--gallery", gallery, front)
    assert gallery.read_text() == "{}"


def test_a_gallery_of_another_embedder_is_not_mixed(front: Path, gallery: Path) -> None:
    content = Gallery(embedder_id="older.1", template_length=384).to_bytes()
    gallery.write_bytes(content)
    with pytest.raises(GalleryError, match=r"made with the embedder older\.1"):
        run("--id", "p-1", "--gallery", gallery, front)
    assert gallery.read_bytes() == content


def test_a_folder_that_is_not_there_is_named(front: Path, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="cannot be written: No such file"):
        run("--id", "p-1", "--gallery", tmp_path / "no" / "gallery.json", front)


def test_there_is_a_limit_to_photographs(front: Path, gallery: Path) -> None:
    with pytest.raises(EnrolmentError, match="33 photographs: at most 32"):
        run("--id", "p-1", "--gallery", gallery, *[front] * 33)


def test_the_help_teaches_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    assert "example:\n  edge-agent enrol --id resident-0042 --purpose door,welfare" in capsys.readouterr().out
