"""What a process did to its files, fed to the model of a disk in the order in which it counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from power_cut import Disk
from strace_log import Call
from tracing import CHANGES

STDOUT: Final = "1"
SYNCS: Final = {"fsync", "fdatasync"}
MODELLED: Final = {
    "openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "unlink", "rename", "chmod", "fchmod",
}  # fmt: skip
"""Of what may change a disk; another call in a record is an error: nothing is left out of the model unnoticed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """After a call: how many steps had been acknowledged."""

    call: Call
    told: int

    @property
    def sync(self) -> bool:
        return self.call.name in SYNCS

    @property
    def word(self) -> bool:
        """A step has just been acknowledged."""
        return _is_word(self.call)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def replay(calls: list[Call], disk: Disk, folder: Path) -> Iterator[Moment]:
    """Feeds the disk, call by call, with what happens below `folder`.

    An acknowledgement counts from the moment in which it was begun, all else when it was done: the strictest order.
    """
    told = 0
    root = str(folder)
    offsets: dict[str, int] = {}
    for call in sorted(calls, key=lambda call: call.began if _is_word(call) else call.ended):
        if _is_word(call):
            told = max([told, *(int(word) for word in call.text(1).split() if word.isdigit())])
            yield Moment(call=call, told=told)
        elif call.error is not None and call.name not in SYNCS:
            continue  # it changed nothing
        elif call.name not in MODELLED:
            raise AssertionError(f"{call.name} is not in the model")
        elif call.result is not None and _path(call).startswith(root):
            _feed(disk, call, offsets)
            yield Moment(call=call, told=told)


def _is_word(call: Call) -> bool:
    return call.name == "write" and call.descriptor()[0] == STDOUT


def _path(call: Call) -> str:
    if call.name in {"unlink", "rename", "chmod"}:
        return call.text(0).decode()
    return call.opened or "" if call.name == "openat" else call.descriptor()[1]


def _feed(disk: Disk, call: Call, offsets: dict[str, int]) -> None:
    path = _path(call)
    if call.name in SYNCS:
        disk.sync(path, works=call.error is None)
    elif call.name == "openat":
        disk.open(path, create="O_CREAT" in call.args[2], truncate="O_TRUNC" in call.args[2])
        offsets[path] = 0
    elif call.name == "pwrite64":
        disk.write(path, call.number(3), call.text(1)[: call.result])
    elif call.name == "write":
        disk.write(path, offsets[path], call.text(1)[: call.result])
        offsets[path] += call.result or 0
    elif call.name == "ftruncate":
        disk.write(path, call.number(1), None)
    elif call.name == "unlink":
        disk.unlink(path)
    elif call.name == "rename":
        disk.rename(path, call.text(1).decode())


assert set(CHANGES) >= MODELLED
