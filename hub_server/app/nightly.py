"""The thread of what is done once a day: the audit's head is exported, and what is old enough is deleted."""

import logging
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from typing import Final

from hub_server.app.audit_head import HeadExport
from hub_server.store import alarms, retention
from hub_server.store.alarms import HUB, AlarmKind
from hub_server.store.custody import Custody
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.expiring import STEP_US_MAX, Expiry, Ran
from hub_server.store.store import Store
from hub_server.watch.zone import OFFICE_ZONE

LOOK_S: Final = 300.0
NIGHT: Final = (2, 5)
"""Hours of the office's clock between which retention begins by itself."""
RUN_S_MAX: Final = 3 * 3600.0
BY_DAY_AFTER_S: Final = 2 * 3600.0
"""Where the hub is off at night it runs by day, once the hub has been up for so long that a wrong clock shows."""
_DAY: Final = timedelta(days=1)
_log = logging.getLogger(__name__)


class Nightly:
    """Starts with the hub and stops with it, within one small transaction."""

    def __init__(self, *, store: Store, custody: Custody, heads: HeadExport, look_s: float = LOOK_S) -> None:
        self._store = store
        self._custody = custody
        self._heads = heads
        self._look_s = look_s
        self._up_s = 0.0
        self._ran_us: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nightly", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def look(self) -> Ran | None:
        """What is due now; what retention did, None when it was not due. Raises StoreError."""
        self._heads.export()
        now_us = self._store.now_us()
        if not self._is_due(now_us):
            return None
        self._ran_us = now_us
        ran = Expiry(
            self._store,
            erase=self._custody.erase_person,
            within_s=RUN_S_MAX,
            wait=self._stopping.wait,
            step_us_max=STEP_US_MAX,
        ).run()
        _log.info(
            "retention: %d rows in %d transactions, %.0f ms; the longest held the store for %.1f ms",
            sum(ran.rows.values()),
            ran.transactions,
            ran.took_ms,
            ran.held_ms_max,
        )
        return ran

    def _is_due(self, now_us: int) -> bool:
        with self._store.read() as db:
            last_us = max(filter(None, (self._ran_us, retention.last_deletion_us(db))), default=None)
            clock_stepped = bool(alarms.standing(db, AlarmKind.CLOCK) & {HUB})
        if clock_stepped:
            return False  # by a wrong clock everything is old
        now = _office(now_us)
        if NIGHT[0] <= now.hour < NIGHT[1]:
            return last_us is None or _office(last_us).date() != now.date() or last_us > now_us
        return self._up_s >= BY_DAY_AFTER_S and (last_us is None or now - _office(last_us) > _DAY)

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except StoreClosedError:
                return
            except (StoreError, OSError, sqlite3.Error):
                _log.exception("what is done once a day could not be done; it is tried again")
            if self._stopping.wait(self._look_s):
                return
            self._up_s += self._look_s


def _office(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1e6, UTC).astimezone(OFFICE_ZONE)
