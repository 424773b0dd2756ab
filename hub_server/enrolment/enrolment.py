"""The hub's side of an enrolment: one reader process at a time, with a limit on everything. Imports nothing heavy."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hub_server.enrolment.exchange import ANSWER_BYTES_MAX, Answer, encode_photos
from hub_server.store.limits import PHOTO_BYTES_MAX, PHOTOS_MAX

TIMEOUT_S: Final = 60.0
TURN_WAIT_S: Final = 30.0
_KEPT_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "PYTHONPATH", "SHOUWANG_RUNTIME")
_WORDS_MAX: Final = 300


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
        command: Sequence[str] = (sys.executable, "-m", "hub_server.enrolment.reader"),
        timeout_s: float = TIMEOUT_S,
        turn_wait_s: float = TURN_WAIT_S,
    ) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s
        self._turn_wait_s = turn_wait_s
        self._turn = threading.Lock()
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

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
            return _made(self._ask(encode_photos(photos)))
        finally:
            self._turn.release()

    def close(self) -> None:
        """Nobody is enrolled any more."""
        with self._changing:
            self._closed = True
            if self._process is not None:
                _kill(self._process)

    def _ask(self, question: bytes) -> Answer:
        process = self._begin()
        try:
            out, err = process.communicate(question, timeout=self._timeout_s)
        except subprocess.TimeoutExpired as error:
            raise EnrolmentUnavailableError(f"the photographs took longer than {self._timeout_s:g} s") from error
        finally:
            _kill(process)
            process.communicate()
            with self._changing:
                self._process = None
        if process.returncode != 0 or len(out) > ANSWER_BYTES_MAX:
            raise EnrolmentUnavailableError(f"the reader of photographs failed: {_last_words(err, process.returncode)}")
        try:
            return msgspec.json.decode(out, type=Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise EnrolmentUnavailableError("the reader of photographs gave no answer") from error

    def _begin(self) -> subprocess.Popen[bytes]:
        with self._changing:
            if self._closed:
                raise EnrolmentUnavailableError("the hub is stopping")
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
                    start_new_session=True,
                )
            except OSError as error:
                raise EnrolmentUnavailableError(f"the reader of photographs cannot be started: {error}") from error
            return self._process


def _made(answer: Answer) -> Made:
    if answer.trouble:
        raise EnrolmentUnavailableError(answer.trouble)
    if answer.refused:
        raise Refused(answer.refused)
    return Made(
        embedder=answer.embedder,
        template_length=answer.template_length,
        templates=tuple(answer.templates),
        qualities=tuple(answer.qualities),
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """It and all that it may have started."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # it has just ended by itself


def _last_words(err: bytes, code: int) -> str:
    lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:_WORDS_MAX] if lines else f"exit code {code}"
