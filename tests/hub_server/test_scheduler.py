import pytest
from device_model import DEVICE, EPOCH, batch, passage
from scheduler_world import DAY_S, S, World, quiet_world, world_with_a_door

from hub_server.ingest.apply import apply_up
from hub_server.scheduler import LATE_S, Pulse
from hub_server.store import alerts, devices
from hub_server.store.store import Store
from hub_server.watch.drain import DRAIN_S_MAX, LISTENING_S_MIN


@pytest.fixture
def world(store: Store) -> World:
    return quiet_world(store)


@pytest.fixture
def door(store: Store) -> World:
    return world_with_a_door(store)


def test_without_devices_the_watch_judges_at_once_and_once(world: World) -> None:
    assert world.ticks() == 0
    world.passes(9.999999)
    assert world.ticks() == 0
    world.passes(0.000001)
    assert world.ticks() == 1
    for _ in range(100):
        world.passes(1)
        assert world.ticks() == 0


def test_a_tick_without_news_tells_no_page_to_look_again(world: World) -> None:
    version = world.store.changes.version
    world.ticks()
    assert world.store.changes.version == version


def test_it_waits_for_the_devices_that_were_heard_within_a_day(door: World) -> None:
    assert door.ticks() == 0
    door.connects()
    door.passes(LISTENING_S_MIN)
    assert door.ticks() == 0
    assert door.scheduler.pulse() is Pulse.DRAINING
    door.hears(last=3, events=2)
    assert door.ticks() == 0, "one event is still to come"
    door.hears(last=3, events=3)
    assert door.ticks() == 1
    assert door.scheduler.pulse() is Pulse.JUDGING


def test_what_a_device_tells_in_the_drain_is_known_before_anything_is_judged(door: World) -> None:
    door.connects()
    door.passes(1)
    now_us = door.store.now_us()
    door.hears(last=1, events=0)
    sighting = batch(passage(wall_us=now_us - 3600 * S, person="zhao"))
    door.store.write(lambda db: apply_up(db, device=DEVICE, message=sighting, now_us=now_us))
    door.passes(LISTENING_S_MIN)
    assert door.ticks() == 0
    assert door.scheduler.pulse() is Pulse.JUDGING
    with door.store.read() as db:
        assert alerts.page(db, states=None, after=None, limit=9) == []


@pytest.mark.parametrize("connected", [True, False])
def test_the_wait_ends_whoever_is_missing(door: World, connected: bool) -> None:  # noqa: FBT001 a parameter
    if connected:
        door.connects()
    door.passes(DRAIN_S_MAX - 0.001)
    assert door.ticks() == 0
    door.passes(0.001)
    assert door.ticks() == 1


def test_a_device_that_turns_up_during_the_wait_is_not_waited_for(door: World) -> None:
    now_us = door.store.now_us()
    door.store.write(lambda db: devices.create(db, id="door-new", place="", now_us=now_us))
    message = batch(passage(wall_us=now_us), device="door-new")
    door.store.write(lambda db: apply_up(db, device="door-new", message=message, now_us=now_us))
    door.connects()
    door.hears(last=0, events=0)
    door.passes(LISTENING_S_MIN)
    assert door.ticks() == 1


def test_a_device_silent_for_more_than_a_day_is_not_waited_for(door: World) -> None:
    door.passes(DAY_S)
    door.scheduler = door.restarted()
    assert door.ticks() == 1


def test_a_journal_that_ended_in_a_conflict_is_not_waited_for(door: World) -> None:
    door.connects()
    door.hears(last=5, events=1)
    door.store.write(lambda db: db.execute("UPDATE journals SET conflict_seq = 1 WHERE epoch = ?", [EPOCH]))
    door.passes(LISTENING_S_MIN)
    assert door.ticks() == 1


def test_after_an_outage_of_the_broker_it_waits_again_but_a_flapping_one_cannot_hold_it_off(world: World) -> None:
    world.connects()
    assert world.ticks() == 0
    now_us = world.store.now_us()
    world.store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=now_us))
    world.hears(last=0, events=0)
    world.passes(5)
    world.listening_since_s = None
    world.ticks()
    world.passes(60)
    world.connects()
    waited_s = 0
    while world.ticks() == 0:
        world.passes(10)
        world.connects()  # it comes and goes all the time
        waited_s += 10
    assert waited_s == DRAIN_S_MAX


def test_a_hello_that_comes_before_the_tick_that_sees_the_connection_is_not_missed(door: World) -> None:
    door.connects()
    door.hears(last=0, events=0)
    door.passes(LISTENING_S_MIN)
    assert door.ticks() == 1
    door.listening_since_s = None
    door.passes(60)
    door.ticks()
    door.connects()
    door.passes(0.4)
    door.hears(last=0, events=0)
    door.passes(0.5)
    door.ticks()
    assert door.scheduler.pulse() is Pulse.DRAINING
    door.passes(LISTENING_S_MIN)
    door.ticks()
    assert door.scheduler.pulse() is Pulse.JUDGING


def test_a_watch_that_cannot_judge_says_that_it_is_late(world: World) -> None:
    world.ticks()
    world.passes(LATE_S)
    assert world.scheduler.pulse() is Pulse.JUDGING
    world.passes(0.001)
    assert world.scheduler.pulse() is Pulse.LATE


def test_one_bad_tick_does_not_end_the_watch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_server.scheduler.TICK_S", 0.001)
    real = world.scheduler.tick
    calls: list[int] = []

    def stumbles_first() -> list[object]:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError
        return list(real())

    monkeypatch.setattr(world.scheduler, "tick", stumbles_first)
    world.passes(20)
    version = world.store.changes.version
    world.scheduler.start()
    assert world.store.changes.wait(version, 10) > version
    world.scheduler.stop()
    with world.store.read() as db:
        assert len(alerts.page(db, states=None, after=None, limit=9)) == 1


def test_it_says_when_it_last_judged_and_a_drain_is_no_judgement(door: World) -> None:
    assert door.scheduler.ticked_us is None
    door.ticks()
    assert door.scheduler.ticked_us is None, "it waits for the agents"
    door.passes(DRAIN_S_MAX + 1)
    door.ticks()
    assert door.scheduler.ticked_us == door.store.now_us()
