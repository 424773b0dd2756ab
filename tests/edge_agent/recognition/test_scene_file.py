"""The learnt view on disk: whole or not at all, and never a reason not to watch."""

import stat
from pathlib import Path

import numpy as np
import pytest

from edge_agent.recognition.scene_file import SAVE_EVERY_S, SceneFile
from edge_agent.vision.view_codec import encode_scene
from edge_agent.vision.view_look import CELLS, EDGES_PX
from edge_agent.vision.view_scene import Condition, Scene


def scene(seen_s: float = 60.0) -> Scene:
    cells = np.full((CELLS[1], CELLS[0]), 2.0, np.float32)
    edges = np.full((EDGES_PX[1], EDGES_PX[0]), 3.0, np.float32)
    return Scene(
        conditions=(
            Condition(edges=edges, structure=cells, coarse=cells, levels=cells, sharpness=cells, seen_s=seen_s),
        )
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3.east.scene"


def seen_s(file: Path) -> float:
    loaded = SceneFile(file).load()
    assert loaded is not None
    return loaded.conditions[0].seen_s


def test_what_was_learnt_comes_back_and_is_private(file: Path) -> None:
    SceneFile(file).save(scene())
    loaded = SceneFile(file).load()
    assert loaded is not None
    assert encode_scene(loaded) == encode_scene(scene())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file], "nothing else is left behind"


def test_before_the_first_save_there_is_nothing_and_no_word_about_it(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert SceneFile(file).load() is None
    assert caplog.text == ""


def test_nothing_learnt_does_not_replace_what_was(file: Path) -> None:
    SceneFile(file).save(scene())
    SceneFile(file).save(Scene())
    assert seen_s(file) == 60


@pytest.mark.parametrize("damage", ["truncated", "flipped", "longer", "empty"])
def test_a_damaged_file_is_set_aside_with_a_word(file: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    content = encode_scene(scene())
    middle = len(content) // 2
    spoilt = {
        "truncated": content[:middle],
        "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "longer": content + bytes(10 * len(content)),
        "empty": b"",
    }[damage]
    file.write_bytes(spoilt)
    assert SceneFile(file).load() is None
    assert "set aside" in caplog.text
    assert file.with_name(f"{file.name}.damaged").read_bytes() == spoilt
    assert not file.exists()


def test_it_is_saved_once_in_ten_minutes(file: Path) -> None:
    keeper = SceneFile(file)
    for second in range(round(2 * SAVE_EVERY_S) + 1):
        keeper.save_due(scene(seen_s=float(second)), second)
        if second == SAVE_EVERY_S - 1:
            assert not file.exists()
        if second == 2 * SAVE_EVERY_S - 1:
            assert seen_s(file) == SAVE_EVERY_S
    assert seen_s(file) == 2 * SAVE_EVERY_S


def test_a_disk_that_refuses_is_told_once_and_harms_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keeper = SceneFile(tmp_path / "none" / "x.scene")
    keeper.save(scene())
    keeper.save(scene())
    assert caplog.text.count("cannot be written") == 1


def test_a_file_that_cannot_be_read_is_said_and_left_alone(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.mkdir()
    assert SceneFile(file).load() is None
    assert "cannot be read" in caplog.text
    assert file.is_dir()
