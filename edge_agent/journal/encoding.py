"""Events become the rows of a journal: encoded once, and judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.errors import JournalError
from edge_agent.journal.importance import Importance, importance
from edge_agent.wire.codec import WireError, encode_event, event_hash
from edge_agent.wire.messages import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """An event as it is stored."""

    rank: Importance
    kind: str
    hash: str
    raw: bytes


class UnfitError(JournalError):
    """Some of the events cannot be journaled, ever: too large, or without an encoding. Nothing was stored of any."""

    def __init__(self, why: dict[int, str]) -> None:
        """`why` says it for the index of each of them."""
        self.why = why
        super().__init__("; ".join(f"event {at} of those given: {what}" for at, what in why.items()))


def encode_all(events: Sequence[Event]) -> list[Encoded]:
    """All of them, in order. Raises UnfitError, which names every one that is unfit."""
    encoded: list[Encoded] = []
    unfit: dict[int, str] = {}
    for at, event in enumerate(events):
        try:
            encoded.append(_encode(event))
        except (WireError, TypeError, ValueError, OverflowError, RecursionError) as error:  # what msgspec may raise
            unfit[at] = str(error)
    if unfit:
        raise UnfitError(unfit)
    return encoded


def _encode(event: Event) -> Encoded:
    raw = encode_event(event)
    kind = str(event.__struct_config__.tag)
    return Encoded(rank=importance(event), kind=kind, hash=event_hash(raw), raw=raw)
