"""The hub's clock steps: nobody is taken for seen later than they were, and what waits does not wait a day longer."""

import pytest
from sqlite_utils import Database

from hub_server.store import alarms, alerts, devices, hub_time, journals, observations, people, verify, watches
from hub_server.store.events import NewEvent, add
from hub_server.store.store import Store
from hub_server.watch.hub_clock import CALM_S, Step
from hub_server.watch.observation import Kind

NOW_US = 1_795_471_200_000_000
S = 1_000_000
DAY_US = 86_400 * S
EPOCH = "0" * 32


@pytest.fixture(autouse=True)
def person(store: Store) -> None:
    def job(db: Database) -> None:
        devices.create(db, id="door", place="", now_us=NOW_US)
        journals.enter(db, device="door", epoch=EPOCH, now_us=NOW_US)
        people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="zhao", period_s=86400, last_seen_us=NOW_US, now_us=NOW_US)

    store.write(job)


def sighting(db: Database, seq: int, at_us: int) -> None:
    add(
        db,
        NewEvent(
            device="door",
            epoch=EPOCH,
            seq=seq,
            last_seq=seq,
            hash=str(seq),
            type="passage",
            received_us=at_us,
            raw=b"{}",
            boot=EPOCH,
            mono_us=1,
            captured_us=at_us,
            clock_trusted=True,
            camera="east",
            person="zhao",
            strict=True,
            qualifies=True,
            counts=True,
        ),
    )
    alerts.observe_person(db, person="zhao", at_us=at_us, by="door/east", now_us=at_us)


def back(store: Store, now_us: int, by_us: int) -> None:
    store.write(lambda db: hub_time.stepped(db, Step(by_us=by_us), now_us=now_us))
    while store.write(lambda db: hub_time.wind_back(db, last_seen_us=now_us, limit=1)):
        pass


def due_us(store: Store) -> int:
    with store.read() as db:
        watch = watches.get_by_person(db, "zhao")
    assert watch is not None
    return watch.due_us


def test_after_a_step_back_whoever_was_seen_in_the_future_was_seen_now(store: Store) -> None:
    store.write(lambda db: sighting(db, 1, NOW_US + 5 * S))
    store.write(lambda db: sighting(db, 2, NOW_US + DAY_US))
    back(store, NOW_US + 10 * S, -DAY_US)
    assert due_us(store) == NOW_US + 10 * S + DAY_US
    store.write(lambda db: alerts.recount_person(db, person="zhao", now_us=NOW_US + 3600 * S))
    assert due_us(store) == NOW_US + 10 * S + DAY_US, "and no later look at what is stored says otherwise"
    with store.read() as db:
        times = db.execute("SELECT captured_us, received_us FROM events ORDER BY id").fetchall()
        assert times == [(NOW_US + 5 * S, NOW_US + 5 * S), (NOW_US + 10 * S, NOW_US + 10 * S)]
        assert [check for check in verify.checks(db) if check.name in ("dates", "effects") and not check.ok] == []


def test_what_somebody_vouched_for_in_the_future_was_now_too(store: Store) -> None:
    late_us = NOW_US + DAY_US
    store.write(
        lambda db: observations.add(
            db, person="zhao", kind=Kind.PHONE, at_us=late_us, author="王", note="", now_us=late_us
        )
    )
    back(store, NOW_US + S, -DAY_US)
    store.write(lambda db: alerts.recount_person(db, person="zhao", now_us=NOW_US + 99 * S))
    assert due_us(store) == NOW_US + S + DAY_US


def test_an_alert_climbs_as_long_after_a_step_back_as_before_it(store: Store) -> None:
    raised_us = NOW_US + 2 * DAY_US
    (alert,) = store.write(lambda db: alerts.raise_due(db, now_us=raised_us, limit=9))
    assert alert.climb_us is not None
    back(store, raised_us - DAY_US, -DAY_US)
    with store.read() as db:
        assert alerts.climbing(db, now_us=alert.climb_us - DAY_US - 1, limit=9) == []
        assert len(alerts.climbing(db, now_us=alert.climb_us - DAY_US, limit=9)) == 1


def test_a_step_forward_moves_nothing_that_is_stored(store: Store) -> None:
    store.write(lambda db: sighting(db, 1, NOW_US + 5 * S))
    before = due_us(store)
    store.write(lambda db: hub_time.stepped(db, Step(by_us=DAY_US), now_us=NOW_US + DAY_US))
    assert due_us(store) == before


def test_each_step_is_an_alarm_that_says_how_far_and_ends_after_a_calm_hour(store: Store) -> None:
    for by_s in (-86400, 3600):
        store.write(lambda db, by_s=by_s: hub_time.stepped(db, Step(by_us=by_s * S), now_us=NOW_US))  # type: ignore[misc]
        with store.read() as db:
            assert [(alarm.kind, alarm.detail) for alarm in alarms.open(db)] == [("clock", f"{by_s:+d} s")]
    with store.read() as db:
        assert not hub_time.calmed(db, now_us=NOW_US + CALM_S * S - 1)
        assert hub_time.calmed(db, now_us=NOW_US + CALM_S * S)
    store.write(lambda db: hub_time.settle(db, now_us=NOW_US + CALM_S * S))
    with store.read() as db:
        assert alarms.open(db) == []


def test_the_store_knows_the_latest_moment_that_the_hub_wrote_down(store: Store) -> None:
    def known() -> int | None:
        with store.read() as db:
            return hub_time.newest_known_us(db)

    assert known() == NOW_US, "the watch was made then"
    store.write(lambda db: devices.heard(db, "door", now_us=NOW_US + 1))
    assert known() == NOW_US + 1
    store.write(lambda db: sighting(db, 1, NOW_US + 2))
    assert known() == NOW_US + 2
    store.write(lambda db: alerts.raise_due(db, now_us=NOW_US + 2 * DAY_US, limit=9))
    assert known() == NOW_US + 2 * DAY_US


def test_a_watch_that_began_in_the_future_began_now(store: Store) -> None:
    def job(db: Database) -> None:
        people.create(db, id="qian", name="钱", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="qian", period_s=86400, last_seen_us=None, now_us=NOW_US)

    store.write(job)
    back(store, NOW_US - 9 * DAY_US, -9 * DAY_US)
    with store.read() as db:
        watch = watches.get_by_person(db, "qian")
        assert watch is not None
        assert (watch.due_us, watch.last_seen_us) == (NOW_US - 8 * DAY_US, None)
