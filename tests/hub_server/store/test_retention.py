"""Retention: what is old goes, what an alert or a watch stands on stays, and the sync protocol does not notice."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pytest
from device_model import (
    BOOT,
    DAY_US,
    DEVICE,
    EPOCH,
    HOUR_US,
    OTHER_BOOT,
    OTHER_EPOCH,
    anchor,
    batch,
    hello,
    lost,
    observing,
    passage,
    placed,
    plate_read,
    stamp,
)
from sqlite_utils import Database

from edge_agent.wire.codec import item
from edge_agent.wire.messages import Ack, Conflict, DownMessage, LeftEpoch, UpMessage, Welcome
from hub_server.ingest.apply import apply_up
from hub_server.ingest.release import release
from hub_server.store import (
    alerts,
    audit_reading,
    conflicts,
    corrections,
    coverage,
    devices,
    expiring,
    observations,
    outbox,
    pauses,
    people,
    quarantine,
    recipients,
    retention,
    vehicle_hours,
    vehicles,
    verify,
    watches,
)
from hub_server.store.errors import InvalidValueError
from hub_server.store.expiring import Expiry, Ran
from hub_server.store.retention import DataClass
from hub_server.store.rows import Alert, Watch
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome

NOW_US = 1_795_471_200_000_000
PERSON = "p-li"


class Clock(Protocol):
    now_us: int


class Office:
    """A hub with one device, told of events as days go by."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.seq = 0
        self.write(lambda db: devices.create(db, id=DEVICE, place="东门", area="桂花村", now_us=clock.now_us))
        self.write(
            lambda db: people.create(
                db, id=PERSON, name="李秀兰", address="", phone="", note="", area="桂花村", now_us=clock.now_us
            )
        )

    def write(self, job: Callable[[Database], Any]) -> Any:
        return self.store.write(job)

    def days(self, days: float) -> None:
        self.clock.now_us += int(days * DAY_US)

    def say(self, message: UpMessage) -> list[DownMessage]:
        now_us = self.clock.now_us
        said: list[DownMessage] = self.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=now_us))
        return said

    def tell(self, *raws: bytes) -> list[DownMessage]:
        """The device's next events."""
        first = self.seq + 1
        self.seq += len(raws)
        return self.say(batch(*raws, first_seq=first))

    def see(self, person: str | None = None, **more: Any) -> bytes:
        raw = passage(wall_us=self.clock.now_us - 1, person=person, **more)
        self.tell(raw)
        return raw

    def run(self, **more: Any) -> Ran:
        ran = Expiry(self.store, erase=lambda _person: pytest.fail("nobody was removed"), within_s=30, **more).run()
        self.check()
        return ran

    def check(self) -> None:
        with self.store.read() as db:
            assert [check for check in verify.checks(db) if not check.ok] == []

    def ask(self, sql: str, *values: object) -> list[Any]:
        with self.store.read() as db:
            return [row if len(row) > 1 else row[0] for row in db.execute(sql, values)]

    def places(self) -> list[int]:
        return self.ask("SELECT seq FROM events WHERE epoch = ? ORDER BY seq", EPOCH)

    def kept_from(self) -> int:
        (found,) = self.ask("SELECT kept_from FROM journals WHERE epoch = ?", EPOCH)
        return int(found)

    def watch(self, **more: Any) -> Watch:
        made: Watch = self.write(
            lambda db: watches.create(
                db, person=PERSON, period_s=86400, last_seen_us=None, now_us=self.clock.now_us, **more
            )
        )
        return made

    def raise_due(self) -> list[Alert]:
        raised: list[Alert] = self.write(lambda db: alerts.raise_due(db, now_us=self.clock.now_us, limit=9))
        return raised


@pytest.fixture
def office(store: Store, clock: Clock) -> Office:
    return Office(store, clock)


def stretch(office: Office, *, boot: str = BOOT, synced: bool = True) -> bytes:
    end_us = office.clock.now_us - 1
    mono_us = 20 * DAY_US
    return observing(
        stamp(mono_us=mono_us - HOUR_US, wall_us=end_us - HOUR_US, synced=synced, boot=boot),
        stamp(mono_us=mono_us, wall_us=end_us, synced=synced, boot=boot),
    )


# --- what goes, and what stays ---


def test_each_class_goes_after_its_own_days_and_hours_stay(office: Office) -> None:
    raws = [
        passage(wall_us=NOW_US - 1),
        passage(wall_us=NOW_US - 1, person=PERSON),
        plate_read(wall_us=NOW_US - 1),
        plate_read(wall_us=NOW_US - 1, listed="粤B12345"),
        stretch(office),
        anchor(mono_us=1, wall_us=NOW_US - 1),
        lost(7, 9),
    ]
    office.tell(*raws)
    office.seq = 9
    hours = "SELECT (SELECT sum(passages) FROM vehicle_hours), (SELECT sum(known + strangers) FROM people_hours)"
    before = office.ask(hours)
    left = {}
    for days in (29, 31, 89, 91, 179, 181, 364, 366):
        office.clock.now_us = NOW_US + days * DAY_US
        office.run()
        left[days] = office.places()
    assert left == {
        29: [1, 2, 3, 4, 5, 6, 7],
        31: [2, 4, 5, 6, 7],
        89: [2, 4, 5, 6, 7],
        91: [5, 6, 7],
        179: [5, 6, 7],
        181: [7],
        364: [7],
        366: [],
    }
    assert office.ask("SELECT count(*) FROM clock_anchors") == [0]
    assert office.ask(hours) == before == [(2, 2)]
    with office.store.read() as db:
        (gate,) = vehicle_hours.gates(db, since_us=NOW_US - DAY_US, until_us=NOW_US + DAY_US, after=None, limit=9)
    assert (gate.device, gate.counted.into) == (DEVICE, 2)


def test_what_is_deleted_is_told_by_class_and_in_the_audit(office: Office) -> None:
    for _ in range(70):
        office.see()
    office.tell(plate_read(wall_us=NOW_US - 1))
    office.days(31)
    ran = office.run()
    assert ran.rows == {DataClass.STRANGERS: 70, DataClass.PLATES_OTHERS: 1}
    assert ran.done
    assert ran.transactions > 2
    with office.store.read() as db:
        told = {(row.data_class, row.rows, row.before_us) for row in retention.deletions(db, before=None, limit=9)}
        rows = audit_reading.page(db, before=None, limit=9)
    assert told == {("strangers", 70, NOW_US + DAY_US), ("plates_others", 1, NOW_US + DAY_US)}
    assert [(row.actor, row.action, row.detail["class"], row.detail["rows"]) for row in rows] == [
        ("hub", "retention.delete", "plates_others", 1),
        ("hub", "retention.delete", "strangers", 70),
    ]
    assert office.run().rows == {}


def test_a_buffered_passage_is_as_old_as_its_coming(office: Office) -> None:
    office.tell(passage(wall_us=NOW_US - 40 * DAY_US))
    office.run()
    assert office.places() == [1]


def test_what_somebodys_watch_stands_on_stays(office: Office) -> None:
    for _ in range(3):
        office.see(PERSON)
        office.days(1)
    watch = office.watch()
    assert watch.last_seen_us == NOW_US + 2 * DAY_US - 1
    office.days(400)
    office.run()
    # Those of the two weeks before the last one tell which cameras see them; the last one is what is counted from.
    assert office.places() == [1, 2, 3]
    office.see(PERSON)
    office.run()
    assert office.places() == [4]


def test_of_a_watch_that_is_off_the_last_sighting_alone_stays(office: Office) -> None:
    for _ in range(3):
        office.see(PERSON)
        office.days(1)
    number = office.watch().id
    office.write(lambda db: watches.change(db, number, now_us=office.clock.now_us, active=False))
    office.days(100)
    office.run()
    assert office.places() == [3]


def close(office: Office, alert: Alert) -> None:
    office.write(
        lambda db: alerts.move(
            db,
            alert.id,
            to=AlertState.CLOSED,
            author="王敏",
            note="",
            outcome=Outcome.WELL,
            until_us=None,
            now_us=office.clock.now_us,
        )
    )


def test_an_alert_that_is_open_for_a_year_keeps_all_that_it_says(office: Office) -> None:
    """Sightings that say which camera usually looks, what it did since, the correction that nobody counts."""
    for _ in range(4):
        office.see(PERSON)
        office.tell(stretch(office))
        office.days(1)
    office.watch()
    (wrong,) = office.ask("SELECT max(id) FROM events WHERE person = ?", PERSON)
    office.write(
        lambda db: corrections.not_this_person(
            db, event=wrong, other=None, author="王敏", note="", now_us=office.clock.now_us
        )
    )
    for _ in range(30):
        office.days(1 / 24)
        office.tell(stretch(office))
    (alert,) = office.raise_due()

    def told() -> Any:
        with office.store.read() as db:
            return coverage.for_alert(db, alert, NOW_US + 6 * DAY_US), corrections.get(db, wrong)

    before = told()
    assert before[0].cameras[0].sightings == 3
    assert before[1] is not None
    office.see()
    office.days(400)
    office.run()
    assert told() == before
    assert len(office.places()) == 36  # all but the stranger, and what cameras did before the last sighting
    close(office, alert)
    office.run()
    assert office.places() == []


def test_the_passage_of_the_own_vehicle_that_was_the_last_sign_of_life_stays_with_its_vehicle(office: Office) -> None:
    car = office.write(
        lambda db: vehicles.add(
            db,
            plate="粤B12345",
            owner=Owner.HOUSEHOLD,
            label="3 栋",
            valid_from_us=None,
            valid_until_us=None,
            by="王敏",
            now_us=NOW_US - DAY_US,
        )
    )
    office.write(lambda db: vehicles.assign(db, car.id, person=PERSON, by="王敏", now_us=NOW_US))
    number = office.watch().id
    office.write(lambda db: watches.change(db, number, now_us=NOW_US, own_vehicle=True))
    office.tell(plate_read(wall_us=NOW_US - 1, listed="粤B12345"))
    office.days(1)
    office.write(lambda db: vehicles.remove(db, car.id, by="王敏", now_us=office.clock.now_us))
    office.days(600)
    office.run()
    assert office.places() == [1]
    assert office.ask("SELECT count(*) FROM vehicles") == [1]
    office.see(PERSON)
    office.run()
    assert office.places() == [2]
    assert office.ask("SELECT count(*) FROM vehicles") == [0]


def test_what_waits_in_quarantine_stays_until_somebody_has_decided(office: Office) -> None:
    office.tell(b'{"type":"lamp"}', b'{"type":"horn"}')
    office.days(900)
    office.run()
    assert office.places() == [1, 2]
    office.write(lambda db: quarantine.dismiss(db, 1, author="王敏", note="测试", now_us=office.clock.now_us))
    office.days(179)
    office.run()
    assert office.places() == [1, 2]
    office.days(2)
    assert office.run().rows == {DataClass.SETTLED: 1}
    assert office.places() == [2]
    office.write(lambda db: release(db, 2, author="王敏", note="", now_us=office.clock.now_us))


def test_an_anchor_is_kept_while_it_dates_something_that_stays(office: Office) -> None:
    office.tell(
        passage(wall_us=5, person=PERSON, synced=False, mono_us=5, boot=OTHER_BOOT),
        anchor(mono_us=10, wall_us=NOW_US, boot=OTHER_BOOT),
    )
    office.watch()
    office.days(500)
    office.run()
    assert office.places() == [1]
    assert office.ask("SELECT boot FROM clock_anchors") == [OTHER_BOOT]
    office.see(PERSON)
    office.run()
    assert office.places() == [3]
    assert office.ask("SELECT boot FROM clock_anchors") == []


def test_a_closed_alert_goes_with_its_steps_after_what_was_told_of_it(office: Office) -> None:
    office.write(
        lambda db: recipients.add(
            db, area="桂花村", rung=Rung.WORKER, name="王敏", phone="", urls=["json://a"], now_us=1
        )
    )
    office.watch()
    office.days(2)
    (alert,) = office.raise_due()
    (message,) = office.write(lambda db: outbox.form(db, now_us=office.clock.now_us))
    office.days(1000)
    office.run()
    tables = ("alerts", "alert_changes", "notices", "messages", "observations")

    def count() -> list[int]:
        return [office.ask(f"SELECT count(*) FROM {table}")[0] for table in tables]  # noqa: S608 from above

    assert count() == [1, 1, 1, 1, 0]  # it is open, whatever its age
    office.write(lambda db: outbox.sent(db, message.id, by="json", now_us=office.clock.now_us))
    close(office, alert)
    office.run()
    assert count() == [1, 2, 0, 0, 1]  # what was told is old enough
    office.days(1097)
    assert DataClass.ALERTS in office.run().rows
    assert count() == [0, 0, 0, 0, 1]  # the visit is the last sign of life


def test_pauses_that_the_due_time_comes_from_stay(office: Office) -> None:
    office.watch()
    number = office.write(
        lambda db: pauses.add(
            db, person=PERSON, from_us=NOW_US, until_us=NOW_US + 5 * DAY_US, reason="住院", author="王敏", now_us=NOW_US
        )
    ).id
    office.days(1200)
    office.run()
    assert office.ask("SELECT id FROM pauses") == [number]
    office.write(
        lambda db: observations.add(
            db,
            person=PERSON,
            kind=Kind.PHONE,
            at_us=office.clock.now_us,
            author="王敏",
            note="",
            now_us=office.clock.now_us,
        )
    )
    office.run()
    assert office.ask("SELECT id FROM pauses") == [number]  # still the last one of the watch
    office.write(
        lambda db: pauses.add(
            db,
            person=PERSON,
            from_us=office.clock.now_us,
            until_us=office.clock.now_us + DAY_US,
            reason="探亲",
            author="王敏",
            now_us=office.clock.now_us,
        )
    )
    office.run()
    assert office.ask("SELECT id FROM pauses") == [number + 1]


def test_who_was_removed_long_ago_is_erased_as_a_person_is(office: Office) -> None:
    office.write(lambda db: people.remove(db, PERSON, by="王敏", now_us=NOW_US))
    erased: list[str] = []
    office.days(366)
    ran = Expiry(office.store, erase=erased.append, within_s=9).run()
    assert erased == [PERSON]
    assert ran.rows == {DataClass.REMOVED: 1}


def test_the_audit_goes_from_its_beginning_and_still_verifies(office: Office) -> None:
    from hub_server.store import audit  # noqa: PLC0415 beside what it tests

    for n in range(40):
        office.write(
            lambda db, at_us=NOW_US + n * DAY_US: audit.append(  # type: ignore[misc]
                db, actor="a", action="b", subject=None, detail={}, now_us=at_us
            )
        )
    office.clock.now_us = NOW_US + (20 + 1096) * DAY_US
    assert office.run().rows == {DataClass.AUDIT: 20}
    with office.store.read() as db:
        found = audit_reading.verify(db)
    assert (found.first, found.broken) == (21, None)


# --- the sync protocol does not notice ---


def test_what_comes_again_below_is_a_duplicate_and_no_conflict(office: Office) -> None:
    raws = [office.see() for _ in range(20)]
    office.days(31)
    office.see()
    office.run()
    assert (office.places(), office.kept_from()) == ([21], 21)
    office.see()
    assert office.say(batch(*raws)) == [Ack(epoch=EPOCH, high=22, hash=office.ask("SELECT high_hash FROM journals")[0])]
    (answer,) = office.say(placed(item(3, b"other bytes")))
    assert isinstance(answer, Ack)
    office.check()
    with office.store.read() as db:
        row = devices.get(db, DEVICE)
    assert row is not None
    assert (row.duplicates, row.conflicts) == (21, 0)


def test_what_is_kept_below_is_compared_as_ever(office: Office) -> None:
    """A sighting that a watch stands on holds its place; another event there is a conflict."""
    raw = office.see(PERSON)
    office.watch()
    office.see()
    office.days(31)
    office.run()
    assert (office.places(), office.kept_from()) == ([1], 3)
    assert isinstance(office.say(batch(raw))[-1], Ack)
    assert isinstance(office.say(placed(item(1, passage(wall_us=7))))[-1], Conflict)
    office.check()


def test_a_conflict_keeps_both_events_until_it_is_settled_and_then_the_device_is_still_answered(office: Office) -> None:
    office.see()
    (first,) = office.say(placed(item(1, passage(wall_us=7))))
    assert isinstance(first, Conflict)
    office.days(400)
    office.run()
    assert office.places() == [1]
    assert office.say(hello(last=1)) == [first]
    office.write(lambda db: conflicts.settle(db, 1, author="王敏", note="换卡", now_us=office.clock.now_us))
    office.days(181)
    assert office.run().rows == {DataClass.SETTLED: 1}
    assert office.run().rows == {DataClass.STRANGERS: 1}
    (answer,) = office.say(hello(last=1))
    assert isinstance(answer, Conflict)
    assert answer.hash == "0" * 64


def test_a_device_that_left_an_epoch_is_told_what_was_stored_of_it_when_nothing_of_it_is_left(office: Office) -> None:
    for _ in range(5):
        office.see()
    (high_hash,) = office.ask("SELECT high_hash FROM journals")
    office.days(31)
    office.run()
    assert office.places() == []
    for acked, wanted in ((5, [(5, high_hash)]), (4, [])):  # nothing about a place that nobody can prove any more
        asked = hello(last=0, epoch=OTHER_EPOCH)
        (answer,) = office.say(
            type(asked)(
                device=DEVICE,
                epoch=OTHER_EPOCH,
                oldest=1,
                last=0,
                agent="x",
                left=(LeftEpoch(epoch=EPOCH, acked=acked),),
            )
        )
        assert isinstance(answer, Welcome)
        assert [(one.high, one.hash) for one in answer.left] == wanted


def test_a_hub_that_has_deleted_all_goes_on_where_it_was(office: Office) -> None:
    office.see()
    office.days(31)
    office.run()
    (answer,) = office.say(hello(last=1))
    assert isinstance(answer, Welcome)
    assert answer.high == 1
    office.see()
    assert office.places() == [2]
    office.check()


def test_a_loss_record_holds_its_run_and_goes_as_one(office: Office) -> None:
    office.see()
    office.tell(lost(2, 6))
    office.seq = 6
    office.see()
    with office.store.read() as db:
        assert retention.get(db, DataClass.LOSSES).days == 365
    office.days(366)
    office.run()
    assert (office.places(), office.kept_from()) == ([], 8)
    assert isinstance(office.say(batch(lost(2, 6), first_seq=2))[-1], Ack)
    office.check()


def test_verify_still_finds_a_gap_above_the_deleted_part(office: Office) -> None:
    for _ in range(3):
        office.see()
    office.days(31)
    for _ in range(3):
        office.see()
    office.run()
    office.write(lambda db: db.execute("DELETE FROM events WHERE seq = 5"))
    with office.store.read() as db:
        wrong = [check.detail for check in verify.checks(db) if not check.ok]
    assert any("6 follows 4" in detail for detail in wrong)


def test_ingest_goes_on_while_the_job_runs_and_neither_loses_anything(office: Office) -> None:
    for _ in range(40):
        office.tell(*[passage(wall_us=office.clock.now_us - 1) for _ in range(50)])
    office.days(31)
    ended, waits = threading.Event(), []

    def ingest() -> None:
        while not ended.is_set():
            office.tell(*[passage(wall_us=office.clock.now_us - 1) for _ in range(20)])

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    thread = threading.Thread(target=ingest)
    thread.start()
    try:
        ran = Expiry(office.store, erase=pytest.fail, within_s=30, wait=wait).run()
    finally:
        ended.set()
        thread.join()
    assert ran.rows == {DataClass.STRANGERS: 2000}
    assert ran.transactions == len(waits) >= 8
    assert office.places() == list(range(2001, office.seq + 1))
    office.check()


def test_a_run_that_is_told_to_stop_has_told_what_it_deleted_and_the_next_goes_on(office: Office) -> None:
    for _ in range(4):
        office.tell(*[passage(wall_us=office.clock.now_us - 1) for _ in range(50)])
    office.days(31)
    ran = office.run(wait=lambda _s: True)
    assert not ran.done
    assert 0 < ran.rows[DataClass.STRANGERS] < 200
    office.days(1 / 24)
    rest = office.run()
    assert rest.done
    with office.store.read() as db:
        assert sum(row.rows for row in retention.deletions(db, before=None, limit=9)) == 200


def test_a_crash_between_two_transactions_leaves_no_deletion_untold(office: Office) -> None:
    for _ in range(4):
        office.tell(*[passage(wall_us=office.clock.now_us - 1) for _ in range(50)])
    office.days(31)

    def crash(_s: float) -> bool:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        office.run(wait=crash)
    (told,) = office.ask("SELECT rows FROM deletions")
    assert len(office.places()) == 200 - told
    assert told > 0
    office.check()


def test_a_clock_that_is_years_ahead_does_not_empty_the_store_by_itself(office: Office) -> None:
    office.see()
    office.days(31)
    office.run(step_us_max=expiring.STEP_US_MAX)
    for _ in range(12):
        office.days(30)
        office.see()
    office.clock.now_us += 20 * 365 * DAY_US
    left = []
    for _ in range(3):
        office.run(step_us_max=expiring.STEP_US_MAX)
        office.days(1)
        left.append(office.places()[0])
    assert left == [2, 3, 4]  # a month each, whatever there is in it
    office.run()  # somebody has asked for it
    assert office.places() == []


# --- what the office sets ---


def test_days_are_set_within_limits_by_somebody_and_say_by_whom(office: Office) -> None:
    with office.store.read() as db:
        kept = {one.data_class: one for one in retention.in_force(db)}
    assert list(kept) == list(DataClass)
    assert all(one.policy.days_min <= one.days <= one.policy.days_max for one in kept.values())
    assert kept[DataClass.AUDIT].policy.days_min >= 3 * 365
    assert kept[DataClass.PEOPLE].policy.days_min > 30 + 14  # a watch's longest period, and what tells its cameras
    changed = office.write(
        lambda db: retention.set_days(db, DataClass.STRANGERS, days=7, by="王敏", now_us=office.clock.now_us)
    )
    assert (changed.days, changed.changed_by) == (7, "王敏")
    office.see()
    office.days(8)
    office.run()
    assert office.places() == []


@pytest.mark.parametrize("days", [0, -1, 91])
def test_days_beyond_the_limits_are_refused(office: Office, days: int) -> None:
    with pytest.raises(InvalidValueError):
        office.write(lambda db: retention.set_days(db, DataClass.STRANGERS, days=days, by="王敏", now_us=1))


def test_a_look_for_what_is_old_reads_an_index(office: Office) -> None:
    from hub_server.store.expired_events import EVENT_RULES  # noqa: PLC0415 beside what it tests

    def plan(rule: Any) -> Iterable[str]:
        with office.store.read() as db:
            sql = f"EXPLAIN QUERY PLAN SELECT e.id FROM events e INDEXED BY events_received WHERE {rule._may_go}"  # noqa: S608 ours
            return [row[3] for row in db.execute(sql, {"before": 1})]

    for rule in EVENT_RULES.values():
        assert any("events_received (received_us<?" in step for step in plan(rule)), plan(rule)
