"""How long an alert waits on each rung, for each area. Who stands on a rung: store.recipients."""

from collections.abc import Mapping
from typing import Final

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.errors import InvalidValueError
from hub_server.watch.ladder import DEFAULT_WAIT_S, Rung

WAIT_S_MIN: Final = 60
WAIT_S_MAX: Final = 24 * 3600


def waits(db: Database, area: str) -> Mapping[Rung, int]:
    """Seconds by rung: as set for the area, else for all areas (""), else as built in."""
    rows = db.execute("SELECT rung, wait_s FROM ladder_waits WHERE area IN ('', ?) ORDER BY area", [area])
    return {**DEFAULT_WAIT_S, **{Rung(rung): wait_s for rung, wait_s in rows}}


def set_wait(db: Database, *, area: str, rung: Rung, wait_s: int) -> None:
    """From the next step on; what an alert waits for now stays. `area` "": of all. Raises InvalidValueError."""
    if not WAIT_S_MIN <= wait_s <= WAIT_S_MAX:
        raise InvalidValueError("wait_s", f"{WAIT_S_MIN} 到 {WAIT_S_MAX} 秒；{WAIT_S_MIN} to {WAIT_S_MAX} seconds")
    named = limits.text("area", area, limits.AREA_CHARS_MAX)
    db.execute(
        "INSERT INTO ladder_waits (area, rung, wait_s) VALUES (?, ?, ?)"
        " ON CONFLICT (area, rung) DO UPDATE SET wait_s = excluded.wait_s",
        (named, int(rung), wait_s),
    )
