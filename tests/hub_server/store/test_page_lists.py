"""What the office's pages list of alerts, devices and cameras, within reach, with the fewest steps through an index."""

import hashlib
from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.store import (
    alert_lists,
    alerts,
    courses,
    device_lists,
    devices,
    events,
    journals,
    observing,
    people,
    watches,
)
from hub_server.store.alert_lists import Wanted
from hub_server.store.events import NewEvent
from hub_server.store.observers import DEAD_US, SILENT
from hub_server.store.observing import NewStretch
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.store import Store
from hub_server.watch.states import AlertState, Outcome

NOW_US = 1_795_471_200_000_000
HOUR_US = 3_600_000_000
EPOCH = "0" * 32


def device(db: Database, name: str, *, area: str = "桂花村", grid: str = "") -> None:
    devices.create(db, id=name, place=name, area=area, grid=grid, now_us=NOW_US)


def told(db: Database, name: str, camera: str, state: str, *, from_us: int, hours: float, cause: str = "") -> None:
    """What a camera said of some hours."""
    seq = db.execute("SELECT count(*) + 1 FROM events").fetchone()[0]
    event = NewEvent(
        device=name,
        epoch=EPOCH,
        seq=seq,
        last_seq=seq,
        hash=hashlib.sha256(str(seq).encode()).hexdigest(),
        type="observing",
        received_us=NOW_US,
        raw=b"{}",
    )
    lasted_us = round(hours * HOUR_US)
    stretch = NewStretch(
        camera=camera,
        state=state,
        cause=cause,
        boot=EPOCH,
        began_mono_us=0,
        ended_mono_us=lasted_us,
        ended_us=from_us + lasted_us,
    )
    observing.add(db, stretch, event=events.add(db, event), device=name, received_us=NOW_US, anchor=None)


def overdue(db: Database, person: str, *, hours: int, area: str, grid: str = "") -> int:
    people.create(db, id=person, name=person, address="", phone="", note="", area=area, grid=grid, now_us=NOW_US)
    watches.create(db, person=person, period_s=3600, last_seen_us=NOW_US - hours * HOUR_US, now_us=NOW_US)
    return alerts.raise_due(db, now_us=NOW_US, limit=9)[-1].id


@pytest.fixture
def four(store: Store) -> list[int]:
    """Alerts of two villages and a grid: the second is taken, the fourth is over."""

    def job(db: Database) -> list[int]:
        made = [
            overdue(db, "p-1", hours=30, area="桂花村"),
            overdue(db, "p-2", hours=40, area="桂花村", grid="第一网格"),
            overdue(db, "p-3", hours=50, area="青石村"),
            overdue(db, "p-4", hours=60, area="青石村"),
        ]
        step: dict[str, Any] = {"author": "王敏", "note": "", "until_us": None, "now_us": NOW_US}
        alerts.move(db, made[1], to=AlertState.ON_THE_WAY, outcome=None, **step)
        alerts.move(db, made[3], to=AlertState.CLOSED, outcome=Outcome.WELL, **step)
        return made

    return store.write(job)


def test_who_nobody_has_taken_comes_first_then_who_is_missed_longest(store: Store, four: list[int]) -> None:
    with store.read() as db:
        found = [row.id for row in alert_lists.urgent(db, wanted=Wanted(), limit=9)]
        assert found == [four[2], four[0], four[1]]
        assert [row.id for row in alert_lists.urgent(db, wanted=Wanted(), limit=1)] == [four[2]]


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (EVERYWHERE, {0, 1, 2}),
        (Reach(areas=frozenset({"桂花村"})), {0, 1}),
        (Reach(areas=frozenset({"第一网格"})), {1}),
        (Reach(areas=frozenset()), set()),
    ],
)
def test_alerts_are_listed_and_counted_within_reach(
    store: Store, four: list[int], reach: Reach, expected: set[int]
) -> None:
    with store.read() as db:
        found = alert_lists.urgent(db, wanted=Wanted(), limit=9, reach=reach)
        assert {four.index(row.id) for row in found} == expected
        assert sum(alert_lists.counts(db, wanted=Wanted(), reach=reach).values()) == len(expected)


def test_an_area_may_be_a_grid_and_the_newest_come_page_by_page(store: Store, four: list[int]) -> None:
    everything = frozenset(AlertState)
    with store.read() as db:
        grid = alert_lists.newest(db, wanted=Wanted(states=everything, area="第一网格"), after=None, limit=9)
        assert [row.id for row in grid] == [four[1]]
        wanted = Wanted(states=everything)
        first = alert_lists.newest(db, wanted=wanted, after=None, limit=3)
        assert [row.id for row in first] == [four[3], four[2], four[1]]
        assert [row.id for row in alert_lists.newest(db, wanted=wanted, after=four[1], limit=3)] == [four[0]]


def test_closed_alerts_are_read_from_the_newest_down_and_not_sorted(store: Store) -> None:
    with store.read() as db:
        wanted = Wanted(states=frozenset({AlertState.CLOSED}))
        plan = db.execute(
            f"EXPLAIN QUERY PLAN {alert_lists._NEWEST}",
            {**alert_lists._values(wanted, EVERYWHERE), "after": None, "limit": 50},
        ).fetchall()
    said = " ".join(row[3] for row in plan)
    assert "TEMP B-TREE FOR ORDER BY" not in said
    assert "alerts_state" not in said


def test_the_course_of_a_device_has_each_of_its_cameras(store: Store) -> None:
    def job(db: Database) -> None:
        device(db, "a")
        device(db, "b")
        told(db, "a", "east", "watching", from_us=NOW_US - 4 * HOUR_US, hours=1)
        told(db, "a", "west", "blind", from_us=NOW_US - 4 * HOUR_US, hours=2, cause="black")
        told(db, "b", "yard", "watching", from_us=NOW_US - 4 * HOUR_US, hours=4)

    store.write(job)
    with store.read() as db:
        found = courses.of_device(db, "a", from_us=NOW_US - 4 * HOUR_US, until_us=NOW_US)
        assert [(one.camera, [part.state for part in one.parts]) for one in found] == [
            ("east", ["watching", "unknown"]),
            ("west", ["blind", "unknown"]),
        ]
        assert found[0].shares.watching == 0.25
        assert courses.of_device(db, "nobody", from_us=0, until_us=NOW_US) == ()


def test_last_words_are_of_each_camera_and_grow_old(store: Store) -> None:
    def job(db: Database) -> None:
        for name in ("a", "b", "c"):
            device(db, name)
        told(db, "a", "east", "covered", from_us=NOW_US - 2 * HOUR_US, hours=1)
        told(db, "a", "east", "watching", from_us=NOW_US - HOUR_US, hours=1)
        told(db, "a", "west", "blind", from_us=NOW_US - HOUR_US, hours=1, cause="black")
        told(db, "b", "yard", "watching", from_us=NOW_US - 9 * HOUR_US, hours=1)

    store.write(job)
    with store.read() as db:
        found = courses.last_words(db, ["a", "b", "c"], now_us=NOW_US)
        assert set(found) == {"a", "b"}, "c has told nothing"
        assert [(one.camera, one.state, one.cause, one.watches) for one in found["a"]] == [
            ("east", "watching", "", True),
            ("west", "blind", "black", False),
        ]
        assert [(one.state, one.watches) for one in found["b"]] == [(SILENT, False)]
        later = courses.last_words(db, ["a"], now_us=NOW_US + DEAD_US)
        assert {one.state for one in later["a"]} == {SILENT}


def test_devices_are_listed_by_how_they_stand(store: Store) -> None:
    def job(db: Database) -> None:
        device(db, "a")
        device(db, "b", area="青石村", grid="第二网格")
        devices.set_online(db, "a", online=True)
        journals.enter(db, device="b", epoch=EPOCH, now_us=NOW_US)
        db.execute("UPDATE journals SET last = 9 WHERE device = 'b'")

    store.write(job)
    with store.read() as db:

        def listed(**asked: Any) -> list[str]:
            return [row.id for row in device_lists.page(db, after=None, limit=9, **asked)]

        assert listed() == ["a", "b"]
        assert listed(standing="online") == ["a"]
        assert listed(standing="offline") == ["b"]
        assert listed(standing="behind") == ["b"]
        assert listed(standing="trouble") == []
        assert listed(area="第二网格") == ["b"]
        assert listed(reach=Reach(areas=frozenset({"桂花村"}))) == ["a"]
        assert device_lists.totals(db) == device_lists.Totals(all=2, online=1)
