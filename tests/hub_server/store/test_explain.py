"""Why there is an alert, or none, asked of a real store."""

import json

import pytest
from device_model import DAY_US, DEVICE, HOUR_US, batch, observing, passage, plate_read, stamp
from sqlite_utils import Database

from hub_server.ingest.apply import apply_up
from hub_server.store import (
    alerts,
    corrections,
    coverage,
    devices,
    explain,
    observations,
    pauses,
    people,
    vehicles,
    watches,
)
from hub_server.store.errors import NotFoundError
from hub_server.store.explain import Explanation
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner
from hub_server.watch.observation import Kind

NOW_US = 1_795_471_200_000_000


@pytest.fixture(autouse=True)
def office(store: Store) -> None:
    def job(db: Database) -> None:
        devices.create(db, id=DEVICE, place="东门", now_us=NOW_US)
        for person, name in (("zhao", "赵示一"), ("qian", "钱示二")):
            people.create(db, id=person, name=name, address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="zhao", period_s=86_400, last_seen_us=None, now_us=NOW_US - 9 * DAY_US)

    store.write(job)


def say(store: Store, *raws: bytes, first_seq: int = 1) -> None:
    message = batch(*raws, first_seq=first_seq)
    store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))


def told(store: Store, person: str = "zhao", now_us: int = NOW_US) -> Explanation:
    with store.read() as db:
        return explain.explain(db, person=person, now_us=now_us)


def words(explanation: Explanation) -> dict[str, str]:
    return {sentence.key: sentence.en for sentence in explanation.sentences}


def test_a_sighting_is_named_with_its_place_and_its_event(store: Store) -> None:
    say(store, passage(wall_us=NOW_US - HOUR_US, person="zhao"))
    found = told(store)
    assert words(found)["state.seen"] == "赵示一: there is a sign of life within the period."
    assert words(found)["last_seen"].endswith("recognised at 东门（east）, event 1.")
    assert found.facts["last"]["score"] == 0.97
    assert json.loads(json.dumps(found.facts))["state"] == "seen"


def test_an_alert_is_explained_from_the_last_sign_of_life_to_what_would_retract_it(store: Store) -> None:
    seen_us = NOW_US - 2 * DAY_US
    say(
        store,
        passage(wall_us=seen_us, person="zhao"),
        observing(stamp(mono_us=0, wall_us=seen_us), stamp(mono_us=HOUR_US, wall_us=seen_us + HOUR_US)),
        passage(wall_us=NOW_US - HOUR_US, person="zhao", strict=False),
        passage(wall_us=5, person="zhao", synced=False, mono_us=9),
        passage(wall_us=NOW_US - HOUR_US, person="zhao"),
    )
    store.write(
        lambda db: corrections.not_this_person(db, event=5, other="qian", author="小李", note="", now_us=NOW_US)
    )
    made = store.write(
        lambda db: observations.add(
            db, person="zhao", kind=Kind.CLINIC, at_us=NOW_US - 9, author="小李", note="", now_us=NOW_US
        )
    )
    store.write(lambda db: observations.withdraw(db, made.id, author="王敏", now_us=NOW_US))
    (alert,) = store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=9))
    found = words(told(store))
    assert "state.alert" in found
    assert f"Alert {alert.id} was raised" in found["alert"]
    assert found["observer"].startswith("东门 (east): watching 4%, unknown 96%")
    assert "alert.cannot_tell" in found
    assert found["corrected"].endswith("sighting 5 was not this person but 钱示二.")
    assert "王敏 withdrew" in found["withdrawn"]
    assert found["not_counted.unsure"] == "Sightings since then that were not sure enough to count: 1."
    assert found["not_counted.undated"].endswith("nobody knows when they were: 1.")
    assert list(found)[-1] == "next.retracts"


def test_who_was_watching_may_be_handed_in(store: Store) -> None:
    say(store, passage(wall_us=NOW_US - HOUR_US, person="zhao"))
    with store.read() as db:
        watch = watches.get_by_person(db, "zhao")
        assert watch is not None
        known = coverage.for_watch(db, watch, NOW_US)
        given = explain.explain(db, person="zhao", now_us=NOW_US, observers=known)
    assert given == told(store)
    assert [camera.device for camera in known.cameras] == [DEVICE]


def test_a_pause_is_said_as_long_as_it_matters(store: Store) -> None:
    made = store.write(
        lambda db: pauses.add(
            db,
            person="zhao",
            from_us=NOW_US - 9 * DAY_US,
            until_us=NOW_US + DAY_US,
            reason="住院",
            author="小李",
            now_us=NOW_US,
        )
    )
    found = words(told(store))
    assert "state.paused" in found
    assert "住院" in found["pause.on"]
    assert "last_seen.never" in found
    store.write(lambda db: pauses.end(db, made.id, author="小李", now_us=NOW_US))
    assert "pause.over" in words(told(store))
    say(store, passage(wall_us=NOW_US, person="zhao"))
    assert not [key for key in words(told(store)) if key.startswith("pause.")]


def test_their_own_vehicle_and_a_call_are_told_by_whom(store: Store) -> None:
    def own(db: Database) -> None:
        vehicles.add(
            db,
            plate="粤B12345",
            owner=Owner.HOUSEHOLD,
            label="x",
            valid_from_us=None,
            valid_until_us=None,
            by="王",
            now_us=1,
        )
        vehicles.assign(db, 1, person="zhao", by="王", now_us=1)
        watches.change(db, 1, now_us=NOW_US, own_vehicle=True)

    store.write(own)
    say(store, plate_read(wall_us=NOW_US - HOUR_US, listed="粤B12345"))
    assert words(told(store))["last_seen"].endswith("their own vehicle (东门（lane）).")
    store.write(
        lambda db: observations.add(
            db, person="zhao", kind=Kind.PHONE, at_us=NOW_US, author="王: 敏/x", note="", now_us=NOW_US
        )
    )
    assert words(told(store))["last_seen"].endswith("a telephone call (王: 敏/x).")


def test_who_has_no_watch_hears_that_and_who_is_not_there_is_not_found(store: Store) -> None:
    found = told(store, "qian")
    assert list(words(found)) == ["no_watch"]
    assert found.facts == {}
    with pytest.raises(NotFoundError):
        told(store, "nobody")
