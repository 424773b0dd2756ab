"""The hub's side of an enrolment: one reader process at a time, with a limit on everything. Imports nothing heavy."""

import math
import os
import signal
import struct
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hub_server.enrolment.conversation import ConversationError, Heard, converse
from hub_server.enrolment.exchange import ANSWER_BYTES_MAX, NotTaken, Taken, Unable, decode_answer, question
from hub_server.store.limits import PHOTO_BYTES_MAX, PHOTOS_MAX

TIMEOUT_S: Final = 60.0
TURN_WAIT_S: Final = 30.0
CLOSE_WAIT_S: Final = 3.0

READER: Final = (sys.executable, "-P", "-m", "hub_server.enrolment.reader")
"""-P: nothing is imported from the folder that the hub was started in."""

_KEPT_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "SHOUWANG_RUNTIME")
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each more claims memory from the limit
_WORDS_MAX: Final = 300
_UNIT_TOLERANCE: Final = 1e-3
_FLOAT32_BYTES: Final = 4


class Refused(Exception):  # noqa: N818 the photographs are at fault, not we
    """No template: why not, by the place of the photograph from 0, in words for a person."""

    def __init__(self, reasons: dict[int, str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(f"photo {place + 1}: {reason}" for place, reason in sorted(reasons.items())))


class EnrolmentUnavailableError(Exception):
    """Photographs cannot be read here: a package or model is missing, or the reader failed. The message says which."""


class EnrolmentBusyError(Exception):
    """Others are being enrolled; try again in a while."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What the photographs gave."""

    embedder: str
    template_length: int
    templates: tuple[bytes, ...] = field(repr=False)  # float32 little-endian, template_length each, of unit length
    qualities: tuple[float, ...]  # of each photograph in its order, 0 to 1


class Enroller:
    """For any thread. `close` ends an enrolment under way."""

    def __init__(
        self,
        *,
        command: Sequence[str] = READER,
        timeout_s: float = TIMEOUT_S,
        turn_wait_s: float = TURN_WAIT_S,
    ) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s
        self._turn_wait_s = turn_wait_s
        self._turn = threading.Lock()
        self._stopping = threading.Event()

    def enrol(self, photos: Sequence[bytes]) -> Made:
        """One template for all photographs together.

        Raises Refused, EnrolmentUnavailableError, EnrolmentBusyError; ValueError for none, too many, or too large ones.
        """
        if not 1 <= len(photos) <= PHOTOS_MAX:
            raise ValueError(f"{len(photos)} photographs: 1 to {PHOTOS_MAX}")
        if any(len(photo) > PHOTO_BYTES_MAX for photo in photos):
            raise ValueError(f"a photograph is larger than {PHOTO_BYTES_MAX} bytes")
        if not self._turn.acquire(timeout=self._turn_wait_s):
            raise EnrolmentBusyError("others are being enrolled: try again in a while")
        try:
            heard = self._ask(photos)
        finally:
            self._turn.release()
        return _made(heard, len(photos))

    def close(self) -> None:
        """Nobody is enrolled any more; who is being read has ended when this returns."""
        self._stopping.set()
        if self._turn.acquire(timeout=CLOSE_WAIT_S):
            self._turn.release()

    def _ask(self, photos: Sequence[bytes]) -> Heard:
        if self._stopping.is_set():
            raise EnrolmentUnavailableError("the hub is stopping")
        try:
            return converse(
                self._command,
                question(photos),
                environment={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ} | _ONE_THREAD,
                timeout_s=self._timeout_s,
                answer_bytes_max=ANSWER_BYTES_MAX,
                stopping=self._stopping,
            )
        except ConversationError as error:
            raise EnrolmentUnavailableError(f"the reader of photographs was not heard out: {error}") from error


def _made(heard: Heard, count: int) -> Made:
    """The answer about `count` photographs, believed only where it can be one."""
    if heard.status != 0:
        raise EnrolmentUnavailableError(f"the reader of photographs failed: {_last_words(heard)}")
    try:
        answer = decode_answer(heard.answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EnrolmentUnavailableError("the reader of photographs gave no answer") from error
    match answer:
        case Unable(trouble=trouble):
            raise EnrolmentUnavailableError(f"photographs cannot be read here: {trouble}")
        case NotTaken(reasons=reasons) if set(reasons) <= set(range(count)):
            raise Refused(reasons)
        case Taken() if len(answer.qualities) == count and all(_is_template(t, answer) for t in answer.templates):
            return Made(
                embedder=answer.embedder,
                template_length=answer.template_length,
                templates=answer.templates,
                qualities=answer.qualities,
            )
    raise EnrolmentUnavailableError("the reader of photographs gave an answer that cannot be true")


def _is_template(content: bytes, answer: Taken) -> bool:
    if len(content) != answer.template_length * _FLOAT32_BYTES:
        return False
    length = math.hypot(*struct.unpack(f"<{answer.template_length}f", content))
    return abs(length - 1) < _UNIT_TOLERANCE  # false for what is no number, too


def _last_words(heard: Heard) -> str:
    lines = [line.strip() for line in heard.complaint.decode("utf-8", "replace").splitlines() if line.strip()]
    words = "".join(letter if letter.isprintable() else "?" for letter in lines[-1][:_WORDS_MAX]) if lines else ""
    end = f"exit status {heard.status}" if heard.status > 0 else f"ended by {_signal_name(-heard.status)}"
    return f"{words} ({end})" if words else end


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"
