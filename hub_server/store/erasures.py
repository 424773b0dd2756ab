"""Erasures: an append-only file beside the backups, so that no restored backup brings anybody back.

One line of JSON for each erasure, in order. `digest` is SHA-256 over the digest of the line before (64 zeros for the
first) and the line itself with 64 zeros as its digest, so an edited, removed or inserted line shows. A file that was
cut short is still a chain: against that, keep the `Head` elsewhere (in the database and in every backup).

The file names pseudonymous ids and key ids, and nothing else about a person. It is written before anything is erased.
"""

import errno
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.messages import Hash, Microseconds, PersonId
from hub_server.store.errors import StoreError

LINE_BYTES_MAX: Final = 4096
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
KEYS_MAX: Final = 64  # of one erasure
GENESIS: Final = "0" * 64

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


class ErasuresError(StoreError):
    """The file was edited, cut short, or cannot be believed. The hub must not serve before a person has looked."""


class Scope(StrEnum):
    BIOMETRICS = "biometrics"  # template and photo; the person stays, and may enrol again with new keys
    PERSON = "person"  # everything; the id is never given again
    # One purpose was withdrawn while others stay: no key goes, but a backup must not bring that purpose back.
    DOOR = "door"
    WELFARE = "welfare"
    WATCHLIST = "watchlist"


class Erasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line. `keys` are the data keys that went with it; `at_us` is the hub's wall clock, UTC."""

    n: Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
    erasure: Id
    person: PersonId
    scope: Scope
    at_us: Microseconds
    keys: Annotated[tuple[Id, ...], Meta(max_length=KEYS_MAX)]
    digest: Hash


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """How far the file went when somebody last looked: the number of lines and the last one's digest."""

    n: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """What a restored database must lose before it serves. Ids in order, each once."""

    persons: tuple[str, ...]  # with everything they have
    biometrics: tuple[str, ...]  # templates and photos of these; none of them is in `persons`
    keys: frozenset[str]  # to be destroyed in the keyring, if they are there


_decoder: Final = msgspec.json.Decoder(Erasure)


class ErasureLog:
    """The file, read and verified. For one process and one thread."""

    def __init__(self, path: Path, *, at_least: Head | None = None) -> None:
        """Reads `path`; not there means no erasures. A last line that a crash tore is cut off: it was never promised.

        Raises ErasuresError for a broken chain, or when what `at_least` has seen is not there any more; OSError.
        """
        self._path = path
        content = path.read_bytes() if path.exists() else b""
        if len(content) > FILE_BYTES_MAX:
            raise ErasuresError(f"{path} is larger than {FILE_BYTES_MAX} bytes")
        whole_bytes = content.rfind(b"\n") + 1
        self._erasures = verify(content[:whole_bytes])
        _check_reaches(self._erasures, at_least)
        if whole_bytes < len(content):
            self._cut(whole_bytes)

    @property
    def erasures(self) -> tuple[Erasure, ...]:
        return tuple(self._erasures)

    @property
    def head(self) -> Head:
        """To be kept elsewhere after each `append`."""
        last = self._erasures[-1] if self._erasures else None
        return Head(n=0, digest=GENESIS) if last is None else Head(n=last.n, digest=last.digest)

    def append(self, *, erasure: str, person: str, scope: Scope, keys: Iterable[str], at_us: int) -> Erasure:
        """One more line, durable on return. The same `erasure` id again is the same erasure: its line is returned.

        Raises ErasuresError for values out of range, OSError: then nothing was promised, and a new log shows what is.
        """
        known = next((line for line in self._erasures if line.erasure == erasure), None)
        if known is not None:
            if (known.person, known.scope) != (person, scope):
                raise ErasuresError(f"the erasure {erasure} is another one")
            return known
        head = self.head
        blank = Erasure(
            n=head.n + 1, erasure=erasure, person=person, scope=scope, at_us=at_us, keys=tuple(keys), digest=GENESIS
        )
        line = msgspec.structs.replace(blank, digest=_digest(head.digest, blank))
        raw = msgspec.json.encode(line) + b"\n"
        _parse(raw[:-1])  # msgspec checks ranges when it reads
        self._write(raw)
        self._erasures.append(line)
        return line

    def _write(self, raw: bytes) -> None:
        created = not self._path.exists()
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            before_bytes = os.fstat(fd).st_size
            try:
                _write_all(fd, raw)
                os.fsync(fd)
            except OSError:
                os.ftruncate(fd, before_bytes)  # else the next line would be glued to half a line
                raise
        finally:
            os.close(fd)
        if created:
            self._sync_folder()

    def _cut(self, length_bytes: int) -> None:
        with self._path.open("r+b") as file:
            file.truncate(length_bytes)
            os.fsync(file.fileno())

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def verify(content: bytes) -> list[Erasure]:
    """The erasures of a file of whole lines. Raises ErasuresError at the first line that does not follow."""
    erasures: list[Erasure] = []
    previous = GENESIS
    for number, raw in enumerate(content.split(b"\n")[:-1], start=1):
        line = _parse(raw)
        if line.n != number or line.digest != _digest(previous, line) or msgspec.json.encode(line) != raw:
            raise ErasuresError(f"line {number} of the erasures does not follow from the one before: it was edited")
        previous = line.digest
        erasures.append(line)
    return erasures


def plan(erasures: Iterable[Erasure], restored: Mapping[str, frozenset[str]]) -> Replay:
    """What to erase again in a restored database. `restored`: its people, and the ids of the keys each has rows under.

    A person erased whole goes, whatever the clock said. Of one who withdrew and enrolled again later, only rows under
    the old keys make a case: a backup from after the second enrolment keeps it.
    """
    past = list(erasures)
    persons = {line.person for line in past if line.scope is Scope.PERSON} & restored.keys()
    keys = frozenset(key for line in past for key in line.keys)
    biometrics = {person for person, held in restored.items() if held & keys} - persons
    return Replay(persons=tuple(sorted(persons)), biometrics=tuple(sorted(biometrics)), keys=keys)


def _write_all(fd: int, raw: bytes) -> None:
    """One write, so that a torn line has no line feed."""
    if os.write(fd, raw) != len(raw):
        raise OSError(errno.ENOSPC, "no space left for an erasure")


def _parse(raw: bytes) -> Erasure:
    if len(raw) >= LINE_BYTES_MAX:
        raise ErasuresError(f"a line of {len(raw)} bytes; {LINE_BYTES_MAX} is the limit")
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ErasuresError(f"a line of the erasures cannot be read: {error}") from error


def _digest(previous: str, line: Erasure) -> str:
    blank = msgspec.structs.replace(line, digest=GENESIS)
    return hashlib.sha256(previous.encode() + msgspec.json.encode(blank)).hexdigest()


def _check_reaches(erasures: list[Erasure], at_least: Head | None) -> None:
    if at_least is None or at_least.n == 0:
        return
    if len(erasures) < at_least.n:
        raise ErasuresError(f"the erasures were cut short: {len(erasures)} lines are left of {at_least.n}")
    if erasures[at_least.n - 1].digest != at_least.digest:
        raise ErasuresError(f"line {at_least.n} of the erasures is not the one that was there: it was rewritten")
