"""One round: look, decide, tell, remember."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hub_server.watchdog import memory, words
from hub_server.watchdog.look import Look
from hub_server.watchdog.memory import Memory, Word
from hub_server.watchdog.troubles import Kind, Trouble, merged

_log = logging.getLogger(__name__)


class AlarmError(Exception):
    """Nobody could be told; the message says why, without a secret."""


class Alarm(Protocol):
    """The watchdog's own way to people."""

    def send(self, *, title: str, body: str) -> None:
        """Returns when at least one channel has taken it. Raises AlarmError."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What one round found and did."""

    at_us: int
    looks: tuple[Look, ...]
    troubles: tuple[Trouble, ...]
    since_us: dict[Kind, int]
    word: Word | None  # what people had to be told
    told: bool  # False: they had to, and could not be

    @property
    def exit_code(self) -> int:
        """0: well. 1: trouble. 3: nobody could be told of what had to be told."""
        return 3 if not self.told else 1 if self.troubles else 0

    def json(self) -> dict[str, Any]:
        return {
            "at_us": self.at_us,
            "well": not self.troubles,
            "troubles": [
                {"kind": one.kind, "since_us": self.since_us[one.kind], "zh": one.zh, "en": one.en}
                for one in self.troubles
            ],
            "word": self.word,
            "told": self.told,
        }


class Watchdog:
    """Remembers from round to round: in `state`, or without it as long as it lives."""

    def __init__(
        self,
        *,
        looks: Sequence[Callable[[], Look]],
        alarm: Alarm | None,
        name: str,
        repeat_s: float,
        now_us: Callable[[], int],
        state: Path | None = None,
    ) -> None:
        """`alarm` None: it only says what it finds."""
        self._looks = looks
        self._alarm = alarm
        self._name = name
        self._repeat_s = repeat_s
        self._now_us = now_us
        self._state = state
        self._memory = Memory()

    def round(self) -> Round:
        looks = tuple(look() for look in self._looks)
        troubles = merged(trouble for look in looks for trouble in look.troubles)
        now_us = self._now_us()
        kinds = [trouble.kind for trouble in troubles]
        decision = memory.decide(self._remembered(), kinds, now_us=now_us, repeat_s=self._repeat_s)
        told = self._tell(decision.word, troubles, decision.kept, now_us)
        self._remember(decision.kept if told else decision.silent)
        return Round(
            at_us=now_us,
            looks=looks,
            troubles=troubles,
            since_us=decision.kept.since_us,
            word=decision.word,
            told=told,
        )

    def _tell(self, word: Word | None, troubles: Sequence[Trouble], kept: Memory, now_us: int) -> bool:
        if word is None or self._alarm is None:
            return True
        try:
            self._alarm.send(
                title=words.title(word, name=self._name),
                body=words.body(word, troubles, kept.since_us, now_us=now_us),
            )
        except AlarmError as error:
            _log.error("nobody could be told: %s", error)
            return False
        return True

    def _remembered(self) -> Memory:
        if self._state is None:
            return self._memory
        try:
            return memory.read(self._state)
        except (OSError, ValueError) as error:
            _log.warning("what was told before is not known: %s", error)
            return self._memory

    def _remember(self, kept: Memory) -> None:
        self._memory = kept
        if self._state is None:
            return
        try:
            memory.write(self._state, kept)
        except OSError as error:
            _log.warning("what was told is not kept, people may be told again: %s", error)
