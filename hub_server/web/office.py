"""What every view works with: one value, made by the factory, kept in the application."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from flask import current_app

from hub_server.store.custody import Custody
from hub_server.store.passwords import Hasher
from hub_server.store.quarantine import Released
from hub_server.store.rhythm import Habits
from hub_server.store.store import Store
from hub_server.web.certifying import Issuing, NoIssuing
from hub_server.web.commanding import Devices, NobodyListens
from hub_server.web.enrolling import Enrol
from hub_server.web.feed import Feed
from hub_server.web.join_throttle import JoinThrottle
from hub_server.web.operations import Operation
from hub_server.web.running import Figures
from hub_server.web.scopes import Scope

EXTENSION = "shouwang"


class PageRule(Protocol):
    """What the guards must know of a page (pages/rules.py)."""

    @property
    def scope(self) -> Scope | None: ...

    @property
    def looks(self) -> bool: ...

    @property
    def urgent(self) -> bool: ...

    @property
    def anywhere(self) -> str: ...

    @property
    def unbound(self) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MqttAddress:
    """Where a device finds the broker; told once, when the device is created."""

    host: str
    port: int
    site: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """The parts behind the views. `health` answers at once and has at least a `status`: "ok" or "degraded"."""

    store: Store
    operations: Mapping[str, Operation]  # by Flask's name of the endpoint
    pages: Mapping[str, PageRule]  # the same
    mqtt: MqttAddress
    health: Callable[[], Mapping[str, object]]
    feed: Feed
    custody: Custody
    enrol: Enrol
    release: Callable[[int, str, str], Released]  # a quarantined event, by whom, with what note
    figures: Callable[[], Figures]
    home: Callable[[Collection[str]], str]  # of the scopes one has: the page to begin with
    hosts: frozenset[str] = frozenset()  # names that the page goes by, besides the loopback's; "*.riverside.lan" too
    page_url: str | None = None  # of the page as others reach it, without a slash at the end; None: as the asker did
    uses_noted: dict[str, int] = field(default_factory=dict)  # of tokens, sessions -> when last written, or tried
    hasher: Hasher = field(default_factory=Hasher)
    issuing: Issuing = field(default_factory=NoIssuing)
    joins: JoinThrottle = field(default_factory=JoinThrottle)
    asked_devices: Devices = field(default_factory=NobodyListens)  # who asks them for a picture, a self test
    habits: Habits = field(default_factory=Habits)  # remembered, of everybody who is watched over

    def stop(self) -> None:
        """Ends every stream within a second; call it before the store closes."""
        self.feed.stop()


def office() -> Office:
    """The one of the application that answers this request."""
    found: Office = current_app.extensions[EXTENSION]
    return found
