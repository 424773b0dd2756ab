"""What a device can do at the office's word: a kind of command each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge_agent.wire.commands import Command, Piece, Refusal


class NotSetUpError(Exception):
    """This device lacks what it takes: nothing was tried. The message is for the log."""

    refusal = Refusal.NOT_SET_UP


class CommandFailedError(Exception):
    """It was tried, and is not done; the message, at most 128 characters, goes to the office."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What an ability brought: facts for the journal, and a picture's sealed pieces for the hub."""

    facts: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[Piece] = ()


class Ability(Protocol):
    """Runs in the desk's thread, one at a time; anything slow in it makes the commands behind it stale."""

    def __call__(self, command: Command, /) -> Done:
        """Raises NotSetUpError, CommandFailedError."""
        ...
