"""Topic names: shouwang/v1/<site>/<device>/<channel>."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

PREFIX = "shouwang/v1"
_TOPIC = re.compile(rf"{PREFIX}/([a-z0-9][a-z0-9-]{{0,62}})/([a-z0-9][a-z0-9-]{{0,62}})/([a-z/]+)")
_PARSED_MAX = 4096  # topics that are remembered: a site has few, and each message has one
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Channel(StrEnum):
    """The last part of a topic. A device writes three of its own and reads two, nothing else."""

    UP = "up"
    ACK = "ack"
    STATUS = "status"
    BLOB_UP = "blob/up"
    BLOB_DOWN = "blob/down"


_CHANNELS = {channel.value: channel for channel in Channel}
WRITTEN_BY_DEVICE = frozenset({Channel.UP, Channel.STATUS, Channel.BLOB_UP})
READ_BY_DEVICE = frozenset({Channel.ACK, Channel.BLOB_DOWN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a message belongs."""

    site: str
    device: str

    def __post_init__(self) -> None:
        for name in (self.site, self.device):
            if not is_name(name):
                raise ValueError(f"{name!r} is no name: a-z, 0-9 and '-', at most 63, not first '-'")

    def topic(self, channel: Channel) -> str:
        return f"{PREFIX}/{self.site}/{self.device}/{channel}"


def is_name(text: str) -> bool:
    """True for what may stand in a topic as site or device."""
    return _NAME.fullmatch(text) is not None


def all_devices(site: str, channel: Channel) -> str:
    """The filter by which the hub hears one channel of every device of its site."""
    return f"{PREFIX}/{site}/+/{channel}"


@lru_cache(maxsize=_PARSED_MAX)
def parse(topic: str) -> tuple[Address, Channel] | None:
    """The address and channel of a topic, or None when it is none of ours."""
    match = _TOPIC.fullmatch(topic)
    channel = None if match is None else _CHANNELS.get(match[3])
    if match is None or channel is None:
        return None
    return Address(site=match[1], device=match[2]), channel
