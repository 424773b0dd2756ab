"""One look at a hub, whichever way."""

from dataclasses import dataclass

from edge_agent.wire.hub_status import HubHealth
from hub_server.watchdog.troubles import Kind, Trouble, of_health


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What was found. `health` is None when the hub did not say how it is."""

    where: str  # a URL, or a topic and its broker
    troubles: tuple[Trouble, ...]
    health: HubHealth | None = None


def well_or_not(where: str, health: HubHealth) -> Look:
    return Look(where=where, troubles=of_health(health), health=health)


def failed(where: str, kind: Kind, *, zh: str, en: str) -> Look:
    return Look(where=where, troubles=(Trouble(kind=kind, zh=zh, en=en),))
