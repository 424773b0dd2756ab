"""A hub in a process of its own, and what is needed to put agents beside it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_process import Hub, start_hub
from stage import BIN, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(folder=tmp_path)
    yield stage
    stage.end()


@pytest.fixture
def hub(stage: Stage) -> Hub:
    return start_hub(stage)


@pytest.fixture(scope="session")
def clips(request: pytest.FixtureRequest) -> Path:
    """The demonstration's clips, rendered once into the checkout's cache."""
    folder = request.config.rootpath / ".cache" / "clips"
    if not (folder / "west.mp4").exists():
        script = request.config.rootpath / "scripts" / "render_clips"
        subprocess.run([BIN / "python", script, "--out", folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def gallery(tmp_path: Path, clips: Path) -> Path:
    """A gallery with the resident of the clips."""
    path = tmp_path / "gallery.json"
    enrol = ["enrol", "--id", "resident-01", "--purpose", "door,welfare", "--gallery", path, clips / "resident.png"]
    subprocess.run([str(BIN / "edge-agent"), *map(str, enrol)], check=True, capture_output=True)
    return path
