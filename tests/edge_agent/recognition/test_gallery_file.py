import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.recognition.gallery_file import read_gallery, sole_writer, write_gallery


def gallery(*people: str) -> Gallery:
    row = np.eye(1, 4, dtype=np.float32)
    entries = tuple(Entry(person=p, purposes=frozenset({Purpose.DOOR}), templates=row) for p in people)
    return Gallery(embedder_id="e", template_length=4, entries=entries)


def read(path: Path) -> list[str]:
    return [e.person for e in read_gallery(path, embedder_id="e", template_length=4).entries]


def test_a_written_gallery_is_read_again_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "gallery.json"
    path.write_text("old")
    path.chmod(0o644)
    write_gallery(path, gallery("p-1"))
    assert read(path) == ["p-1"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_when_the_disk_fails_the_old_gallery_stays_and_nothing_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gallery.json"
    write_gallery(path, gallery("p-1"))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GalleryError, match=r"gallery\.json: cannot be written: No space left"):
        write_gallery(path, gallery("p-1", "p-2"))
    assert read(path) == ["p-1"]
    assert list(tmp_path.iterdir()) == [path]


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gallery.json"
    path.write_text(json.dumps({"format": 1}))
    with pytest.raises(GalleryError, match=r"gallery\.json: damaged"):
        read(path)
    with pytest.raises(GalleryError, match="cannot be read: Is a directory"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent.json")
    with pytest.raises(GalleryError, match="cannot be written"), sole_writer(tmp_path / "no" / "gallery.json"):
        pass


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    """Each adds its person to what it reads; with the lock nobody's person is lost."""
    path = tmp_path / "gallery.json"
    write_gallery(path, gallery())

    def add(person: str) -> None:
        with sole_writer(path):
            present = read_gallery(path, embedder_id="e", template_length=4)
            (entry,) = gallery(person).entries
            write_gallery(path, present.with_entry(entry))

    threads = [threading.Thread(target=add, args=(f"p-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(read(path)) == [f"p-{n}" for n in range(8)]
