"""Events on their way into the journal: a disk that refuses costs nothing until memory is full, and then it is said."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disk import full, small_disk

from edge_agent.clock import FakeClock
from edge_agent.errors import JournalError
from edge_agent.journal import Journal, Recorder, describe, recorder
from edge_agent.journal.recorder import PENDING_MAX, REMIND_S, RETRY_S
from edge_agent.wire.codec import decode_event
from edge_agent.wire.messages import (
    ClockAnchor,
    Direction,
    Event,
    LossReason,
    Lost,
    Observing,
    Passage,
    PlateRead,
    PlateReading,
    PlateVerdict,
    Sighting,
    Watching,
)
from edge_agent.wire.plate import PlateKind


class Desk:
    """A recorder, its clock and its journal, whose disk refuses when told."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock(mono_us=1_000_000)
        self.journal = Journal(file, clock=self.clock)
        self.woken = 0
        self.refuses = False
        self.recorder = Recorder(self.journal, clock=self.clock, journaled=self._wake)
        self._append = self.journal.append_all
        monkeypatch.setattr(self.journal, "append_all", self._append_or_refuse)

    def passage(self, person: str | None = None) -> Passage:
        self.clock.advance(0.001)
        sighting = person and Sighting(person=person, score=0.97, margin=None, frames=5, strict=True, embedder="x")
        return Passage(captured=self.clock.stamp(), camera="east", duration_ms=1, frames=2, sighting=sighting or None)

    def stored(self) -> list[Event]:
        return [decode_event(bytes(item.event)) for item in self.journal.unsent(0, limit=5000)]

    def _wake(self) -> None:
        self.woken += 1

    def _append_or_refuse(self, events: list[Event]) -> list[int]:
        if self.refuses:
            raise JournalError("the disk refuses")
        return self._append(events)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path / "journal.sqlite3", monkeypatch)
    yield desk
    desk.journal.close()


def test_events_are_journaled_in_order_and_the_sender_is_woken_for_all(desk: Desk) -> None:
    events = [desk.passage() for _ in range(3)]
    desk.recorder.record(events)
    assert desk.stored() == events
    assert (desk.woken, desk.recorder.waiting, desk.recorder.recorded) == (1, 0, 3)


def test_on_a_full_disk_everything_waits_in_memory_is_told_and_goes_in_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(tmp_path):
        desk = Desk(tmp_path / "journal.sqlite3", monkeypatch)
        events = [desk.passage(f"p-{number}") for number in range(60)]
        desk.recorder.record(events[:1])
        with full(tmp_path):
            for event in events[1:]:
                desk.recorder.record([event])
                desk.clock.advance(1)
            assert desk.recorder.waiting > 40, "what still fitted into the free pages of the log is stored"
            assert "cannot be journaled now and wait in memory" in caplog.text
            assert desk.journal.position().last == 60 - desk.recorder.waiting, "it can still be read"
        desk.clock.advance(RETRY_S)
        desk.recorder.record()
        assert desk.recorder.waiting == 0
        assert desk.stored() == events
        assert "the journal takes events again" in caplog.text
        desk.journal.close()


def test_a_disk_that_refuses_is_asked_again_after_a_while_and_mentioned_once_a_minute(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.refuses = True
    for _ in range(round(3 * REMIND_S) - 1):
        desk.recorder.record([desk.passage()])
        desk.clock.advance(1)
    assert caplog.text.count("cannot be journaled now") == 3
    desk.refuses = False
    desk.clock.advance(RETRY_S)
    desk.recorder.record()
    assert desk.recorder.waiting == 0


def test_memory_has_a_bound_strangers_go_first_and_every_loss_is_said(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PENDING_MAX == 1000
    bound = 20  # a thousand commits to a real disk take seconds
    monkeypatch.setattr(recorder, "PENDING_MAX", bound)
    desk.refuses = True
    known = [desk.passage(f"p-{number}") for number in range(bound - 1)]
    strangers = [desk.passage(), desk.passage()]
    desk.recorder.record([*known[:9], *strangers, *known[9:]])
    assert desk.recorder.waiting == bound
    desk.recorder.record([desk.passage("p-last")])
    desk.recorder.record([desk.passage("p-very-last")])
    assert caplog.text.count("LOST, for the disk has refused too many: camera=east stranger") == 2
    assert caplog.text.count("LOST, for the disk has refused too many: camera=east person=p-0 ") == 1
    desk.refuses = False
    desk.recorder.settle()
    persons = [event.sighting.person for event in desk.stored() if isinstance(event, Passage) and event.sighting]
    assert persons == [*(f"p-{number}" for number in range(1, bound - 1)), "p-last", "p-very-last"]
    told = desk.stored()[-1]
    assert isinstance(told, Lost), "the hub hears of it, too"
    assert (told.counts, told.reason, desk.recorder.lost) == ({"passage": 3}, LossReason.SPACE, 3)


def test_what_is_refused_to_the_very_end_is_said_to_be_lost(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.refuses = True
    desk.recorder.record([desk.passage("p-1")])
    desk.recorder.settle()
    assert "LOST, for the journal did not take it: camera=east person=p-1" in caplog.text


def test_a_fault_of_the_camera_is_a_warning_and_a_good_stretch_is_not(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    began = desk.clock.stamp()
    desk.clock.advance(35)
    ended = desk.clock.stamp()
    for state, cause in ((Watching.WATCHING, None), (Watching.BLIND, "black")):
        desk.recorder.record([Observing(camera="east", began=began, ended=ended, state=state, cause=cause)])
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "observing journaled seq=1 camera=east state=watching for 35.0 s"),
        ("WARNING", "observing journaled seq=2 camera=east state=blind cause=black for 35.0 s"),
    ]


def test_every_kind_of_event_has_a_line() -> None:
    now = FakeClock().stamp()
    assert describe(ClockAnchor(at=now, uncertainty_us=500_000)) == "the clock is right, give or take 0.5 s"
    lost = Lost(first_seq=4, last_seq=9, counts={"passage": 6}, reason=LossReason.SPACE)
    assert describe(lost) == "places 4 to 9: space"


def plate_read(verdict: PlateVerdict | None) -> PlateRead:
    reading = None
    if verdict is not None:
        listed = "皖A12345" if verdict is PlateVerdict.KNOWN else None
        reading = PlateReading(
            text="皖A12345", kind=PlateKind.BLUE, score=0.9871, chars=[1.0] * 7, verdict=verdict, listed=listed
        )
    return PlateRead(
        captured=FakeClock().stamp(),
        camera="gate",
        direction=Direction.IN,
        duration_ms=1900,
        frames=20,
        reads=4,
        reading=reading,
    )


def test_a_plate_in_the_log_is_not_told_in_full() -> None:
    line = describe(plate_read(PlateVerdict.KNOWN))
    assert line == (
        "camera=gate direction=in plate=皖A***45 kind=blue known score=0.987 reads=4 frames=20 duration_ms=1900"
    )
    assert describe(plate_read(None)) == "camera=gate direction=in not readable reads=4 frames=20 duration_ms=1900"


def test_when_memory_is_full_unknown_vehicles_go_before_known_and_unsure_ones_and_those_before_people(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.refuses = True
    reads = [plate_read(verdict) for verdict in (PlateVerdict.KNOWN, PlateVerdict.UNKNOWN, PlateVerdict.UNSURE, None)]
    desk.recorder.record([desk.passage("p-1"), *reads])
    monkeypatch.setattr(recorder, "PENDING_MAX", 2)
    desk.recorder.record([desk.passage("p-2")])
    gone = [record.getMessage() for record in caplog.records if "LOST" in record.getMessage()]
    assert ["unknown" in gone[0], "not readable" in gone[1], "known" in gone[2], "unsure" in gone[3]] == [True] * 4


def test_an_event_that_can_never_be_journaled_is_left_out_told_and_holds_up_nobody(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    events = [desk.passage(f"p-{number}") for number in range(3)]
    huge = Observing(
        camera="east", began=events[0].captured, ended=events[0].captured, state=Watching.BLIND, cause="x" * 20_000
    )
    desk.recorder.record([events[0], huge, *events[1:]])
    assert (desk.recorder.waiting, desk.recorder.lost) == (0, 1)
    assert "LOST, for it cannot be journaled (too_large" in caplog.text
    *stored, lost = desk.stored()
    assert stored == events
    assert lost == Lost(first_seq=4, last_seq=4, counts={"observing": 1}, reason=LossReason.DAMAGED)


def test_what_waits_goes_in_with_one_write_to_the_disk(desk: Desk) -> None:
    desk.refuses = True
    desk.recorder.record([desk.passage() for _ in range(recorder.GROUP_MAX + 20)])
    desk.refuses = False
    commits: list[str] = []
    desk.journal._db.set_trace_callback(commits.append)
    desk.recorder.settle()
    assert commits.count("COMMIT") == 2
    assert len(desk.stored()) == recorder.GROUP_MAX + 20
