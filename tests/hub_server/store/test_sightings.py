"""Many sightings at once mean what they mean one by one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from hub_server.store import alerts, people, sightings, watches
from hub_server.store.connection import open_writer
from hub_server.store.migrations import migrate
from hub_server.store.sightings import PersonSeen

NOW_US = 1_795_471_200_000_000
PERIOD_S = 3600
PERIOD_US = PERIOD_S * 1_000_000
ALERTED, WATCHED, NEW, UNWATCHED = "qian", "sun", "li", "zhou"
"""Two with an alert or without, one never seen, one whom nobody watches; and "nobody" is no person at all."""
TABLES = ("watches", "alerts", "alert_changes", "notices")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = open_writer(tmp_path / "hub.sqlite3")
    migrate(found)
    for person in (ALERTED, WATCHED, NEW, UNWATCHED):
        people.create(found, id=person, name=person, address="", phone="", note="", now_us=NOW_US)
    for person, last_seen_us in ((ALERTED, NOW_US - 2 * PERIOD_US), (WATCHED, NOW_US - 2), (NEW, None)):
        watches.create(found, person=person, period_s=PERIOD_S, last_seen_us=last_seen_us, now_us=NOW_US)
    assert [alert.person for alert in alerts.raise_due(found, now_us=NOW_US, limit=9)] == [ALERTED]
    yield found
    found.close()


seen = st.builds(
    PersonSeen,
    person=st.sampled_from([ALERTED, WATCHED, NEW, UNWATCHED, "nobody"]),
    at_us=st.one_of(
        st.integers(NOW_US - 4, NOW_US),  # near one another, and equal
        st.integers(NOW_US - 3 * PERIOD_US, NOW_US),
    ),
    by=st.sampled_from(["door-east/east", "door-west/west"]),
    now_us=st.integers(NOW_US, NOW_US + 5),
)


def rows(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    return {table: db.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in TABLES}  # noqa: S608 our own names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(many=st.lists(seen, max_size=12))
def test_all_at_once_leave_the_same_rows_as_one_by_one(db: Database, many: list[PersonSeen]) -> None:
    db.execute("BEGIN")
    for one in many:
        alerts.observe_person(db, person=one.person, at_us=one.at_us, by=one.by, now_us=one.now_us)
    expected = rows(db)
    db.execute("ROLLBACK")
    db.execute("BEGIN")
    sightings.observe_all(db, many)
    found = rows(db)
    db.execute("ROLLBACK")
    assert found == expected


def test_the_sighting_that_retracts_is_the_first_that_can_and_not_the_newest(db: Database) -> None:
    by = ["old/east", "first/east", "newest/east"]
    times_us = [NOW_US - PERIOD_US, NOW_US - 10, NOW_US - 1]
    sightings.observe_all(
        db,
        [
            PersonSeen(person=ALERTED, at_us=at_us, by=name, now_us=NOW_US)
            for at_us, name in zip(times_us, by, strict=True)
        ],
    )
    (alert,) = alerts.page(db, states=None, after=None, limit=9)
    assert (alert.last_seen_us, alert.last_seen_by) == (NOW_US - 10, "first/east")
    watch = watches.get_by_person(db, ALERTED)
    assert watch is not None
    assert (watch.last_seen_us, watch.last_seen_by) == (NOW_US - 1, "newest/east")


def test_of_one_person_a_hundred_sightings_move_the_watch_once(db: Database) -> None:
    many = [PersonSeen(person=NEW, at_us=NOW_US - 200 + n, by="door/east", now_us=NOW_US) for n in range(100)]
    before = db.conn.total_changes
    sightings.observe_all(db, many)
    assert db.conn.total_changes - before == 1
