"""What the scheduler does besides raising: the ladder, pauses that end, observers, its clock."""

from typing import Any

import pytest
from device_model import DEVICE, batch, observing, passage, stamp
from scheduler_world import DAY_S, S, World, quiet_world, world_with_a_door
from sqlite_utils import Database

from hub_server.ingest.apply import apply_up
from hub_server.scheduler import ROUND_S, Pulse
from hub_server.store import alarms, alerts, coverage, devices, outbox, pauses, people, recipients, watches
from hub_server.store.outbox import NoticeKind
from hub_server.store.roster import Roster
from hub_server.store.rows import Alert, Watch
from hub_server.store.store import Store
from hub_server.watch.coverage import Verdict
from hub_server.watch.drain import DRAIN_S_MAX, LISTENING_S_MIN
from hub_server.watch.hub_clock import CALM_S
from hub_server.watch.ladder import DEFAULT_WAIT_S, Rung
from hub_server.watch.rhythm import is_quiet
from hub_server.watch.zone import OFFICE_ZONE


@pytest.fixture
def world(store: Store) -> World:
    return quiet_world(store)


@pytest.fixture
def door(store: Store) -> World:
    return world_with_a_door(store)


def hears(world: World) -> list[NoticeKind]:
    """What goes out now, whoever is told."""

    def job(db: Database) -> list[NoticeKind]:
        made = outbox.form(db, now_us=world.store.now_us() + 10 * S)
        return [notice.kind for message in made for notice in outbox.contents(db, message.id)]

    return world.store.write(job)


def staff(world: World, *rungs: Rung) -> None:
    for rung in rungs:
        world.store.write(
            lambda db, rung=rung: recipients.add(  # type: ignore[misc]
                db, area="", rung=rung, name="王", phone="", urls=["json://a"], now_us=world.store.now_us()
            )
        )


def open_alarms(world: World) -> list[tuple[str, str]]:
    with world.store.read() as db:
        return [(alarm.kind, alarm.subject) for alarm in alarms.open(db)]


def test_an_alert_that_nobody_takes_in_hand_climbs_by_itself(world: World) -> None:
    staff(world, Rung.WORKER, Rung.COMMUNITY)
    world.passes(10)
    assert world.ticks() == 1
    assert hears(world) == ["raised"]
    world.passes(DEFAULT_WAIT_S[Rung.WORKER] - 1)
    world.ticks()
    assert hears(world) == []
    world.passes(1)
    world.ticks()
    assert hears(world) == ["climbed"]
    version = world.store.changes.version
    world.passes(1)
    world.ticks()
    assert world.store.changes.version == version


def test_during_a_drain_nothing_climbs(door: World) -> None:
    staff(door, Rung.WORKER, Rung.COMMUNITY)
    door.passes(DRAIN_S_MAX)
    assert door.ticks() == 1
    hears(door)
    door.passes(DEFAULT_WAIT_S[Rung.WORKER])
    door.scheduler = door.restarted()
    door.ticks()
    assert hears(door) == [], "what the agents have to tell may end the alert"
    door.passes(DRAIN_S_MAX)
    door.ticks()
    assert hears(door) == ["climbed"]


def test_that_a_pause_ends_is_told_once_the_day_before_and_not_at_night(world: World) -> None:
    staff(world, Rung.WORKER)
    now_us = world.store.now_us()
    assert is_quiet(now_us, zone=OFFICE_ZONE), "06:00 at the site"
    until_us = now_us + 40 * 3600 * S
    world.store.write(
        lambda db: pauses.add(
            db, person="zhao", from_us=now_us, until_us=until_us, reason="住院", author="王", now_us=now_us
        )
    )
    told_after_h = []
    for hour in range(48):
        world.ticks()
        if hears(world):
            told_after_h.append(hour)
        world.passes(3600)
    assert told_after_h == [25], "24 h before its end it is 22:00; at 07:00 it is time"


def test_an_area_without_a_worker_is_an_alarm_until_there_is_one(world: World) -> None:
    world.passes(10)
    world.ticks()
    assert open_alarms(world) == [("delivery", "area/")]
    staff(world, Rung.WORKER)
    world.passes(ROUND_S)
    world.ticks()
    assert open_alarms(world) == []


def test_a_long_step_of_the_clock_forward_is_an_alarm_and_lets_the_agents_tell_before_anybody_is_judged(
    door: World,
) -> None:
    door.connects()
    door.hears(last=0, events=0)
    door.passes(LISTENING_S_MIN)
    door.store.write(lambda db: watches.restart(db, 1, last_seen_us=door.store.now_us()))
    assert door.ticks() == 0
    door.clock.now_us += 2 * DAY_S * S  # type: ignore[attr-defined]
    door.hears(last=1, events=0)
    assert door.ticks() == 0
    assert door.scheduler.pulse() is Pulse.DRAINING
    assert open_alarms(door) == [("clock", "hub")]
    door.passes(LISTENING_S_MIN)
    assert door.ticks() == 0, "one event is still to come"
    door.passes(DRAIN_S_MAX)
    assert door.ticks() == 1


def test_a_step_of_the_clock_back_holds_no_alert_off_for_longer_than_its_period(world: World) -> None:
    world.ticks()
    world.store.write(lambda db: watches.restart(db, 1, last_seen_us=world.store.now_us()))
    world.clock.now_us -= 30 * DAY_S * S  # type: ignore[attr-defined]
    assert world.ticks() == 0
    assert open_alarms(world) == [("clock", "hub")]
    world.passes(DAY_S - 1)
    assert world.ticks() == 0
    world.passes(1)
    assert world.ticks() == 1


def test_a_hub_that_starts_with_its_clock_behind_what_it_has_stored_says_so_and_does_not_sleep_for_years(
    world: World,
) -> None:
    world.store.write(lambda db: watches.restart(db, 1, last_seen_us=world.store.now_us()))
    world.store.write(lambda db: devices.create(db, id="old", place="", now_us=0))
    world.store.write(lambda db: devices.heard(db, "old", now_us=world.store.now_us()))
    world.clock.now_us = 5 * S  # type: ignore[attr-defined]
    world.scheduler = world.restarted()
    world.passes(DRAIN_S_MAX)
    assert world.ticks() == 0
    assert ("clock", "hub") in open_alarms(world)
    world.passes(DAY_S)
    assert world.ticks() == 1


def test_the_alarm_about_the_clock_ends_after_a_calm_hour(world: World) -> None:
    world.ticks()
    world.clock.now_us += 120 * S  # type: ignore[attr-defined]
    world.ticks()
    assert ("clock", "hub") in open_alarms(world)
    world.passes(CALM_S)
    world.ticks()
    assert ("clock", "hub") not in open_alarms(world)


def test_a_camera_that_falls_silent_is_an_alarm_within_a_minute_of_half_an_hour(door: World) -> None:
    now_us = door.store.now_us()
    door.connects()
    door.hears(last=0, events=0)
    raws = [
        passage(wall_us=now_us, person="zhao"),
        observing(stamp(mono_us=1, wall_us=now_us - 900 * S), stamp(mono_us=900 * S + 1, wall_us=now_us)),
    ]
    door.store.write(lambda db: apply_up(db, device=DEVICE, message=batch(*raws), now_us=now_us))
    for _ in range(29):
        door.passes(60)
        door.ticks()
    assert open_alarms(door) == []
    door.passes(60)
    door.ticks()
    assert [kind for kind, _ in open_alarms(door)] == ["observer"]


def test_who_depends_on_a_camera_that_died_is_named_to_the_worker_hours_before_the_alert(door: World) -> None:
    staff(door, Rung.WORKER, Rung.OFFICE)
    now_us = door.store.now_us()
    door.connects()
    door.hears(last=0, events=0)
    raws = [
        passage(wall_us=now_us, person="zhao"),
        observing(stamp(mono_us=1, wall_us=now_us - 900 * S), stamp(mono_us=900 * S + 1, wall_us=now_us)),
    ]
    door.store.write(lambda db: apply_up(db, device=DEVICE, message=batch(*raws), now_us=now_us))
    heard: list[tuple[float, tuple[NoticeKind, ...]]] = []
    for _ in range(4 * 24):
        door.passes(900)
        door.ticks()
        hours = (door.store.now_us() - now_us) / S / 3600
        heard += [(hours, tuple(kinds)) for kinds in [hears(door)] if kinds]
    (office, asked, raised) = heard
    assert office[1] == ("alarm",), "that the camera is dead, half an hour after it"
    assert (asked[1], raised[1]) == (("alarm",), ("raised",))
    assert raised[0] == 24.0
    assert 1.5 <= raised[0] - asked[0] <= 12.0
    assert not is_quiet(now_us + int(asked[0] * 3600) * S, zone=OFFICE_ZONE)


def test_one_watch_that_cannot_be_raised_holds_up_no_other_and_the_hub_says_that_it_is_late(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = quiet_world(store)
    now_us = store.now_us()
    for person in ("qian", "sun"):
        store.write(
            lambda db, person=person: people.create(  # type: ignore[misc]
                db, id=person, name=person, address="", phone="", note="", now_us=now_us
            )
        )
        store.write(
            lambda db, person=person: watches.create(  # type: ignore[misc]
                db, person=person, period_s=DAY_S, last_seen_us=now_us - 2 * DAY_S * S, now_us=now_us
            )
        )
    raise_ = alerts._raise

    def fails_for_one(db: Database, roster: Roster, watch: Watch, *rest: Any, **more: Any) -> Alert:
        if watch.person == "qian":
            raise ValueError("a row that nobody expected")
        return raise_(db, roster, watch, *rest, **more)

    monkeypatch.setattr(alerts, "_raise", fails_for_one)
    world.passes(10)
    assert world.ticks() == 2, "zhao and sun"
    world.passes(90)
    assert world.ticks() == 0
    assert world.scheduler.pulse() is Pulse.LATE
    monkeypatch.setattr(alerts, "_raise", raise_)
    assert world.ticks() == 1
    assert world.scheduler.pulse() is Pulse.JUDGING


def test_an_alert_waits_for_no_answer_to_who_was_watching(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("no such camera")

    monkeypatch.setattr(coverage, "verdicts", fails)
    world = quiet_world(store)
    world.passes(10)
    (alert,) = world.scheduler.tick()
    assert alert.verdict is Verdict.CANNOT_TELL
