"""When people are told: when something new is wrong, again while it lasts, once when all is well.

Pure, but for its file. What could not be sent counts as not told, so the next round tries again.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from hub_server.watchdog.troubles import Kind

_BYTES_MAX: Final = 64 * 1024
_US_PER_S: Final = 1_000_000


class Word(StrEnum):
    """Why somebody is told."""

    ALARM = "alarm"  # something is wrong that nobody was told of
    REMINDER = "reminder"  # it still is
    ALL_CLEAR = "all_clear"


class Memory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the last round left. Times are microseconds UTC, by the watchdog's own clock."""

    since_us: dict[Kind, int] = {}  # of what was wrong at the last look
    told: tuple[Kind, ...] = ()  # of these somebody knows, and waits for the all clear
    told_us: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """`word`: what to tell now, None: nothing. `silent`: to be kept when it could not be sent, `kept`: else."""

    word: Word | None
    kept: Memory
    silent: Memory


def decide(before: Memory, kinds: Iterable[Kind], *, now_us: int, repeat_s: float) -> Decision:
    """After a look that found these."""
    since_us = {kind: min(before.since_us.get(kind, now_us), now_us) for kind in kinds}
    silent = Memory(since_us=since_us, told=before.told, told_us=before.told_us)
    word = _word(before, frozenset(since_us), now_us=now_us, repeat_s=repeat_s)
    if word is None:
        return Decision(word=None, kept=silent, silent=silent)
    return Decision(word=word, kept=Memory(since_us=since_us, told=tuple(since_us), told_us=now_us), silent=silent)


def read(path: Path) -> Memory:
    """Raises ValueError for a file that is damaged, OSError for one that cannot be read; none is a fresh memory."""
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX)
    except FileNotFoundError:
        return Memory()
    try:
        return msgspec.json.decode(content, type=Memory)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def write(path: Path, memory: Memory) -> None:
    """In one step. Raises OSError."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(memory))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _word(before: Memory, kinds: frozenset[Kind], *, now_us: int, repeat_s: float) -> Word | None:
    if not kinds:
        return Word.ALL_CLEAR if before.told else None
    if kinds - frozenset(before.told):
        return Word.ALARM
    since_s = (now_us - before.told_us) / _US_PER_S
    # A clock that went back far must not silence a reminder for as long.
    return Word.REMINDER if not 0 <= since_s < repeat_s else None
