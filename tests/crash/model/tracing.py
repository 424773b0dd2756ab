"""strace around a living process: its calls recorded, made to fail, or its last ones."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
from nursery import WAIT_S
from strace_log import Call, read

STRACE: Final = shutil.which("strace")
_LOOK_EVERY_S: Final = 0.05
needs_strace = pytest.mark.skipif(STRACE is None, reason="no strace here: apt-get install strace")

CHANGES: Final = (
    "openat", "write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "fsync", "fdatasync",
    "sync_file_range", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "mkdir",
    "rmdir", "chmod", "fchmod",
)  # fmt: skip
"""All by which a process changes what is on a disk, but for memory that it shares with a file (SQLite's -shm)."""
LOOKS: Final = ("pread64", "lseek", "fcntl", "flock", "close", "mmap", "munmap", "fstat", "newfstatat")
"""Calls on files that change nothing there; a process may die in them as well."""


@contextmanager
def traced(pid: int, *, calls: tuple[str, ...], log: Path, inject: tuple[str, ...] = ()) -> Iterator[None]:
    """Records these calls of all threads of a process, until it ends or the block does; `inject` as strace has it."""
    assert STRACE is not None
    options = ["-f", "-y", "-xx", "-s", "100000000", "-o", str(log), "-e", f"trace={','.join(calls)}"]
    for fault in inject:
        options += ["-e", f"inject={fault}"]
    strace = subprocess.Popen([STRACE, *options, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    with strace.stderr as said:
        first = said.readline()
        assert "attached" in first, f"strace may not trace here: {first}"
        try:
            yield
        finally:
            _let_go(strace, pid)


def _let_go(strace: "subprocess.Popen[str]", pid: int) -> None:
    """The process lives on, and the record of it is whole; of a dead one nothing more is to be told."""
    strace.send_signal(signal.SIGTERM)
    for _ in range(int(WAIT_S / _LOOK_EVERY_S)):
        if _dead(pid):
            strace.kill()  # strace 6.1 waits for ever when a thread that is not the first dies by its injected signal
        with suppress(subprocess.TimeoutExpired):
            strace.wait(_LOOK_EVERY_S)
            return
    raise TimeoutError("strace does not let go")


def _dead(pid: int) -> bool:
    """Gone, or a zombie that strace has not buried."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return True


@contextmanager
def failing(pid: int, *faults: str, log: Path) -> Iterator[None]:
    """Meanwhile these calls fail: "fdatasync:error=EIO"."""
    with traced(pid, calls=tuple(fault.partition(":")[0] for fault in faults), log=log, inject=faults):
        yield


def calls_in(log: Path) -> list[Call]:
    with log.open(encoding="ascii") as lines:
        return read(lines)
