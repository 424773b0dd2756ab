"""What a monitor asks of the store. Cheap, however many events there are."""

from dataclasses import dataclass

from sqlite_utils import Database

from hub_server.store.reach import EVERYWHERE, PEOPLE, Reach, condition


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceFigures:
    """One device. What is counted only ever rises."""

    id: str
    place: str
    area: str
    online: bool
    heard_us: int | None
    high: int  # of the journal in use
    last: int  # what the device said it has
    duplicates: int
    conflicts: int
    quarantined: int
    lost: int
    refused: int
    replays: int


def of_devices(db: Database, *, reach: Reach = EVERYWHERE) -> list[DeviceFigures]:
    """Every device that is not retired, by its name."""
    rows = db.query(
        "SELECT d.id, d.place, d.area, d.online, d.heard_us, coalesce(j.high, 0) AS high,"  # noqa: S608 our own names
        " coalesce(j.last, 0) AS last,"
        " d.duplicates, d.conflicts, d.quarantined, d.lost, d.refused, d.replays"
        " FROM devices d LEFT JOIN journals j ON j.device = d.id AND j.epoch = d.epoch"
        f" WHERE d.retired_us IS NULL AND {condition('d.area', 'd.grid')} ORDER BY d.id",
        {"reach": reach.value},
    )
    return [DeviceFigures(**{**row, "online": bool(row["online"])}) for row in rows]


def alerts_by_state(db: Database, *, reach: Reach = EVERYWHERE) -> dict[str, int]:
    """How many alerts there are in each state that any is in."""
    where = "" if reach.areas is None else f" WHERE person IN {PEOPLE}"
    sql = f"SELECT state, count(*) FROM alerts{where} GROUP BY state"  # noqa: S608 our own names
    return dict(db.execute(sql, {"reach": reach.value}).fetchall())


def events_stored(db: Database) -> int:
    """Events ever stored here: SQLite keeps the number, so that nothing is counted."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return 0 if row is None else int(row[0])
