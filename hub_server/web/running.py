"""What only the running parts of the hub know of themselves: hub_server.app gathers it, /metrics shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Since this process started. The defaults are those of a hub that hears no devices."""

    inbox_messages: int = 0
    inbox_bytes: int = 0
    dropped: int = 0  # by the inbox, of all devices
    throttled: Mapping[str, int] = field(default_factory=dict)  # the same by device
    ignored: int = 0  # on topics that are none of ours
    transactions: int = 0
    messages: int = 0  # taken in by them
    refused: int = 0  # of them, whoever sent them
    failed: int = 0  # that the store did not take
    ticked_us: int | None = None  # when the watch last judged
