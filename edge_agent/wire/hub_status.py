"""What the hub says of itself, every 30 s, for whoever watches it. Retained; the last will says offline."""

import msgspec
from msgspec import Struct

from edge_agent.wire.codec import decode
from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import Label, Natural, Presence

EVERY_S = 30
"""How often; a watcher that hears nothing for half as long again knows that something is wrong."""


class HubHealth(Struct, frozen=True, kw_only=True):
    """How the hub is; /healthz says the same and more. Nothing here is about a person. Ages are seconds."""

    status: str  # "ok", or "degraded"
    store: str  # "ok", or what keeps the disk from taking writes
    broker: str  # "connected": the hub hears the devices
    watch: str  # "judging", "draining" (listening first, after a start or an outage) or "late"
    tick_age_s: float | None  # since the watch last judged; null: it does not run
    write_age_s: float | None  # since the disk last took a write; the hub makes one when nobody else does
    unsent_age_s: float | None  # of the oldest notice that should have gone out and did not; null: there is none
    failing: Natural  # messages that were tried and are not out


class HubStatus(Struct, frozen=True, kw_only=True, tag="hub_status", tag_field="type"):
    """`health` is null with offline."""

    state: Presence
    hub: Label  # program and version
    health: HubHealth | None = None


_status: msgspec.json.Decoder[HubStatus] = msgspec.json.Decoder(HubStatus)
_health: msgspec.json.Decoder[HubHealth] = msgspec.json.Decoder(HubHealth)


def decode_hub_status(payload: bytes) -> HubStatus:
    """What stands on the hub's status topic. Raises WireError."""
    return decode(_status, payload, PAYLOAD_BYTES_MAX)


def decode_hub_health(payload: bytes) -> HubHealth:
    """What /healthz answers, as far as a watcher needs it. Raises WireError."""
    return decode(_health, payload, PAYLOAD_BYTES_MAX)
