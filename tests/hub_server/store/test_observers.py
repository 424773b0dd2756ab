"""A camera that sees watched people and does not watch is an alarm in its own right, and ends by itself."""

import pytest
from sqlite_utils import Database

from hub_server.store import alarms, coverage, devices, journals, observers, people, recipients, watches
from hub_server.store.events import NewEvent, add
from hub_server.store.observing import NewStretch
from hub_server.store.observing import add as add_stretch
from hub_server.store.store import Store
from hub_server.watch.coverage import Verdict
from hub_server.watch.ladder import Rung

NOW_US = 1_795_471_200_000_000
S = 1_000_000
MIN_US = 60 * S
DAY_US = 86_400 * S
EPOCH = "0" * 32


class Gate:
    """Two devices with two cameras each; whoever is seen or watches is said by hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seq = 0

        def job(db: Database) -> None:
            for device in ("door", "gate"):
                devices.create(db, id=device, place="", area="桂花村", now_us=NOW_US)
                journals.enter(db, device=device, epoch=EPOCH, now_us=NOW_US)
            people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)
            watches.create(db, person="zhao", period_s=86400, last_seen_us=NOW_US - DAY_US, now_us=NOW_US)
            recipients.add(db, area="桂花村", rung=Rung.OFFICE, name="o", phone="", urls=["json://a"], now_us=NOW_US)

        store.write(job)

    def event(self, db: Database, device: str, camera: str, kind: str, at_us: int) -> int:
        self.seq += 1
        sighting = kind == "passage"
        return add(
            db,
            NewEvent(
                device=device,
                epoch=EPOCH,
                seq=self.seq,
                last_seq=self.seq,
                hash=str(self.seq),
                type=kind,
                received_us=at_us,
                raw=b"{}",
                boot=EPOCH,
                mono_us=1,
                captured_us=at_us,
                clock_trusted=True,
                camera=camera,
                person="zhao" if sighting else None,
                strict=sighting,
                qualifies=sighting,
                counts=sighting,
            ),
        )

    def sees(self, device: str, camera: str, at_us: int = NOW_US - 2 * DAY_US) -> None:
        self.store.write(lambda db: self.event(db, device, camera, "passage", at_us))

    def says(self, device: str, camera: str, state: str, from_min: int, until_min: int, cause: str = "") -> None:
        def job(db: Database) -> None:
            event = self.event(db, device, camera, "observing", NOW_US + until_min * MIN_US)
            stretch = NewStretch(
                camera=camera,
                state=state,
                cause=cause,
                boot=EPOCH,
                began_mono_us=0,
                ended_mono_us=(until_min - from_min) * MIN_US,
                ended_us=NOW_US + until_min * MIN_US,
            )
            add_stretch(db, stretch, event=event, device=device, received_us=NOW_US + until_min * MIN_US, anchor=None)

        self.store.write(job)

    def round(self, after_min: int = 0) -> list[tuple[str, str, int]]:
        """(subject, detail, since in minutes) of the alarms that stand after a look."""
        now_us = NOW_US + after_min * MIN_US

        def job(db: Database) -> list[tuple[str, str, int]]:
            observers.tell(db, observers.look(db, now_us=now_us), now_us=now_us)
            return [(alarm.subject, alarm.detail, (alarm.since_us - NOW_US) // MIN_US) for alarm in alarms.open(db)]

        return self.store.write(job)

    def verdict(self) -> Verdict:
        with self.store.read() as db:
            watch = watches.get_by_person(db, "zhao")
            assert watch is not None
            (found,) = coverage.verdicts(db, [watch], now_us=watch.due_us)
            return found


@pytest.fixture
def gate(store: Store) -> Gate:
    return Gate(store)


def test_a_camera_that_tells_that_it_watches_is_no_alarm_and_one_that_falls_silent_is(gate: Gate) -> None:
    gate.sees("door", "east")
    gate.says("door", "east", "watching", -15, 0)
    assert gate.round() == []
    assert gate.round(29) == []
    assert gate.round(30) == [("door/east", "silent", 0)]
    assert gate.round(40) == [("door/east", "silent", 0)], "once"


def test_a_blind_camera_is_an_alarm_with_its_reason_since_it_watched_last_and_ends_by_itself(gate: Gate) -> None:
    gate.sees("door", "east")
    gate.says("door", "east", "watching", -60, -45)
    gate.says("door", "east", "blind", -45, -20, "dark")
    gate.says("door", "east", "blind", -20, 0, "dark")
    assert gate.round() == [("door/east", "blind: dark", -45)]
    gate.says("door", "east", "watching", 0, 1)
    assert gate.round(1) == []
    with gate.store.read() as db:
        assert len(alarms.page(db, after=None, limit=9)) == 1


def test_only_cameras_that_see_somebody_watched_are_alarmed_and_each_for_itself(gate: Gate) -> None:
    for device in ("door", "gate"):
        for camera in ("east", "west"):
            gate.says(device, camera, "frozen", -60, -1)
    gate.says("gate", "east", "watching", -2, 0)
    gate.sees("door", "west")
    gate.sees("gate", "east")
    gate.sees("gate", "west")
    gate.sees("door", "east", NOW_US - 15 * DAY_US)
    assert [subject for subject, _, _ in gate.round()] == ["door/west", "gate/west"]


def test_nothing_is_known_of_an_empty_street(gate: Gate) -> None:
    assert gate.round() == []


def test_an_alert_can_say_that_somebody_watched_only_when_a_usual_camera_did(gate: Gate) -> None:
    assert gate.verdict() is Verdict.CANNOT_TELL, "no camera usually sees them"
    gate.sees("door", "east")
    assert gate.verdict() is Verdict.CANNOT_TELL, "what was not told is unknown"
    gate.says("door", "east", "watching", -24 * 60, -74)
    assert gate.verdict() is Verdict.CANNOT_TELL
    gate.says("door", "east", "watching", -74, -71)
    assert gate.verdict() is Verdict.WATCHED


def test_a_camera_that_seldom_sees_them_makes_up_for_no_dead_one_that_often_does(gate: Gate) -> None:
    for hour in range(9):
        gate.sees("door", "east", NOW_US - 3 * DAY_US + hour * 60 * MIN_US)
    gate.sees("gate", "east")
    gate.says("gate", "east", "watching", -24 * 60, 0)
    assert gate.verdict() is Verdict.CANNOT_TELL
    gate.says("door", "east", "watching", -24 * 60, 0)
    assert gate.verdict() is Verdict.WATCHED


def test_another_camera_that_watched_says_nothing_about_somebody_it_never_sees(gate: Gate) -> None:
    gate.sees("door", "east")
    gate.says("gate", "east", "watching", -24 * 60, 0)
    assert gate.verdict() is Verdict.CANNOT_TELL


def test_a_window_of_many_weeks_is_judged_as_any_other(gate: Gate) -> None:
    gate.sees("door", "east", NOW_US - 61 * DAY_US)

    def job(db: Database) -> None:
        watches.restart(db, 1, last_seen_us=NOW_US - 60 * DAY_US)
        db.execute("UPDATE events SET counts = 1")  # the sighting before still tells which camera is usual
        db.execute("UPDATE watches SET due_us = ?", [NOW_US])

    gate.store.write(job)
    gate.says("door", "east", "watching", -60 * 24 * 60, -2 * 24 * 60)
    assert gate.verdict() is Verdict.WATCHED
