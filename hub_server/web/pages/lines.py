"""Lines about people, vehicles and what was seen of them, in words, as several pages show them."""

from typing import Any

from sqlite_utils import Database

from hub_server.store import devices, watches
from hub_server.store.families import Visit
from hub_server.store.rows import Alert, Observation, Pause, Person
from hub_server.store.traffic import Passage
from hub_server.store.vehicles import Vehicle
from hub_server.watch.states import AlertState
from hub_server.web import masking, master_words, plate_shapes, shapes, snapshot, watch_shapes, words
from hub_server.web.auth import Caller
from hub_server.web.ladder_words import OUTCOMES
from hub_server.web.times import rfc3339

Line = dict[str, Any]


def person(db: Database, row: Person, who: Caller, now_us: int) -> Line:
    """Somebody in a list, masked as `who` sees them."""
    return {
        **masking.person(shapes.person(row), who),
        "kind_words": master_words.KINDS[row.kind],
        "care_words": master_words.cared(row.care),
        "watch": watch(db, row, now_us),
    }


def watch(db: Database, row: Person, now_us: int) -> Line | None:
    """How it stands with somebody's watch; None: nobody watches over them."""
    found = watches.get_by_person(db, row.id)
    if found is None:
        return None
    shape = snapshot.watch(db, found, now_us=now_us)
    device = devices.get(db, found.last_seen_by.rpartition(": ")[2].partition("/")[0])
    texts = words.watch(shape, {} if device is None else {device.id: device.place}, now_us // 1_000_000)
    return {**shape, **texts, "state_words": master_words.WATCH_STATES[shape["state"]]}


def vehicle(row: Vehicle, now_us: int) -> Line:
    """Its plate as it stands on the metal, its state, until when."""
    shape = plate_shapes.vehicle(row, now_us=now_us)
    until = shape["valid_until"]
    return {
        **shape,
        "dotted": words.dotted(row.plate),
        "state_words": master_words.VEHICLE_STATES[shape["state"]],
        "owner_words": master_words.OWNERS[row.owner],
        "until": "" if until is None else words.clock(until, now_us // 1_000_000),
    }


def passage(row: Passage, now_us: int) -> Line:
    """Who or what passed where, which way."""
    at, plate = rfc3339(row.at_us), row.listed or row.text
    way = ("", "") if row.direction is None else words.DIRECTIONS[row.direction]
    return {
        "who": row.person_name or (words.dotted(plate) if plate else row.person or ""),
        "place": row.place or row.device,
        "way": way,
        "sure": row.counts or row.listed is not None,
        "corrected": row.corrected,
        "clock_trusted": row.clock_trusted,
        **_when(at, now_us),
    }


def visit(row: Visit | Observation, now_us: int) -> Line:
    """What somebody vouched for."""
    return {
        "id": row.id,
        "what": words.VOUCHED.get(row.kind, (row.kind, row.kind)),
        "name": getattr(row, "person_name", ""),
        "author": row.author,
        "note": row.note,
        "withdrawn": getattr(row, "withdrawn_us", None) is not None,
        **_when(rfc3339(row.at_us), now_us),
    }


def pause(row: Pause, now_us: int) -> Line:
    shape, now_s = watch_shapes.pause(row, now_us=now_us), now_us // 1_000_000
    return {
        **shape,
        "from_words": words.clock(shape["from"], now_s),
        "until_words": words.clock(shape["until"], now_s),
    }


def alert(row: Alert, now_us: int) -> Line:
    """An alert of the past, or one that still needs somebody."""
    ended = row.state is AlertState.CLOSED
    state = OUTCOMES[str(row.outcome)] if ended else words.ALERT_STATES[row.state]
    return {
        "id": row.id,
        "name": row.person_name,
        "state": state,
        "ended": ended,
        **_when(rfc3339(row.raised_us), now_us),
    }


def _when(at: str, now_us: int) -> Line:
    return {"time": words.clock(at, now_us // 1_000_000), "time_utc": words.utc(at)}
