"""Passages of people and vehicles in one list, by their time, the newest first; whatever came late stands where it was.

Every question is answered from an index, page by page, however many events there are (tests/.../test_traffic.py asks
SQLite). Where cameras are asked for, the list is a merge of theirs, drawn from as far as the page needs.
"""

# ruff: noqa: S608 -- SQL of our own words; values are always parameters

import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from sqlite_utils import Database

from edge_agent.wire.messages import Direction, PlateVerdict
from hub_server.store import limits, plates
from hub_server.store import reach as reaches
from hub_server.store.errors import InvalidValueError
from hub_server.store.reach import EVERYWHERE, Reach

Place = tuple[int, int]
"""Of a passage in the list: its time in microseconds and its event's id."""

PASSED: Final = "type IN ('passage', 'plate_read')"
"""As the partial indexes say it: SQLite uses them for a query that says the same."""
_FOREVER: Final = 2**62


class Kind(StrEnum):
    """Who or what passes. `person` and `vehicle` are both kinds of theirs."""

    PERSON = "person"
    KNOWN = "known"
    STRANGER = "stranger"
    VEHICLE = "vehicle"
    VEHICLE_KNOWN = "vehicle_known"  # listed, and meant
    VEHICLE_UNKNOWN = "vehicle_unknown"  # not listed, not sure, or not readable


_PEOPLE: Final = {
    Kind.PERSON: "type = 'passage'",
    Kind.KNOWN: "type = 'passage' AND person NOT NULL",
    Kind.STRANGER: "type = 'passage' AND person IS NULL",
}
_VEHICLES: Final = {
    Kind.VEHICLE: "1",
    Kind.VEHICLE_KNOWN: "listed NOT NULL",
    Kind.VEHICLE_UNKNOWN: "listed IS NULL",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is asked for; None: all. Times are microseconds, from <= t < until."""

    device: str | None = None
    place: str | None = None
    area: str | None = None  # an area or a grid, with all that lies in it
    person: str | None = None
    plate: str | None = None  # that was read so, or was meant
    kind: Kind | None = None
    from_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """Somebody, or a vehicle, past one camera, once. What is of the other kind is None."""

    id: int  # of its event
    kind: Kind  # one of known, stranger, vehicle_known, vehicle_unknown
    at_us: int
    clock_trusted: bool  # False: nobody knows when it was, and no hour counts it
    received_us: int
    device: str
    camera: str
    place: str
    area: str  # of its device, as `grid`
    grid: str
    person: str | None
    person_name: str | None  # None: this hub knows nobody of this id
    person_area: str
    person_grid: str
    score: float | None
    strict: bool
    counts: bool
    corrected: bool  # somebody has said that it was not this person
    direction: Direction | None
    text: str | None
    listed: str | None
    verdict: PlateVerdict | None
    vehicle: int | None  # on the list now, by the plate that is meant, else by the one that was read


def page(db: Database, asked: Wanted, *, before: int | None, limit: int, reach: Reach = EVERYWHERE) -> list[Passage]:
    """Passages at cameras within reach, and of a person within reach at all of them: the newest first, behind `before`.

    Raises InvalidValueError (a plate that is none, `before` that is no passage).
    """
    bounds = _bounds(db, asked, before)
    places = _merged(_sources(db, asked, bounds, reach))
    return _rows(db, [event for _, event in islice(places, limits.page_rows(limit))])


def _bounds(db: Database, asked: Wanted, before: int | None) -> dict[str, object]:
    """The stretch of the list: from `since_us`, and below (`below_us`, `below`)."""
    below: Place = (_FOREVER if asked.until_us is None else asked.until_us, 0)
    if before is not None:
        row = db.execute(f"SELECT captured_us FROM events WHERE id = ? AND {PASSED}", [before]).fetchone()
        if row is None:
            raise InvalidValueError("before", "不是过往记录的编号；is the id of no passage")
        below = min(below, (row[0], before))
    since_us = -_FOREVER if asked.from_us is None else asked.from_us
    return {"since_us": since_us, "below_us": below[0], "below": below[1]}


def _sources(db: Database, asked: Wanted, bounds: dict[str, object], reach: Reach) -> list[Iterator[Place]]:
    """Lists, each the newest first, that hold together what is asked."""
    if asked.person is not None:
        return _of_person(db, asked, bounds, reach)
    devices = within(db, asked, reach)
    if asked.plate is not None:
        return _of_plate(db, asked, bounds, devices)
    if asked.kind in _VEHICLES:
        read, test, at, there = _plates, _VEHICLES[asked.kind], "plate_passages_at", "plate_passages_device"
    else:
        test = "1" if asked.kind is None else _PEOPLE[asked.kind]
        read, at, there = _events, "events_passed_at", "events_passed_device"
    if devices is None:
        return [read(db, at, test, bounds)]
    return [read(db, there, f"device = :device AND {test}", {"device": device, **bounds}) for device in devices]


def _of_person(db: Database, asked: Wanted, bounds: dict[str, object], reach: Reach) -> list[Iterator[Place]]:
    """Whoever is within reach is shown at every camera; others at those within reach."""
    if asked.kind in _VEHICLES or asked.plate is not None:
        return []
    row = db.execute("SELECT area, grid FROM people WHERE id = ?", [asked.person]).fetchone()
    devices = within(db, asked, EVERYWHERE if row is not None and reach.covers(*row) else reach)
    test = "1" if asked.kind is None else _PEOPLE[asked.kind]
    among, values = _among(devices)
    values |= {"person": asked.person, **bounds}
    return [_events(db, "events_person", f"person = :person AND {test} AND {among}", values)]


def _of_plate(
    db: Database, asked: Wanted, bounds: dict[str, object], devices: Sequence[str] | None
) -> list[Iterator[Place]]:
    """Read so, and meant: two lists that may share passages."""
    if asked.kind in _PEOPLE:
        return []
    test = "1" if asked.kind is None else _VEHICLES[asked.kind]
    among, values = _among(devices)
    values |= {"plate": plates.plate("plate", asked.plate or ""), **bounds}
    return [
        _plates(db, f"plate_passages_{column}", f"{column} = :plate AND {test} AND {among}", values)
        for column in ("text", "listed")
    ]


def within(db: Database, asked: Wanted, reach: Reach) -> list[str] | None:
    """The devices that are asked for and within reach, by the place and area of `asked`; None: all there are."""
    if reach.areas is None and asked.device is asked.place is asked.area is None:
        return None
    inside = None if asked.area is None else reaches.of_areas(db, [asked.area])
    rows = db.execute(
        f"SELECT id FROM devices WHERE {reaches.condition('area', 'grid')} AND (:device IS NULL OR id = :device)"
        " AND (:place IS NULL OR place = :place) AND (:inside IS NULL"
        " OR area IN (SELECT value FROM json_each(:inside)) OR grid IN (SELECT value FROM json_each(:inside)))",
        {
            "reach": reach.value,
            "device": asked.device,
            "place": asked.place,
            "inside": None if inside is None else inside.value,
        },
    )
    return [row[0] for row in rows]


def cameras(db: Database, *, reach: Reach = EVERYWHERE) -> list[tuple[str, str]]:
    """Devices within reach with their places, by place: what one may ask for; of very many the first ones."""
    rows = db.execute(
        f"SELECT id, place FROM devices WHERE {reaches.condition('area', 'grid')} ORDER BY place, id LIMIT :limit",
        {"reach": reach.value, "limit": limits.PAGE_ROWS_MAX},
    )
    return [(row[0], row[1]) for row in rows]


def _among(devices: Sequence[str] | None) -> tuple[str, dict[str, object]]:
    """A test for the few rows that another index found."""
    if devices is None:
        return "1", {}
    return "device IN (SELECT value FROM json_each(:devices))", {"devices": json.dumps(devices)}


def _events(db: Database, index: str, test: str, values: dict[str, object]) -> Iterator[Place]:
    return iter(
        db.execute(
            f"SELECT captured_us, id FROM events INDEXED BY {index} WHERE {PASSED} AND {test}"
            " AND captured_us >= :since_us AND (captured_us, id) < (:below_us, :below)"
            " ORDER BY captured_us DESC, id DESC",
            values,
        )
    )


def _plates(db: Database, index: str, test: str, values: dict[str, object]) -> Iterator[Place]:
    return iter(
        db.execute(
            f"SELECT at_us, event FROM plate_passages INDEXED BY {index} WHERE {test}"
            " AND at_us >= :since_us AND (at_us, event) < (:below_us, :below) ORDER BY at_us DESC, event DESC",
            values,
        )
    )


def _merged(sources: Iterable[Iterator[Place]]) -> Iterator[Place]:
    """Each passage once: a plate may be both read and meant."""
    last: Place | None = None
    for place in heapq.merge(*sources, reverse=True):
        if place != last:
            yield place
        last = place


def _rows(db: Database, events: list[int]) -> list[Passage]:
    rows = db.query(
        """
        SELECT e.id, e.type, e.captured_us AS at_us, e.clock_trusted, e.received_us, e.device, e.camera, d.place,
            d.area, d.grid, e.person, p.name AS person_name, coalesce(p.area, '') AS person_area,
            coalesce(p.grid, '') AS person_grid, e.score, e.strict, e.counts, c.event NOT NULL AS corrected,
            v.direction, v.text, v.listed, v.verdict,
            (SELECT id FROM vehicles WHERE plate = coalesce(v.listed, v.text) AND removed_us IS NULL) AS vehicle
        FROM json_each(?) one CROSS JOIN events e ON e.id = one.value JOIN devices d ON d.id = e.device
        LEFT JOIN people p ON p.id = e.person LEFT JOIN corrections c ON c.event = e.id
        LEFT JOIN plate_passages v ON v.event = e.id
        """,
        [json.dumps(events)],
    )
    found = {row["id"]: _passage(row) for row in rows}
    return [found[event] for event in events]


def _passage(row: dict[str, Any]) -> Passage:
    is_person = row.pop("type") == "passage"
    if is_person:
        kind = Kind.STRANGER if row["person"] is None else Kind.KNOWN
    else:
        kind = Kind.VEHICLE_UNKNOWN if row["listed"] is None else Kind.VEHICLE_KNOWN
    truths = {name: bool(row[name]) for name in ("clock_trusted", "strict", "counts", "corrected")}
    return Passage(
        **{
            **row,
            **truths,
            "kind": kind,
            "direction": None if row["direction"] is None else Direction(row["direction"]),
            "verdict": None if row["verdict"] is None else PlateVerdict(row["verdict"]),
        }
    )
