"""Who may speak at the broker, and about what: the text of Mosquitto's access list. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_config import mosquitto
from firmware_config.ca.authority import HUB_NAME
from firmware_config.mosquitto import Account, MosquittoSite, Tls

_NOWHERE: Final = Path("/nonexistent")  # of the configuration, which is not ours to write


@dataclass(frozen=True, kw_only=True, slots=True)
class Guests:
    """Who else may read what the hub tells, by the names of their certificates."""

    watchdogs: tuple[str, ...] = ()  # how the hub is, and nothing else
    listeners: tuple[str, ...] = ()  # that, and the alerts, which name people


def access_list(site: str, devices: Sequence[str], guests: Guests) -> str:
    """Raises ValueError for names that cannot stand in it, or that stand for two."""
    return mosquitto.access_list(
        MosquittoSite(
            site=site,
            host="localhost",
            port=8883,
            folder=_NOWHERE,
            hub=Account(username=HUB_NAME),
            devices=_accounts(devices),
            watchdogs=_accounts(guests.watchdogs),
            listeners=_accounts(guests.listeners),
            tls=Tls(ca=_NOWHERE, certificate=_NOWHERE, key=_NOWHERE),
        )
    )


def _accounts(names: Sequence[str]) -> tuple[Account, ...]:
    return tuple(Account(username=name) for name in names)
