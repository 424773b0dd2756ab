"""Topic names: shouwang/v1/<site>/<device>/<channel>, and the hub's own: shouwang/v1/<site>/hub/<channel>."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

PREFIX = "shouwang/v1"
_TOPIC = re.compile(rf"{PREFIX}/([a-z0-9][a-z0-9-]{{0,62}})/([a-z0-9][a-z0-9-]{{0,62}})/([a-z/]+)")
_PARSED_MAX = 4096  # topics that are remembered: a site has few, and each message has one
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Channel(StrEnum):
    """The last part of a topic. A device writes three of its own and reads three, nothing else."""

    UP = "up"
    ACK = "ack"
    CMD = "cmd"
    STATUS = "status"
    BLOB_UP = "blob/up"
    BLOB_DOWN = "blob/down"


HUB = "hub"
"""Stands where a device's name would: no device may have it."""


class HubChannel(StrEnum):
    """What the hub tells whoever watches it or listens for alerts. It alone writes there, and no device reads it."""

    STATUS = "status"  # retained, with a last will
    ALERT = "alert"  # names people


_CHANNELS = {channel.value: channel for channel in Channel}
WRITTEN_BY_DEVICE = frozenset({Channel.UP, Channel.STATUS, Channel.BLOB_UP})
READ_BY_DEVICE = frozenset({Channel.ACK, Channel.CMD, Channel.BLOB_DOWN})


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


def is_device(text: str) -> bool:
    """True for what a device may be called: any name but the hub's."""
    return is_name(text) and text != HUB


def hub_topic(site: str, channel: HubChannel) -> str:
    """Where the hub of a site speaks for itself. Raises ValueError for what is no name of a site."""
    return f"{PREFIX}/{Address(site=site, device=HUB).site}/{HUB}/{channel}"


def all_devices(site: str, channel: Channel) -> str:
    """The filter by which the hub hears one channel of every device of its site; of its own topics, too."""
    return f"{PREFIX}/{site}/+/{channel}"


@lru_cache(maxsize=_PARSED_MAX)
def parse(topic: str) -> tuple[Address, Channel] | None:
    """The address and channel of a device's topic, or None when it is none: the hub's own are none either."""
    match = _TOPIC.fullmatch(topic)
    channel = None if match is None else _CHANNELS.get(match[3])
    if match is None or channel is None or match[2] == HUB:
        return None
    return Address(site=match[1], device=match[2]), channel
