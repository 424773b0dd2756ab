"""What somebody who watches the hub itself needs: it is measured here, told on /healthz and over MQTT. No rule."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from edge_agent.wire.hub_status import EVERY_S, HubHealth, HubStatus
from edge_agent.wire.messages import Presence, wire_bytes
from edge_agent.wire.topics import HubChannel
from hub_server.ingest.subscriber import PROGRAM
from hub_server.scheduler import Pulse
from hub_server.store import delivery
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.store import Store

UNSENT_S_MAX: Final = 600.0
"""DESIGN section 5: sending is tried for ever, but a notice that is not out after so long is no good hub."""
WRITE_AGE_S_MAX: Final = 4 * EVERY_S
_UNHEARD_S: Final = 2.0  # and no longer, until a broker takes it: the last will still says that the hub is gone
_DIGITS: Final = 1  # of an age in seconds
_log = logging.getLogger(__name__)


def measure(store: Store | None, *, tick_age_s: float | None) -> dict[str, Any]:
    """The figures of HubHealth; answers at once, whatever is stuck. Ages are seconds."""
    return {
        "tick_age_s": _rounded(tick_age_s),
        "write_age_s": None if store is None else _rounded(store.write_age_s),
        **_delivery(store),
    }


def is_well(health: Mapping[str, Any]) -> bool:
    """Whether broker, watch, store and delivery do their work."""
    return (
        health["store"] == "ok"
        and health["broker"] == "connected"
        and health["watch"] != Pulse.LATE
        and (health["write_age_s"] or 0.0) <= WRITE_AGE_S_MAX
        and (health["unsent_age_s"] or 0.0) <= UNSENT_S_MAX
    )


class Heartbeat:
    """One thread: every EVERY_S it has the disk take a write, if nobody else had, and tells how the hub is."""

    def __init__(
        self,
        *,
        store: Store,
        health: Callable[[], Mapping[str, object]],
        publish: Callable[[HubChannel, bytes], bool],
        every_s: float = EVERY_S,
    ) -> None:
        """`publish` must not raise; it says whether the broker is there to hear."""
        self._store = store
        self._health = health
        self._publish = publish
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def beat(self) -> bool:
        """Whether it was told. Raises StoreClosedError; nothing else that the store may say."""
        if self._store.write_age_s > self._every_s / 2:
            self._probe()
        health = msgspec.convert(self._health(), HubHealth)
        status = HubStatus(state=Presence.ONLINE, hub=PROGRAM, health=health)
        return self._publish(HubChannel.STATUS, wire_bytes(status))

    def _run(self) -> None:
        wait_s = 0.0
        while not self._stopping.wait(wait_s):
            wait_s = self._every_s
            try:
                if not self.beat():
                    wait_s = min(_UNHEARD_S, self._every_s)
            except StoreClosedError:
                return
            except Exception:  # noqa: BLE001 the root of the thread: the next beat may do
                _log.exception("how the hub is could not be told")

    def _probe(self) -> None:
        try:
            self._store.probe()
        except StoreClosedError:
            raise
        except StoreError as error:  # its age says it: nobody was heard to write
            _log.warning("the disk took no write: %s", error)


def _delivery(store: Store | None) -> dict[str, Any]:
    nothing = {"unsent_age_s": None, "failing": 0}
    if store is None:
        return nothing
    try:
        with store.read() as db:
            found = delivery.backlog(db, now_us=store.now_us())
    except (StoreError, sqlite3.Error):
        return nothing  # `store` and `alarms` say that it cannot be read
    return {"unsent_age_s": _rounded(found.unsent_age_s), "failing": found.failing}


def _rounded(age_s: float | None) -> float | None:
    return None if age_s is None else round(age_s, _DIGITS)
