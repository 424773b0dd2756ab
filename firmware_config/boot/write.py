"""A device's files onto a boot partition: whole, durable, and what starts the device last."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from firmware_config.boot.cmdline import with_start
from firmware_config.boot.detect import CMDLINE, BootError, BootPartition, read_small
from firmware_config.device.card import FIRSTRUN, FOLDER, LABEL, WHEELS, Start
from firmware_config.device.cloud_init import NAMES, USER_DATA
from firmware_config.device.files import Files
from firmware_config.disk import settle
from firmware_config.profile import DeviceProfile

_MINE: Final = ("# Written by provision.", "# The first boot of an image without cloud-init")
_TEMPLATE: Final = ("ssh_pwauth:", "dsmode:", "instance_id:", "instance-id:")
_KEPT: Final = frozenset({"install.log", "join.log"})
_CHUNK_BYTES: Final = 1024 * 1024

Step = Callable[[int], object]
"""Told how many files are written."""


def refuse_others(partition: BootPartition, profile: DeviceProfile) -> None:
    """Raises BootError when the card is another device's, or somebody else's settings are on it."""
    label = partition.folder / LABEL
    if label.exists():
        owner = _owner(label)
        if owner != profile.device:
            raise BootError(
                f"this card is {owner}'s, not {profile.device}'s: --force makes it {profile.device}'s",
                zh=f"这是 {owner} 的卡，不是 {profile.device} 的；要改成 {profile.device} 的，请加 --force",
            )
    for name in (USER_DATA, FIRSTRUN):
        file = partition.folder / name
        if file.is_file() and _of_somebody(read_small(file)):
            raise BootError(
                f"{file} holds somebody's own settings (Raspberry Pi Imager's?): --force replaces them",
                zh=f"{file} 里有别人的设置（Raspberry Pi Imager 写的？）；要覆盖，请加 --force",
            )


def _owner(label: Path) -> str:
    try:
        value = json.loads(read_small(label))
        return str(value["device"])
    except (ValueError, KeyError, TypeError):
        return "nobody knows who"


def _of_somebody(text: str) -> bool:
    """Neither written by us nor the image's own template: remarks, and at most that passwords do not log in."""
    lines = [line.rstrip() for line in text.splitlines()]
    says = any(line and not line.lstrip().startswith("#") and not line.startswith(_TEMPLATE) for line in lines)
    return says and not any(line.startswith(_MINE) for line in lines)


def write_card(
    partition: BootPartition,
    files: Files,
    profile: DeviceProfile,
    *,
    wheels: Mapping[str, Path],
    step: Step = lambda _done: None,
) -> list[str]:
    """Writes all of it; gives the paths, below the partition. Raises BootError when the card does not take it.

    What an earlier writing left in our folder goes, but for the logs. The files that start the device come last.
    """
    folder = partition.folder
    last = [name for name in (*NAMES, FIRSTRUN) if name in files]
    first = [path for path in sorted(files) if path not in last]
    copied = {f"{WHEELS}/{name}": path for name, path in wheels.items()}
    with _told(folder):
        _sweep(folder, {*files, *copied})
        done = 0
        for path in first:
            put(folder / path, files[path].text.encode())
            step(done := done + 1)
        for path, source in sorted(copied.items()):
            _copy(source, folder / path)
            step(done := done + 1)
        for path in last:
            put(folder / path, files[path].text.encode())
            step(done := done + 1)
        if partition.start is not Start.FIRSTRUN:
            (folder / FIRSTRUN).unlink(missing_ok=True)
        line = read_small(folder / CMDLINE)
        put(folder / CMDLINE, with_start(line, start=partition.start, profile=profile).encode())
    return [*first, *sorted(copied), *last, CMDLINE]


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise BootError(
            f"{where}: {error.strerror or error}: the card was not written whole; write it again",
            zh=f"{where}：{error.strerror or error}；卡没有写完整，请再写一次",
        ) from error


def _sweep(folder: Path, wanted: set[str]) -> None:
    own = folder / FOLDER
    if not own.is_dir():
        return
    for path in sorted(own.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif name not in wanted and path.name not in _KEPT:
            path.unlink()


def put(path: Path, content: bytes) -> None:
    """Whole and durable, or as it was. The same content is left alone. Raises OSError."""
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    settle(path.parent)


def _copy(source: Path, path: Path) -> None:
    if path.is_file() and path.stat().st_size == source.stat().st_size and path.read_bytes() == source.read_bytes():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with source.open("rb") as read, part.open("wb") as file:
        shutil.copyfileobj(read, file, _CHUNK_BYTES)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    settle(path.parent)
