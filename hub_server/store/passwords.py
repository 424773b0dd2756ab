"""Passwords: which are good enough, and their slow hashes (argon2id). Pure but for the work; nothing is stored here.

19 MiB, 2 passes, 1 lane (OWASP's first choice of equal ones): some 50 ms a hash on an office computer. One at a time,
so that a morning's logins take 19 MiB together and never the memory that the watch lives in.
"""

import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub_server.store.errors import InvalidValueError, StoreBusyError

T = TypeVar("T")
CHARS_MIN: Final = 12
CHARS_MAX: Final = 128
WAIT_S: Final = 5.0
WAITING_MAX: Final = 12  # one more is refused at once: threads of the server are not all to stand here
WAITING_KNOWN_MAX: Final = 36  # for browsers that have logged in before: a crowd of strangers leaves them room
_BUSY: Final = "很多人在登录，请稍后再试；others are logging in: come again in a moment"
_MEMORY_KIB: Final = 19 * 1024
_OBVIOUS: Final = (
    "password",
    "passw0rd",
    "qwertyuiop",
    "1qaz2wsx",
    "0123456789",
    "1234567890",
    "0987654321",
    "9876543210",
    "abcdefghij",
    "woaini",
    "iloveyou",
    "administrator",
    "admin",
    "shouwang",
    "守望",
    "letmein",
    "welcome",
    "5201314",
    "88888888",
    "66666666",
    "123456789",
    "12345678",
    "1234567",
    "123456",
    "12345",
    "1234",
    "123",
    "654321",
    "54321",
    "4321",
    "321",
)
"""Longer ones first: what is left of a password without them must be something."""
_LEFT_MIN: Final = 5  # different characters, besides what is obvious


def normal(password: str) -> str:
    """One text for all ways to type it: full-width letters and composed accents are what they look like."""
    return unicodedata.normalize("NFKC", password)


def demand_good(password: str, *, account: str, field: str = "password") -> None:
    """Raises InvalidValueError, on `field`, unless it is of a good length and not among the first to be tried."""
    text = normal(password)
    if not CHARS_MIN <= len(text) <= CHARS_MAX or len(password) > CHARS_MAX:
        raise InvalidValueError(field, f"要 {CHARS_MIN} 至 {CHARS_MAX} 个字符；{CHARS_MIN} to {CHARS_MAX} characters")
    left = text.lower()
    for obvious in (account.lower(), *_OBVIOUS):
        left = left.replace(obvious, "")
    if len(set(left)) < _LEFT_MIN:
        raise InvalidValueError(field, "太容易猜到，请换一个；too easy to guess: choose another")


class Hasher:
    """Makes and checks hashes, one at a time. Raises StoreBusyError when too many wait, or one waits too long."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=_MEMORY_KIB, parallelism=1)
        # One thread for all: glibc keeps what a thread has freed for that thread, and the server has 128 of them.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._counting = threading.Lock()
        self._waiting = 0
        self._nobody: str | None = None
        self.worked = 0  # how often the slow work was done

    def hash(self, password: str) -> str:
        """Of a password that is set; `demand_good` has looked at it."""
        return self._work(lambda: self._argon2.hash(normal(password)), known=True)

    def fits(self, password: str, hashed: str | None, *, known: bool = False) -> bool:
        """Whether it is the password. Without a hash the same work is done, and it never is: time tells nothing.

        `known`: somebody in a browser that has logged in before, who is let in before strangers.
        """
        return self._work(lambda: self._fits(normal(password[: 2 * CHARS_MAX]), hashed), known=known)

    def is_old(self, hashed: str) -> bool:
        """It was made with other parameters than today's: hash the password again when it is at hand."""
        return self._argon2.check_needs_rehash(hashed)

    def _fits(self, password: str, hashed: str | None) -> bool:
        if self._nobody is None:
            self._nobody = self._argon2.hash("nobody has this one")
        try:
            self._argon2.verify(hashed or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None

    def _work(self, job: Callable[[], T], *, known: bool) -> T:
        with self._counting:
            if self._waiting >= (WAITING_KNOWN_MAX if known else WAITING_MAX):
                raise StoreBusyError(_BUSY)
            self._waiting += 1
        try:
            done = self._worker.submit(self._counted, job)
            try:
                return done.result(WAIT_S)
            except TimeoutError:
                if done.cancel():
                    raise StoreBusyError(_BUSY) from None
                return done.result()  # its turn has just come
        finally:
            with self._counting:
                self._waiting -= 1

    def _counted(self, job: Callable[[], T]) -> T:
        self.worked += 1
        return job()
