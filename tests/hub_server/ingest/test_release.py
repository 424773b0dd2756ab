"""Quarantined events that today's decoder understands: their effects come once, dated and judged as late truth is."""

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from device_model import (
    DAY_US,
    DEVICE,
    HOUR_US,
    anchor,
    batch,
    lost,
    observing,
    passage,
    plate_read,
    stamp,
)
from sqlite_utils import Database

from edge_agent.wire.codec import WireError
from edge_agent.wire.messages import Ack, DownMessage, Event, RefusalReason, UpMessage
from hub_server.ingest import reading
from hub_server.ingest import release as release_module
from hub_server.ingest.apply import apply_up
from hub_server.ingest.release import ERASED, release
from hub_server.store import alerts, devices, people, quarantine, verify, watches
from hub_server.store.errors import ConflictingChangeError, InvalidValueError, NotFoundError
from hub_server.store.quarantine import Decision, Quarantined, Released, State
from hub_server.store.rows import Device
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
LATER_US = NOW_US + HOUR_US


@dataclass(frozen=True, kw_only=True)
class Hub:
    """A hub of yesterday, that understands nothing, until it is upgraded."""

    store: Store
    monkeypatch: pytest.MonkeyPatch

    def say(self, message: UpMessage) -> list[DownMessage]:
        return self.store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))

    def not_understood(self, *raws: bytes, first_seq: int = 1) -> None:
        """They come in while the hub does not know their type yet."""
        with self.monkeypatch.context() as yesterday:
            yesterday.setattr(reading, "decode_event", _knows_nothing)
            self.say(batch(*raws, first_seq=first_seq))

    def release(self, event: int = 1, *, note: str = "") -> Released:
        return self.store.write(lambda db: release(db, event, author="王敏", note=note, now_us=LATER_US))

    def ask(self, sql: str, *values: object) -> list[Any]:
        with self.store.read() as db:
            return db.execute(sql, values).fetchall()

    def row(self, event: int = 1) -> Quarantined:
        with self.store.read() as db:
            return quarantine.find(db, event)

    def waiting(self) -> list[int]:
        with self.store.read() as db:
            return [row.id for row in quarantine.page(db, after=None, limit=100)]

    def device(self) -> Device:
        with self.store.read() as db:
            found = devices.get(db, DEVICE)
        assert found is not None
        return found

    def watched(self, person: str, *, seen_before_us: int) -> None:
        def job(db: Database) -> None:
            people.create(db, id=person, name=person, address="", phone="", note="", now_us=NOW_US)
            watches.create(db, person=person, period_s=86400, last_seen_us=NOW_US - seen_before_us, now_us=NOW_US)
            alerts.raise_due(db, now_us=NOW_US, limit=9)

        self.store.write(job)

    def is_well(self) -> None:
        with self.store.read() as db:
            assert [check for check in verify.checks(db) if not check.ok] == []


def _knows_nothing(raw: bytes) -> Event:
    raise WireError(RefusalReason.MALFORMED, f"Invalid value {raw[:20]!r} - at `$.type`")


@pytest.fixture
def hub(store: Store, monkeypatch: pytest.MonkeyPatch) -> Hub:
    store.write(lambda db: devices.create(db, id=DEVICE, place="东门", now_us=NOW_US))
    return Hub(store=store, monkeypatch=monkeypatch)


def test_a_released_sighting_is_what_it_would_have_been(hub: Hub) -> None:
    hub.watched("zhao", seen_before_us=2 * DAY_US)
    hub.not_understood(passage(wall_us=NOW_US - HOUR_US, person="zhao"))
    assert hub.waiting() == [1]
    done = hub.release(note="升级后")
    assert (done.done, done.row.state, done.row.type) == (True, State.RELEASED, "passage")
    assert [(step.author, step.step, step.note) for step in done.row.steps] == [("王敏", Decision.RELEASED, "升级后")]
    assert hub.waiting() == []
    ((person, captured_us, counts, received_us),) = hub.ask(
        "SELECT person, captured_us, counts, received_us FROM events"
    )
    assert (person, captured_us, counts, received_us) == ("zhao", NOW_US - HOUR_US, 1, NOW_US)
    assert hub.ask("SELECT state, outcome FROM alerts") == [("closed", "retracted")]
    hub.is_well()


def test_late_truth_that_does_not_end_the_alarm_moves_last_seen_only(hub: Hub) -> None:
    hub.watched("zhao", seen_before_us=3 * DAY_US)
    seen_us = NOW_US - DAY_US - HOUR_US
    hub.not_understood(passage(wall_us=seen_us, person="zhao"))
    assert hub.release().done
    assert hub.ask("SELECT state, last_seen_us FROM alerts") == [("open", seen_us)]
    hub.is_well()


def test_releasing_twice_applies_once_and_says_so(hub: Hub) -> None:
    hub.not_understood(plate_read(wall_us=NOW_US))
    assert hub.release().done
    again = hub.release()
    assert (again.done, again.why, again.row.state) == (False, "", State.RELEASED)
    assert hub.ask("SELECT sum(passages) FROM vehicle_hours") == [(1,)]
    assert len(hub.row().steps) == 1


def test_two_releases_at_once_apply_once(hub: Hub) -> None:
    hub.not_understood(*(plate_read(wall_us=NOW_US, mono_us=n) for n in range(20)))
    barrier = threading.Barrier(4)
    done: list[bool] = []

    def all_of_them() -> None:
        barrier.wait()
        done.extend(hub.release(event).done for event in range(1, 21))

    threads = [threading.Thread(target=all_of_them) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 60 + [True] * 20
    assert hub.ask("SELECT sum(passages) FROM vehicle_hours") == [(20,)]
    hub.is_well()


def test_what_is_still_not_understood_changes_nothing_and_says_why(hub: Hub) -> None:
    hub.say(batch(b'{"type":"from the future"}'))
    before = hub.ask("SELECT * FROM events")
    told = hub.release()
    assert (told.done, told.row.state) == (False, State.WAITING)
    assert "from the future" in told.why
    assert hub.ask("SELECT * FROM events") == before
    assert hub.ask("SELECT count(*) FROM quarantine_steps") == [(0,)]


def test_an_error_in_the_effects_leaves_everything_as_it_was(hub: Hub) -> None:
    hub.not_understood(plate_read(wall_us=NOW_US))

    def breaks(*_given: object, **_more: object) -> None:
        raise ZeroDivisionError

    with hub.monkeypatch.context() as broken:
        broken.setattr(release_module, "take_effect", breaks)
        with pytest.raises(ZeroDivisionError):
            hub.release()
    assert hub.row().state is State.WAITING
    assert hub.release().done


def test_an_undated_event_is_dated_by_the_anchor_of_its_boot_before_or_after(hub: Hub) -> None:
    hub.not_understood(
        plate_read(wall_us=5, mono_us=1_000_000, synced=False), passage(wall_us=9, mono_us=2_000_000, synced=False)
    )
    hub.release(1)
    assert hub.ask("SELECT clock_trusted FROM plate_passages") == [(0,)]
    hub.say(batch(anchor(mono_us=61_000_000, wall_us=NOW_US), first_seq=3))
    assert hub.ask("SELECT at_us, clock_trusted FROM plate_passages") == [(NOW_US - 60_000_000, 1)]
    hub.release(2)
    assert hub.ask("SELECT captured_us, clock_trusted FROM events WHERE id = 2") == [(NOW_US - 59_000_000, 1)]
    hub.is_well()


def test_an_anchor_that_is_released_dates_what_has_waited_for_it(hub: Hub) -> None:
    hub.not_understood(anchor(mono_us=61_000_000, wall_us=NOW_US))
    hub.say(batch(plate_read(wall_us=5, mono_us=1_000_000, synced=False), first_seq=2))
    assert hub.release(1).done
    assert hub.ask("SELECT at_us, clock_trusted FROM plate_passages") == [(NOW_US - 60_000_000, 1)]
    hub.is_well()


def test_a_stretch_of_watching_is_released_too(hub: Hub) -> None:
    began, ended = stamp(mono_us=1, wall_us=NOW_US - HOUR_US), stamp(mono_us=1 + HOUR_US, wall_us=NOW_US)
    hub.not_understood(observing(began, ended))
    assert hub.release().done
    assert hub.ask("SELECT event, began_us, ended_us, received_us FROM observing") == [
        (1, NOW_US - HOUR_US, NOW_US, NOW_US)
    ]
    hub.is_well()


def test_a_tombstone_that_was_not_understood_no_longer_blocks_the_belt(hub: Hub) -> None:
    hub.not_understood(lost(1, 9))
    assert hub.device().high == 1
    assert hub.release().done
    assert (hub.device().high, hub.device().lost) == (9, 9)
    (ack,) = hub.say(batch(passage(wall_us=NOW_US), first_seq=10))
    assert isinstance(ack, Ack)
    assert ack.high == 10
    hub.is_well()


def test_a_tombstone_behind_which_events_came_is_one_place_only(hub: Hub) -> None:
    hub.not_understood(lost(1, 9))
    hub.say(batch(passage(wall_us=NOW_US), first_seq=2))
    assert hub.release().done
    assert (hub.device().high, hub.device().lost) == (2, 1)
    hub.is_well()


def test_a_device_that_sends_it_again_after_the_release_is_a_duplicate(hub: Hub) -> None:
    raw = plate_read(wall_us=NOW_US)
    hub.not_understood(raw)
    hub.release()
    hub.say(batch(raw))
    assert hub.device().duplicates == 1
    assert hub.ask("SELECT sum(passages) FROM vehicle_hours") == [(1,)]


def test_what_is_dismissed_is_stored_not_listed_and_may_still_be_released(hub: Hub) -> None:
    hub.not_understood(plate_read(wall_us=NOW_US), plate_read(wall_us=NOW_US, mono_us=2))

    def dismiss(event: int) -> Quarantined:
        return hub.store.write(lambda db: quarantine.dismiss(db, event, author="李", note="坏的", now_us=LATER_US))

    assert dismiss(1).state is State.DISMISSED
    assert dismiss(1).steps == dismiss(1).steps
    assert hub.waiting() == [2]
    assert hub.release(1).done
    assert [step.step for step in hub.row(1).steps] == [Decision.DISMISSED, Decision.RELEASED]
    with pytest.raises(ConflictingChangeError):
        dismiss(1)


def test_names_notes_and_numbers_are_checked(hub: Hub) -> None:
    hub.not_understood(plate_read(wall_us=NOW_US))
    hub.say(batch(passage(wall_us=NOW_US), first_seq=2))
    for event in (2, 3):
        with pytest.raises(NotFoundError):
            hub.release(event)
    with pytest.raises(InvalidValueError):
        hub.store.write(lambda db: release(db, 1, author=" ", note="", now_us=LATER_US))
    with pytest.raises(InvalidValueError):
        hub.store.write(lambda db: quarantine.dismiss(db, 1, author="李", note="", now_us=LATER_US))
    assert hub.waiting() == [1]


def test_nobody_who_was_erased_comes_back_by_a_release(hub: Hub) -> None:
    hub.watched("zhao", seen_before_us=HOUR_US)
    hub.not_understood(passage(wall_us=NOW_US, person="zhao"))
    hub.store.write(lambda db: people.erase(db, "zhao"))
    told = hub.release()
    assert (told.done, told.why) == (False, ERASED)
    hub.is_well()
