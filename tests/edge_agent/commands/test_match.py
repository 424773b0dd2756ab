import argparse
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_agent.commands import match
from edge_agent.commands.match import in_words
from edge_agent.errors import GalleryError, ModelError
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.recognition.gallery_file import write_gallery
from edge_agent.recognition.matcher import Match
from edge_agent.vision.face_enrol import read_photo
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import FaceSpec, Manifest

pytestmark = pytest.mark.usefixtures("runtime")

SPEC = FaceSpec(
    embedder_id="e",
    template_length=4,
    same_score_min=0.5,
    door_score_min=0.7,
    welfare_score_min=0.8,
    welfare_margin_min=0.1,
)


@pytest.fixture(scope="module")
def template(runtime: str, manifest: Manifest, astronaut: Pixels) -> np.ndarray[Any, np.dtype[np.float32]]:
    assert runtime
    return read_photo(FaceReader.open(manifest), astronaut)[1]


@pytest.fixture
def gallery(template: np.ndarray[Any, np.dtype[np.float32]], manifest: Manifest, tmp_path: Path) -> Path:
    """The astronaut may pass the door and is watched over; somebody who is nobody's face is there too."""
    foreign = np.roll(template, 1)
    entries = (
        Entry(person="p-1", purposes=frozenset({Purpose.DOOR, Purpose.WELFARE}), templates=template[None]),
        Entry(person="p-2", purposes=frozenset({Purpose.DOOR}), templates=foreign[None]),
    )
    return written(tmp_path / "gallery.json", manifest, *entries)


def written(path: Path, manifest: Manifest, *entries: Entry) -> Path:
    face = manifest.face
    write_gallery(path, Gallery(embedder_id=face.embedder_id, template_length=face.template_length, entries=entries))
    return path


def saved(pixels: np.ndarray[Any, Any], path: Path) -> Path:
    done, content = cv2.imencode(path.suffix, pixels)
    assert done
    path.write_bytes(content.tobytes())
    return path


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    match.add_parser(parser.add_subparsers())
    args = parser.parse_args(["match", *map(str, words)])
    return int(args.run(args))


def test_who_is_in_the_gallery_is_named_with_what_it_is_enough_for(
    astronaut: Pixels, gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = saved((astronaut * 0.7).astype(np.uint8), tmp_path / "darker.png")
    assert run(photo, "--gallery", gallery) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{photo}: 1 face"
    assert re.fullmatch(
        r"  face at \(22\d, 11\d\), 9\d pixels wide, quality [01]\.\d\d: "
        r"nearest is p-1, score 0\.9\d\d, margin 0\.\d{3}: enough for the door and the welfare watch",
        second,
    )


def test_a_stranger_is_near_nobody(
    hopper: Pixels, gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(saved(hopper, tmp_path / "stranger.png"), "--gallery", gallery) == 0
    assert "enough for nothing; the door needs a score of 0." in capsys.readouterr().out


def test_the_result_as_json(
    astronaut: Pixels, hopper: Pixels, gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = saved(np.hstack([astronaut, hopper[:512]]), tmp_path / "both.png")
    assert run(both, "--gallery", gallery, "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert list(found) == ["path", "width", "height", "faces"]
    assert (found["path"], found["width"], found["height"]) == (str(both), 1024, 512)
    left, right = sorted(found["faces"], key=lambda face: float(face["box"][0]))
    assert list(left) == ["box", "quality", "match"]
    assert list(left["match"]) == ["person", "purposes", "score", "margin", "suffices"]
    assert left["match"]["person"] == "p-1"
    assert left["match"]["purposes"] == left["match"]["suffices"] == ["door", "welfare"]
    assert left["match"]["score"] > 0.95
    assert right["match"]["suffices"] == []


def test_an_empty_gallery_is_said_and_is_no_error(
    astronaut: Pixels, manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, empty = saved(astronaut, tmp_path / "photo.png"), written(tmp_path / "empty.json", manifest)
    assert run(photo, "--gallery", empty) == 0
    assert "nobody is in the gallery" in capsys.readouterr().out
    assert run(photo, "--gallery", empty, "--json") == 0
    assert json.loads(capsys.readouterr().out)["faces"][0]["match"] is None


def test_a_bad_file_is_named_the_others_go_on_and_the_status_is_1(
    astronaut: Pixels, gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, absent = saved(astronaut, tmp_path / "photo.png"), tmp_path / "absent.jpg"
    wall = saved(np.full((90, 90, 3), 90, np.uint8), tmp_path / "wall.png")
    assert run(absent, wall, photo, "--gallery", gallery, "--json") == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["path"] for line in lines] == [str(absent), str(wall), str(photo)]
    assert lines[0] == {"path": str(absent), "error": "cannot be read: No such file or directory"}
    assert lines[1]["faces"] == []
    assert len(lines[2]["faces"]) == 1
    assert run(absent, wall, "--gallery", gallery) == 1
    said = capsys.readouterr()
    assert said.err == f"{absent}: cannot be read: No such file or directory\n"
    assert said.out == f"{wall}: no face\n"


@pytest.mark.parametrize(
    ("score", "margin", "purposes", "sentence"),
    [
        (0.85, 0.2, "door,welfare", "margin 0.200: enough for the door and the welfare watch"),
        (0.75, 0.2, "door,welfare", "enough for the door; the welfare watch needs a score of 0.800"),
        (0.85, 0.05, "door,welfare", "enough for the door; the welfare watch needs a margin of 0.100"),
        (0.65, 0.2, "door", "enough for nothing; the door needs a score of 0.700"),
        (0.65, 0.2, "welfare", "enough for nothing; the welfare watch needs a score of 0.800"),
        (0.75, None, "watchlist", "nobody else to compare with: enough for a watchlist candidate"),
    ],
)
def test_the_words_say_what_is_missing(score: float, margin: float | None, purposes: str, sentence: str) -> None:
    found = Match(person="p-1", purposes=frozenset(map(Purpose, purposes.split(","))), score=score, margin=margin)
    words = in_words(found, SPEC)
    assert words.startswith(f"nearest is p-1, score {score:.3f}, ")
    assert words.endswith(sentence)


def test_a_gallery_that_is_not_there_or_of_another_embedder_is_named(
    astronaut: Pixels, tmp_path: Path, manifest: Manifest
) -> None:
    photo, path = saved(astronaut, tmp_path / "photo.png"), tmp_path / "gallery.json"
    with pytest.raises(GalleryError, match=r"gallery\.json: there is no such gallery"):
        run(photo, "--gallery", path)
    path.write_bytes(Gallery(embedder_id="older.1", template_length=manifest.face.template_length).to_bytes())
    with pytest.raises(GalleryError, match=r"gallery\.json: was made with the embedder older\.1"):
        run(photo, "--gallery", path)


def test_a_folder_without_models_is_named(gallery: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no manifest\.toml"):
        run("photo.png", "--gallery", gallery, "--models", tmp_path)


def test_the_help_teaches_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    assert "example:\n  edge-agent match door.jpg --gallery gallery.json" in capsys.readouterr().out
