"""Folders for crash proofs, and the process that forks those which crash."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from nursery import Nursery, nursery

MEMORY = Path("/dev/shm")  # noqa: S108 - a mount, and the folder in it is ours alone


@pytest.fixture(scope="module")
def forks() -> Iterator[Nursery]:
    with nursery("journal_scenes", "hub_scenes") as made:
        yield made


@pytest.fixture
def fast_folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is room: what is proved here is what is written, not how long a disk takes for it."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="shouwang-crash-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)
