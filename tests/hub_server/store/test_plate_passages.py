"""Which vehicles passed, page by page, and how many in which hour."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlite_utils import Database

from edge_agent.wire.messages import Direction, PlateVerdict
from edge_agent.wire.plate import PlateKind
from hub_server.store import devices, events, plate_passages, vehicle_hours
from hub_server.store.errors import InvalidValueError, NotFoundError
from hub_server.store.events import NewEvent
from hub_server.store.plate_passages import NewPlatePassage
from hub_server.store.store import Store
from hub_server.store.vehicle_hours import BUCKETS_MAX, DAY_US, HOUR_US, Bucket, Counted

NOW_US = 1_795_471_200_000_000  # 2026-11-23T22:00:00Z, 06:00 in the office
ZONE_US = 8 * HOUR_US
IN, OUT, UNKNOWN = Direction


def vehicle(
    store: Store,
    at_us: int,
    text: str | None = "粤B12345",
    *,
    device: str = "east",
    direction: Direction = IN,
    listed: str | None = None,
    trusted: bool = True,
) -> int:
    """Its id."""
    read = text is not None
    passage = NewPlatePassage(
        direction=direction,
        duration_ms=1,
        frames=1,
        reads=1,
        text=text,
        kind=PlateKind.BLUE if read else None,
        score=0.9 if read else None,
        verdict=(PlateVerdict.KNOWN if listed else PlateVerdict.UNKNOWN) if read else None,
        listed=listed,
    )

    def job(db: Database) -> int:
        if not devices.exists(db, device):
            devices.create(db, id=device, place=device.upper(), now_us=1)
        place = events.last_id(db) + 1
        event = events.add(
            db,
            NewEvent(
                device=device,
                epoch="0" * 32,
                seq=place,
                last_seq=place,
                hash="0" * 64,
                type="plate_read",
                received_us=NOW_US,
                raw=b"{}",
            ),
        )
        plate_passages.add(db, passage, event=event, device=device, camera="lane", at_us=at_us, clock_trusted=trusted)
        return event

    return store.write(job)


def ids(store: Store, **asked: Any) -> list[int]:
    with store.read() as db:
        return [row.id for row in plate_passages.page(db, **{"before": None, "limit": 9} | asked)]


def test_pages_go_back_in_time_whatever_came_late_and_meet_each_passage_once(store: Store) -> None:
    made = [vehicle(store, at_us) for at_us in (50, 90, 50, 10, 70, 50)]
    by_time = sorted(made, key=lambda one: ((50, 90, 50, 10, 70, 50)[one - 1], one), reverse=True)
    assert ids(store) == by_time
    found: list[int] = []
    while page := ids(store, before=found[-1] if found else None, limit=2):
        found += page
    assert found == by_time
    with pytest.raises(InvalidValueError, match="before"):
        ids(store, before=99)


def test_passages_are_found_by_device_time_and_plate_read_or_meant(store: Store) -> None:
    read = vehicle(store, 10, "粤B12345")
    meant = vehicle(store, 20, "粤B12340", listed="粤B12345")
    other = vehicle(store, 30, "粤B99999", device="west")
    unread = vehicle(store, 40, None)
    assert ids(store, plate="粤b·12345") == [meant, read]
    assert ids(store, plate="粤B12345", since_us=11) == [meant]
    assert ids(store, device="west") == [other]
    assert ids(store, since_us=20, until_us=40) == [other, meant]
    assert ids(store, until_us=11, device="east") == [read]
    assert ids(store) == [unread, other, meant, read]
    with pytest.raises(InvalidValueError, match="plate"):
        ids(store, plate="x' OR 1=1")


def test_a_gate_counts_by_direction_and_a_gate_without_any_today_shows_zero(store: Store) -> None:
    for direction, number in ((IN, 3), (OUT, 2), (UNKNOWN, 1)):
        for _ in range(number):
            vehicle(store, NOW_US, direction=direction)
    vehicle(store, NOW_US - 3 * DAY_US, device="west")
    vehicle(store, 5, device="west", trusted=False)
    store.write(lambda db: devices.create(db, id="a-door", place="", now_us=1))

    def gates(**asked: Any) -> list[tuple[Any, ...]]:
        given = {"since_us": NOW_US, "until_us": NOW_US + 1, "after": None, "limit": 9} | asked
        with store.read() as db:
            return [
                (row.device, row.place, row.counted.into, row.counted.out, row.counted.unknown, row.undated)
                for row in vehicle_hours.gates(db, **given)
            ]

    assert gates() == [("east", "EAST", 3, 2, 1, 0), ("west", "WEST", 0, 0, 0, 1)]
    assert gates(after="east") == [("west", "WEST", 0, 0, 0, 1)]
    assert gates(limit=1) == [("east", "EAST", 3, 2, 1, 0)]
    assert gates(since_us=0, until_us=NOW_US)[0] == ("east", "EAST", 0, 0, 0, 0), "until is exclusive"


def series(store: Store, since_us: int, until_us: int, bucket_us: int = HOUR_US, device: str = "east") -> list[Bucket]:
    with store.read() as db:
        return vehicle_hours.series(
            db, device=device, since_us=since_us, until_us=until_us, bucket_us=bucket_us, zone_us=ZONE_US
        )


def test_hours_and_the_office_s_days_begin_where_its_clock_says(store: Store) -> None:
    midnight_us = NOW_US - 6 * HOUR_US
    for at_us in (midnight_us - 1, midnight_us, midnight_us + HOUR_US - 1, midnight_us + HOUR_US):
        vehicle(store, at_us)
    vehicle(store, midnight_us, device="west")
    one, two, three = (Counted(into=n, out=0, unknown=0) for n in (1, 2, 3))
    assert series(store, midnight_us - HOUR_US, midnight_us + 2 * HOUR_US) == [
        Bucket(began_us=midnight_us - HOUR_US, counted=one),
        Bucket(began_us=midnight_us, counted=two),
        Bucket(began_us=midnight_us + HOUR_US, counted=one),
    ]
    assert series(store, midnight_us - DAY_US, midnight_us + DAY_US, DAY_US) == [
        Bucket(began_us=midnight_us - DAY_US, counted=one),
        Bucket(began_us=midnight_us, counted=three),
    ]


def test_what_is_asked_for_has_a_bound_and_an_order(store: Store) -> None:
    vehicle(store, NOW_US)
    series(store, NOW_US, NOW_US + BUCKETS_MAX * HOUR_US)
    with pytest.raises(InvalidValueError, match="until"):
        series(store, NOW_US, NOW_US + (BUCKETS_MAX + 1) * HOUR_US)
    with pytest.raises(InvalidValueError, match="until"):
        series(store, NOW_US, NOW_US)
    with pytest.raises(NotFoundError):
        series(store, NOW_US, NOW_US + 1, device="nowhere")


def test_a_count_that_is_taken_back_leaves_no_row_of_zero(store: Store) -> None:
    store.write(lambda db: devices.create(db, id="east", place="", now_us=1))

    def job(db: Database) -> list[tuple[int]]:
        for _ in range(2):
            vehicle_hours.count(db, device="east", direction=IN, at_us=NOW_US + 5)
        vehicle_hours.uncount(db, device="east", direction=IN, at_us=NOW_US + 9)
        (left,) = db.execute("SELECT passages FROM vehicle_hours").fetchall()
        vehicle_hours.uncount(db, device="east", direction=IN, at_us=NOW_US)
        return [left, *db.execute("SELECT passages FROM vehicle_hours").fetchall()]

    assert store.write(job) == [(1,)]


@pytest.mark.parametrize(
    "asked", [{}, {"device": "east"}, {"plate": "粤B12345"}, {"since_us": 1, "until_us": 2}, {"before": 1}]
)
def test_a_page_reads_no_more_than_it_shows_whatever_is_asked(store: Store, asked: dict[str, Any]) -> None:
    vehicle(store, NOW_US)
    for plan in plans(store, lambda db: plate_passages.page(db, **{"before": None, "limit": 9} | asked)):
        assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step], plan
        assert "plate" in asked or not [step for step in plan if "TEMP B-TREE" in step], plan


def test_the_gates_are_counted_by_an_index(store: Store) -> None:
    vehicle(store, NOW_US)
    for plan in plans(store, lambda db: vehicle_hours.gates(db, since_us=1, until_us=2, after=None, limit=9)):
        assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step], plan


def plans(store: Store, job: Callable[[Database], object]) -> list[list[str]]:
    """How SQLite finds the rows of each statement of ours."""
    said: list[str] = []
    with store.read() as db:
        db.conn.set_trace_callback(said.append)
        job(db)
        db.conn.set_trace_callback(None)
        ours = [statement for statement in said if "plate_passage" in statement and "sqlite_master" not in statement]
        assert ours
        return [[row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")] for statement in ours]
