"""How SQLite finds passages and counts: among millions of events it never looks at all of them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from passing_office import DAY_US, NOW_US, ZONE_US, furnish, person, reach_of, vehicle
from sqlite_utils import Database

from hub_server.store import traffic, traffic_counts
from hub_server.store.reach import EVERYWHERE
from hub_server.store.store import Store
from hub_server.store.traffic import Kind, Wanted

QUESTIONS: list[dict[str, Any]] = [
    {},
    *({"kind": kind} for kind in Kind),
    {"device": "east"},
    {"device": "east", "kind": Kind.KNOWN},
    {"device": "east", "kind": Kind.VEHICLE_KNOWN},
    {"place": "east place"},
    {"area": "桂花村", "kind": Kind.STRANGER},
    {"person": "p-li"},
    {"person": "p-li", "area": "桂花村", "from_us": 1, "until_us": 9},
    {"plate": "粤B12345"},
    {"plate": "粤B12345", "device": "east", "kind": Kind.VEHICLE_UNKNOWN},
    {"from_us": 1, "until_us": 9},
]


@pytest.fixture
def office(store: Store) -> Store:
    return furnish(store)


def plans(db: Database, ask: Any) -> Iterator[str]:
    """What SQLite does for each statement that `ask` sends."""
    said: list[str] = []
    db.conn.set_trace_callback(said.append)
    try:
        ask()
    finally:
        db.conn.set_trace_callback(None)
    for statement in said:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            for row in db.execute(f"EXPLAIN QUERY PLAN {statement}"):
                yield f"{row[3]} <- {statement}"


EVENTS = re.compile(r"(SCAN|SEARCH) (e|h|events|plate_passages|people_hours|vehicle_hours)\b(.*)")


def no_look_at_all_events(db: Database, ask: Any) -> None:
    """Tables that grow are searched by a key, or walked along the index of time, which ends with the page."""
    seen = 0
    for step in plans(db, ask):
        what, _, statement = step.partition(" <- ")
        looked = EVENTS.match(what)
        if looked is not None:
            seen += 1
            along = " INDEX events_passed_at" in looked[3] or " INDEX plate_passages_at" in looked[3]
            assert looked[1] == "SEARCH" or along, step
            assert "events_type" not in what, step
        assert "TEMP B-TREE FOR ORDER BY" not in what or "GROUP BY" in statement, step
    assert seen


@pytest.mark.parametrize("within", [(), ("桂花村",)], ids=["everywhere", "a village"])
@pytest.mark.parametrize("wanted", QUESTIONS, ids=str)
def test_no_list_walks_all_events_or_sorts_them(office: Store, wanted: dict[str, Any], within: tuple[str, ...]) -> None:
    last = person(office, 8, "p-li")
    person(office, 4)
    vehicle(office, 6)
    reach = reach_of(office, *within) if within else EVERYWHERE
    with office.read() as db:
        for before in (None, last):
            no_look_at_all_events(
                db, lambda before=before: traffic.page(db, Wanted(**wanted), before=before, limit=5, reach=reach)
            )


@pytest.mark.parametrize("within", [(), ("桂花村",)], ids=["everywhere", "a village"])
def test_no_count_walks_all_events(office: Store, within: tuple[str, ...]) -> None:
    reach = reach_of(office, *within) if within else EVERYWHERE
    person(office, NOW_US, "p-li")
    times: dict[str, Any] = {"since_us": NOW_US - DAY_US, "until_us": NOW_US + 1}
    with office.read() as db:
        no_look_at_all_events(db, lambda: traffic_counts.clinics(db, **times, zone_us=ZONE_US, reach=reach))
        for device in (None, "east"):
            no_look_at_all_events(
                db, lambda device=device: traffic_counts.hours(db, **times, device=device, reach=reach)
            )
        no_look_at_all_events(db, lambda: traffic_counts.by_device(db, **times, after=None, limit=9, reach=reach))
