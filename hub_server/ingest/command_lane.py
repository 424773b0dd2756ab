"""Who looks after commands, as ingest sees it."""

from typing import Protocol

from edge_agent.wire.messages import Challenge


class CommandLane(Protocol):
    """`commanding.Commanding` is the real one. Its methods only enqueue."""

    def challenged(self, challenge: Challenge) -> None: ...

    def piece(self, device: str, payload: bytes) -> None: ...


class NoCommands:
    """A hub that asks nothing of anybody."""

    def challenged(self, challenge: Challenge) -> None: ...

    def piece(self, device: str, payload: bytes) -> None: ...
