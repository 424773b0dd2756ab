"""A conversation with a process: it is told bytes, it answers bytes, and then it is gone, whatever it did."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

COMPLAINT_BYTES_MAX: Final = 8 * 1024
_PIECE_BYTES: Final = 64 * 1024
_TICK_S: Final = 0.1  # how soon `stopping` is noticed


class ConversationError(Exception):
    """It could not be started, or was ended because it took too long, said too much, or the hub is stopping."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """All that it said before it ended by itself."""

    status: int  # of its end; below 0 the signal, as subprocess has it
    answer: bytes
    complaint: bytes  # its standard error, no more than the last COMPLAINT_BYTES_MAX


def converse(
    command: Sequence[str],
    question: Iterable[bytes],
    *,
    environment: Mapping[str, str],
    timeout_s: float,
    answer_bytes_max: int,
    stopping: threading.Event,
) -> Heard:
    """Start it, tell it the question, hear it out. Raises ConversationError.

    However this returns, the process and its group have been killed and reaped. It alone waits for the process, so the
    number of the group cannot have passed to another.
    """
    process = _start(command, environment)
    try:
        talk = _Talk(process, question, answer_bytes_max)
        until = time.monotonic() + timeout_s
        with talk.ready:
            while talk.goes_on():
                left_s = until - time.monotonic()
                if stopping.is_set():
                    raise ConversationError("the hub is stopping")
                if left_s <= 0:
                    raise ConversationError(f"it took longer than {timeout_s:g} s")
                talk.step(min(left_s, _TICK_S))
    finally:
        _end(process)
    return Heard(status=process.returncode, answer=bytes(talk.answer), complaint=bytes(talk.complaint))


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise ConversationError(f"it cannot be started: {error.strerror}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of its group, before it is reaped. One that was ending keeps the status it ends with."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter: macOS, of one that has ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in _pipes(process):
        pipe.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdin, process.stdout, process.stderr


class _Talk:
    """The three pipes, none of which may block the others. Over when both outputs are closed."""

    def __init__(self, process: subprocess.Popen[bytes], question: Iterable[bytes], answer_bytes_max: int) -> None:
        self.answer = bytearray()
        self.complaint = bytearray()
        self.ready = selectors.DefaultSelector()
        self._parts = iter(question)
        self._part = memoryview(b"")
        self._answer_bytes_max = answer_bytes_max
        self._stdin, stdout, stderr = _pipes(process)
        self._outputs = 2
        for pipe, event, act in (
            (self._stdin, selectors.EVENT_WRITE, self._tell),
            (stdout, selectors.EVENT_READ, self._hear_answer),
            (stderr, selectors.EVENT_READ, self._hear_complaint),
        ):
            os.set_blocking(pipe.fileno(), False)
            self.ready.register(pipe, event, act)

    def goes_on(self) -> bool:
        return self._outputs > 0

    def step(self, wait_s: float) -> None:
        for key, _ in self.ready.select(wait_s):
            act: Callable[[int], None] = key.data
            act(key.fd)

    def _tell(self, pipe: int) -> None:
        while not self._part:
            part = next(self._parts, None)
            if part is None:
                self._fall_silent()
                return
            self._part = memoryview(part)
        try:
            self._part = self._part[os.write(pipe, self._part[:_PIECE_BYTES]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it wants to hear no more; what it says of that is heard
            self._fall_silent()

    def _fall_silent(self) -> None:
        self.ready.unregister(self._stdin)
        self._stdin.close()

    def _hear_answer(self, pipe: int) -> None:
        self.answer += self._read(pipe)
        if len(self.answer) > self._answer_bytes_max:
            raise ConversationError(f"its answer is longer than {self._answer_bytes_max} bytes")

    def _hear_complaint(self, pipe: int) -> None:
        self.complaint += self._read(pipe)
        del self.complaint[:-COMPLAINT_BYTES_MAX]

    def _read(self, pipe: int) -> bytes:
        content = os.read(pipe, _PIECE_BYTES)
        if not content:
            self.ready.unregister(pipe)
            self._outputs -= 1
        return content
