"""Stored events, in the order of storing. People who pass are counted as their events are stored."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, Final

import msgspec
from sqlite_utils import Database

from hub_server.store import limits, people_hours, reached_events
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import EventRow

PASSAGE: Final = "passage"  # the type of a person's

AT_ONCE_MAX: Final = 250  # rows in a statement
_WITHIN: Final = condition("device_area", "device_grid", "person_area", "person_grid")
_AT_ONCE: Final = (AT_ONCE_MAX, 50)  # a statement for each number below them is kept, not for each below 250


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What ingest hands over: the event's bytes and what the hub read in them.

    Its fields are the columns. A struct, not a dataclass, which takes seven times as long to make.
    """

    device: str
    epoch: str
    seq: int
    last_seq: int  # above seq for a tombstone only
    hash: str
    type: str
    received_us: int
    raw: bytes
    boot: str | None = None
    mono_us: int | None = None
    synced: bool = True  # False: stamped before the clock was right; an anchor of the boot may date it
    captured_us: int | None = None
    clock_trusted: bool = False
    camera: str = ""
    person: str | None = None
    score: float | None = None
    strict: bool = False
    qualifies: bool = False  # it may cancel an alarm, once it is known when it was
    counts: bool = False  # it does: its time is known, too
    reason: str = ""  # why it is quarantined


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What the store holds at a place of a journal."""

    hash: str
    type: str


def add(db: Database, event: NewEvent) -> int:
    """Stores an event at a place that is free; its id."""
    cursor = db.execute(_insert(1), msgspec.structs.astuple(event))
    count_people(db, [event])
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def add_all(db: Database, events: Sequence[NewEvent]) -> None:
    """The same for many, in this order: a statement for many of them costs a third less than one for each."""
    first = 0
    while first < len(events):
        left = len(events) - first
        part = events[first : first + next((count for count in _AT_ONCE if count <= left), left)]
        first += len(part)
        db.execute(_insert(len(part)), list(chain.from_iterable(map(msgspec.structs.astuple, part))))
    count_people(db, events)


def count_people(db: Database, events: Sequence[NewEvent]) -> None:
    """Those among them who passed at a known time, in their hours."""
    passed = Counter(
        (event.device, people_hours.hour(event.captured_us), event.person is not None)
        for event in events
        if event.type == PASSAGE and event.clock_trusted and event.captured_us is not None
    )
    people_hours.count(db, passed)


@cache
def _insert(count: int) -> str:
    names = NewEvent.__struct_fields__
    row = f"({', '.join('?' * len(names))})"
    return f"INSERT INTO events ({', '.join(names)}) VALUES {', '.join([row] * count)}"  # noqa: S608 our own words


def held_at(db: Database, *, device: str, epoch: str, seq: int) -> Held | None:
    """The event whose run of places holds `seq`."""
    row = db.execute(
        "SELECT hash, type, last_seq FROM events WHERE device = ? AND epoch = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
        (device, epoch, seq),
    ).fetchone()
    if row is None or row[2] < seq:
        return None
    return Held(hash=row[0], type=row[1])


def get(db: Database, id: int) -> EventRow | None:
    for row in db.view("event_rows").rows_where("id = ?", [id], limit=1):
        return _event(row)
    return None


def page(
    db: Database,
    *,
    after: int | None,
    before: int | None,
    limit: int,
    device: str | None = None,
    person: str | None = None,
    type: str | None = None,
    but_type: str | None = None,
    reach: Reach = EVERYWHERE,
) -> list[EventRow]:
    """With `after`: ascending from the one behind it, for a stream. Else newest first, below `before` when given.

    `but_type`: all that are not of it. Within `reach` is what a device within it told; asked for by device or person,
    also what another device told of a person within it.
    """
    rows_max, ids = limits.page_rows(limit), None
    if reach.areas is not None and device is None and person is None:
        ids = json.dumps(
            reached_events.ids(
                db, reach=reach, after=after, before=before, limit=rows_max, type=type, but_type=but_type
            )
        )
    tests: dict[str, tuple[str, object]] = {
        "id > :after": ("after", after),
        "id < :before": ("before", before),
        "device = :device": ("device", device),
        "person = :person": ("person", person),
        "type = :type": ("type", type),
        "type <> :but_type": ("but_type", but_type),
        "id IN (SELECT value FROM json_each(:ids))": ("ids", ids),
        _WITHIN: ("reach", reach.value if ids is None else None),
    }
    given = {test: named for test, named in tests.items() if named[1] is not None}
    rows = db.view("event_rows").rows_where(
        " AND ".join(given) or None,
        dict(given.values()),
        order_by="id DESC" if after is None else "id",
        limit=rows_max,
    )
    return [_event(row) for row in rows]


def last_id(db: Database) -> int:
    """The id of the newest event; 0 when there is none."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
    return int(last)


def _event(row: dict[str, Any]) -> EventRow:
    raw = row.pop("raw")
    return EventRow(
        **{
            **row,
            "clock_trusted": bool(row["clock_trusted"]),
            "strict": bool(row["strict"]),
            # What is quarantined may be no UTF-8; the bytes themselves stay in the store.
            "body": raw.decode("utf-8", "replace"),
        }
    )
