"""What a power cut may leave of files, from a record of what was written and synced.

The rules are the poorest that a disk under Linux may follow:

* What a file's fsync or fdatasync confirmed stays. Of the writes and truncations since, any may be there and any not,
  in any combination, each also in part: sectors of 512 bytes, or pages of 4096.
* A write that is not there may still have made the file longer; what was not written reads as zeros.
* A failed fsync confirms nothing, and the kernel may drop what it could not write: a later fsync that succeeds does not
  bring it back. Only writing it again does.
* A name made, changed or removed counts once its folder was synced. Until then a cut leaves any number of these
  steps, but in their order, as journaling file systems do. A file's own fsync does not keep its name.
* Memory that is shared with a file (SQLite's -shm) is not in the record: the file is gone, or full of noise.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Final

SECTOR_BYTES: Final = 512
PAGE_BYTES: Final = 4096


class Fate(Enum):
    """Of a write."""

    PENDING = "pending"
    SYNCED = "synced"
    DOOMED = "doomed"  # an fsync failed with it: no later one confirms it


@dataclass(kw_only=True, slots=True)
class Write:
    """Bytes at an offset; without bytes the file is cut, or extended, to end at the offset."""

    offset: int
    data: bytes | None
    fate: Fate = Fate.PENDING

    def pieces(self, grain: int | None) -> "Iterator[Write]":
        """The same in parts that a disk writes at once."""
        if grain is None or self.data is None:
            yield self
            return
        at, end = self.offset, self.offset + len(self.data)
        while at < end:
            until = min(end, (at // grain + 1) * grain)
            yield Write(offset=at, data=self.data[at - self.offset : until - self.offset])
            at = until


@dataclass(kw_only=True, slots=True)
class File:
    """A file's content as far as it is sure, and what was done to it since."""

    content: bytearray = field(default_factory=bytearray)
    writes: list[Write] = field(default_factory=list)

    def sync(self, *, works: bool) -> None:
        for write in self.writes:
            if write.fate is Fate.PENDING:
                write.fate = Fate.SYNCED if works else Fate.DOOMED
        if all(write.fate is Fate.SYNCED for write in self.writes):
            for write in self.writes:
                _apply(self.content, write)
            self.writes = []

    def unsure(self) -> int:
        return sum(write.fate is not Fate.SYNCED for write in self.writes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Of a folder: a name is made (`new`), removed (`old`), or both: changed."""

    old: str | None
    new: str | None
    file: File | None = None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One way in which the power may fail now. Pieces are numbered over all files, in the order of their writing."""

    kept: frozenset[int]
    grain: int | None = None
    names: int = 0  # so many of the steps of folders
    lengths: bool = False  # what is not there has made its file longer all the same
    noise: int | None = None  # seed of what stands in a -shm file; None: there is none


class Disk:
    """Fed with what a process does; tells what a cut may leave."""

    def __init__(self, files: dict[str, bytes]) -> None:
        """`files`: what is there and synced, by path."""
        self._sure = {path: File(content=bytearray(content)) for path, content in files.items()}
        self._names = dict(self._sure)  # as the process sees them
        self._steps: list[Step] = []
        self._writes: list[tuple[File, Write]] = []  # that are not sure, in order

    # --- what is done ---

    def open(self, path: str, *, create: bool, truncate: bool) -> None:
        if path not in self._names and create:
            made = File()
            self._names[path] = made
            self._steps.append(Step(old=None, new=path, file=made))
        elif truncate and path in self._names:
            self.write(path, 0, None)

    def write(self, path: str, offset: int, data: bytes | None) -> None:
        file, write = self._names[path], Write(offset=offset, data=data)
        file.writes.append(write)
        self._writes.append((file, write))

    def sync(self, path: str, *, works: bool = True) -> None:
        """Of a file, or of a folder."""
        if path in self._names:
            self._names[path].sync(works=works)
            self._writes = [(file, write) for file, write in self._writes if write.fate is not Fate.SYNCED]
        elif works:
            self._sync_folder(path)

    def rename(self, old: str, new: str) -> None:
        self._names[new] = self._names.pop(old)
        self._steps.append(Step(old=old, new=new))

    def unlink(self, path: str) -> None:
        del self._names[path]
        self._steps.append(Step(old=path, new=None))

    # --- what is left ---

    @property
    def steps(self) -> int:
        """Of folders, that are not sure."""
        return len(self._steps)

    def pieces(self, grain: int | None) -> int:
        return sum(1 for _, write in self._writes for _ in write.pieces(grain))

    def image(self, cut: Cut) -> dict[str, bytes]:
        """The files after a cut."""
        kept = self._kept(cut)
        names = dict(self._sure)
        for step in self._steps[: cut.names]:
            _take(names, step)
        files = {path: self._content(file, kept, lengths=cut.lengths) for path, file in names.items()}
        files = {path: content for path, content in files.items() if not path.endswith("-shm")}
        if cut.noise is not None:
            noise = random.Random(cut.noise)
            files |= {path[:-4] + "-shm": noise.randbytes(32768) for path in files if path.endswith("-wal")}
        return files

    def _kept(self, cut: Cut) -> dict[int, list[Write]]:
        """The pieces that are there, by the identity of their write."""
        kept: dict[int, list[Write]] = {}
        number = 0
        for _, write in self._writes:
            kept[id(write)] = []
            for piece in write.pieces(cut.grain):
                if number in cut.kept:
                    kept[id(write)].append(piece)
                number += 1
        return kept

    @staticmethod
    def _content(file: File, kept: dict[int, list[Write]], *, lengths: bool) -> bytes:
        content = bytearray(file.content)
        for write in file.writes:
            if write.fate is Fate.SYNCED:
                _apply(content, write)
                continue
            for piece in kept[id(write)]:
                _apply(content, piece)
            if lengths and write.data is not None:
                content.extend(bytes(max(0, write.offset + len(write.data) - len(content))))
        return bytes(content)

    def _sync_folder(self, folder: str) -> None:
        """Everything up to its last step counts: in the order in which they were made."""
        mine = [number for number, step in enumerate(self._steps) if folder in {_folder(step.old), _folder(step.new)}]
        until = mine[-1] + 1 if mine else 0
        for step in self._steps[:until]:
            _take(self._sure, step)
        self._steps = self._steps[until:]


def cuts(disk: Disk, rng: random.Random, *, singles: int, mixtures: int) -> Iterator[Cut]:
    """All of it, nothing of it, single pieces alone and missing, and any mixture; at most so many of each sort."""
    whole = disk.pieces(None)
    everything = frozenset(range(whole))
    yield Cut(kept=everything, names=disk.steps)
    yield Cut(kept=frozenset(), noise=rng.getrandbits(32))
    yield Cut(kept=frozenset(), names=disk.steps, lengths=True)
    for one in rng.sample(range(whole), min(singles, whole)):
        yield Cut(kept=frozenset({one}), names=rng.randint(0, disk.steps), lengths=rng.random() < 0.5)
        yield Cut(kept=everything - {one}, names=rng.randint(0, disk.steps), lengths=rng.random() < 0.5)
    for _ in range(mixtures if whole else 0):
        grain = rng.choice([None, SECTOR_BYTES, PAGE_BYTES])
        share = rng.random()
        yield Cut(
            kept=frozenset(number for number in range(disk.pieces(grain)) if rng.random() < share),
            grain=grain,
            names=rng.randint(0, disk.steps),
            lengths=rng.random() < 0.5,
            noise=rng.getrandbits(32) if rng.random() < 0.5 else None,
        )


def lay_out(image: dict[str, bytes], *, was: Path, folder: Path) -> None:
    """The files of an image in a new folder, instead of in the one of the record."""
    for path, content in image.items():
        target = folder / PurePosixPath(path).relative_to(was.as_posix())
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _apply(content: bytearray, write: Write) -> None:
    if write.data is None:
        content[:] = content[: write.offset].ljust(write.offset, b"\0")
        return
    if len(content) < write.offset:
        content.extend(bytes(write.offset - len(content)))
    content[write.offset : write.offset + len(write.data)] = write.data


def _take(names: dict[str, File], step: Step) -> None:
    if step.file is not None and step.new is not None:
        names[step.new] = step.file
    elif step.old is not None:
        file = names.pop(step.old)
        if step.new is not None:
            names[step.new] = file


def _folder(path: str | None) -> str | None:
    return None if path is None else str(PurePosixPath(path).parent)
