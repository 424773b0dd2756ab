"""The files of a card as a tar: for whoever builds images, and as they travel over SSH. The same bytes each time."""

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from firmware_config.boot.detect import BootError
from firmware_config.device.card import WHEELS
from firmware_config.device.files import FILE_MODE, Files
from firmware_config.disk import settle

TIME_S: Final = 1577836800  # 2020-01-01: no file tells when it was written
_FOLDER_MODE: Final = 0o755


def write_tar(stream: BinaryIO, files: Files, wheels: Mapping[str, Path]) -> None:
    """USTAR, owned by root, in the order of the names. Raises OSError."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        made: set[str] = set()
        copied = {f"{WHEELS}/{name}": path for name, path in wheels.items()}
        for name in sorted([*files, *copied]):
            _add_folders(tar, name, made)
            content = files[name].text.encode() if name in files else copied[name].read_bytes()
            mode = files[name].mode if name in files else FILE_MODE
            tar.addfile(_member(name, mode=mode, size=len(content)), io.BytesIO(content))


def _add_folders(tar: tarfile.TarFile, name: str, made: set[str]) -> None:
    parts = name.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        folder = "/".join(parts[:depth])
        if folder not in made:
            made.add(folder)
            member = _member(folder, mode=_FOLDER_MODE, size=0)
            member.type = tarfile.DIRTYPE
            tar.addfile(member)


def _member(name: str, *, mode: int, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.size, member.mtime = mode, size, TIME_S
    member.uname = member.gname = "root"
    return member


def write_bundle(file: Path, files: Files, wheels: Mapping[str, Path], *, force: bool = False) -> str:
    """A new file, 0600 since a token is in it; gives its SHA-256. Raises BootError."""
    if file.exists() and not force:
        raise BootError(f"there is already {file}: --force replaces it", zh=f"{file} 已经有了；要覆盖，请加 --force")
    part = file.with_name(f".{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            write_tar(stream, files, wheels)
            stream.flush()
            os.fsync(descriptor)
        part.replace(file)
        settle(file.absolute().parent)
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BootError(f"{error.filename or file}: {error.strerror or error}") from error
