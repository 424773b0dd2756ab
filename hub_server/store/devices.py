"""Devices: who may speak, where they stand, how well they are heard."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlite_utils import Database

from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.topics import HUB, is_device
from hub_server.store import areas, limits
from hub_server.store.errors import ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import Device

_SECRET_BYTES = 32

Counter = Literal["duplicates", "conflicts", "quarantined", "lost", "refused", "replays"]


def create(db: Database, *, id: str, place: str, now_us: int, area: str = "", grid: str = "") -> tuple[Device, str]:
    """A new device and its secret, which is shown this once. Raises ExistsError, InvalidValueError."""
    if not is_device(id):
        raise InvalidValueError("id", f"1 to 63 of a-z, 0-9 and '-', not first '-'; not '{HUB}'")
    if get(db, id) is not None:
        raise ExistsError(f"there is a device {id} already")
    secret, digest = _new_secret()
    db.execute(
        "INSERT INTO devices (id, place, area, grid, created_us, secret_sha256) VALUES (?, ?, ?, ?, ?, ?)",
        (id, _place(place), _area(area), _grid(grid), now_us, digest),
    )
    areas.demand_grid(db, area=_area(area), grid=_grid(grid))
    return _get(db, id), secret


def get(db: Database, id: str) -> Device | None:
    for row in db.view("device_rows").rows_where("id = ?", [id], limit=1):
        return _device(row)
    return None


def page(db: Database, *, after: str | None, limit: int, reach: Reach = EVERYWHERE) -> list[Device]:
    """By id, from the one behind `after`; without those that are retired."""
    where = f"id > :after AND retired_us IS NULL AND {condition('area', 'grid')}"
    given = {"after": after or "", "reach": reach.value}
    rows = db.view("device_rows").rows_where(where, given, order_by="id", limit=limits.page_rows(limit))
    return [_device(row) for row in rows]


def change(
    db: Database,
    id: str,
    *,
    now_us: int,  # noqa: ARG001 the shape of every change
    place: str | None = None,
    area: str | None = None,
    grid: str | None = None,
) -> Device:
    """Another place, area or grid. Raises NotFoundError, InvalidValueError."""
    before = _get(db, id)
    if place is not None:
        db.execute("UPDATE devices SET place = ? WHERE id = ?", (_place(place), id))
    if area is not None and _area(area) != before.area:
        db.execute("UPDATE devices SET area = ? WHERE id = ?", (_area(area), id))
    if grid is not None and _grid(grid) != before.grid:
        db.execute("UPDATE devices SET grid = ? WHERE id = ?", (_grid(grid), id))
    after = _get(db, id)
    if (after.area, after.grid) != (before.area, before.grid):
        areas.demand_grid(db, area=after.area, grid=after.grid, field="area" if grid is None else "grid")
    return after


def new_secret(db: Database, id: str, now_us: int) -> str:  # noqa: ARG001 the shape of every change
    """A new secret, shown this once; the old one is void. Raises NotFoundError."""
    _get(db, id)
    secret, digest = _new_secret()
    db.execute("UPDATE devices SET secret_sha256 = ? WHERE id = ?", (digest, id))
    return secret


def secret_is(db: Database, id: str, secret: str) -> bool:
    """True when this is the secret of this device, and it is not retired."""
    row = db.execute("SELECT secret_sha256 FROM devices WHERE id = ? AND retired_us IS NULL", [id]).fetchone()
    return row is not None and hmac.compare_digest(row[0], _digest(secret))


def exists(db: Database, id: str) -> bool:
    return db.execute("SELECT 1 FROM devices WHERE id = ?", [id]).fetchone() is not None


def heard(db: Database, id: str, *, now_us: int) -> None:
    """The device said something, whatever it was."""
    db.execute("UPDATE devices SET heard_us = ? WHERE id = ?", (now_us, id))


def said_hello(db: Database, id: str, *, agent: str, now_us: int, seal_key: str | None = None) -> None:
    """The device has told what it has, and to which key it takes galleries; it is heard, too."""
    db.execute("UPDATE devices SET agent = ?, hello_us = ? WHERE id = ?", (agent, now_us, id))
    db.execute("UPDATE devices SET seal_key = ? WHERE id = ? AND seal_key IS NOT ?", (seal_key, id, seal_key))


def set_online(db: Database, id: str, *, online: bool) -> None:
    """What its status topic says; the broker says offline for it when it falls silent."""
    db.execute("UPDATE devices SET online = ? WHERE id = ?", (online, id))


def heard_since(db: Database, *, heard_from_us: int) -> frozenset[str]:
    return frozenset(row["id"] for row in db.query("SELECT id FROM devices WHERE heard_us >= ?", [heard_from_us]))


def told_all(db: Database, *, hello_from_us: int) -> frozenset[str]:
    """Devices that have said hello since then, and of whose journal all is stored here.

    A journal that ended in a conflict is not waited for.
    """
    rows = db.query(
        "SELECT d.id FROM devices d JOIN journals j ON j.device = d.id AND j.epoch = d.epoch"
        " WHERE d.hello_us >= ? AND (j.high >= j.last OR j.conflict_seq IS NOT NULL)",
        [hello_from_us],
    )
    return frozenset(row["id"] for row in rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarms:
    """What an operator should look into, over all devices."""

    conflicts: int  # that nobody has settled
    quarantined: int  # that are neither released nor dismissed
    lost: int
    refused: int


def alarms(db: Database) -> Alarms:
    row = db.execute(
        "SELECT (SELECT count(*) FROM conflicts WHERE id NOT IN (SELECT conflict FROM conflicts_settled)),"
        " (SELECT count(*) FROM events WHERE type = 'quarantined' AND id NOT IN (SELECT event FROM quarantine_steps)),"
        " coalesce(sum(lost), 0), coalesce(sum(refused), 0) FROM devices"
    ).fetchone()
    return Alarms(conflicts=row[0], quarantined=row[1], lost=row[2], refused=row[3])


def all_offline(db: Database) -> None:
    """Nobody knows who is there: the hub has just started, or has lost its broker."""
    db.execute("UPDATE devices SET online = 0 WHERE online = 1")


def count(db: Database, id: str, counter: Counter, by: int = 1) -> None:
    """Adds to one of the counters that an operator sees."""
    db.execute(_COUNT[counter], (by, id))


# At its limit a counter stays: it must neither run over, nor pass what a JSON reader keeps exact.
_COUNT: dict[Counter, str] = {
    counter: f"UPDATE devices SET {counter} = min({counter} + ?, {INTEGER_MAX}) WHERE id = ?"  # noqa: S608 our own names
    for counter in get_args(Counter)
}


def _place(place: str) -> str:
    return limits.text("place", place, limits.PLACE_CHARS_MAX)


def _area(area: str) -> str:
    return limits.text("area", area, limits.AREA_CHARS_MAX)


def _grid(grid: str) -> str:
    return limits.text("grid", grid, limits.AREA_CHARS_MAX)


def _new_secret() -> tuple[str, str]:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    return secret, _digest(secret)


def _digest(secret: str) -> str:
    # 256 random bits: there is nothing to guess, so a slow hash would add nothing.
    return hashlib.sha256(secret.encode()).hexdigest()


def _get(db: Database, id: str) -> Device:
    device = get(db, id)
    if device is None:
        raise NotFoundError(f"there is no device {id}")
    return device


def _device(row: dict[str, Any]) -> Device:
    return Device(**{**row, "online": bool(row["online"])})
