"""A journal without space: what is dear outlives what is not, every place is told, and the belt goes on."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_hub import ScriptedHub, ScriptedLink
from sightings import folder_in_memory, known, stranger, vehicle, watched

from edge_agent.clock import FakeClock
from edge_agent.journal import Journal, space, tombstone
from edge_agent.journal.tombstone import drop_rows
from edge_agent.uplink.belt import last_place
from edge_agent.uplink.mqtt import Inbox, MqttVersion
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire.codec import decode_event
from edge_agent.wire.messages import Event, Item, LossReason, Lost, Passage, PlateVerdict


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(mono_us=1_000_000_000)


@pytest.fixture
def memory() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def small(memory: Path, clock: FakeClock) -> Iterator[Journal]:
    journal = Journal(memory / "journal.sqlite3", clock=clock, bytes_max=300_000)
    yield journal
    journal.close()


def everything(journal: Journal) -> list[Event]:
    return [decode_event(bytes(item.event)) for item in journal.unsent(0, limit=100_000)]


def told_without_a_gap(items: list[Item], last: int) -> bool:
    place = 1
    for item in items:
        if item.seq != place:
            return False
        place = last_place(item) + 1
    return place == last + 1


def who(events: list[Event]) -> list[str]:
    return [event.sighting.person for event in events if isinstance(event, Passage) and event.sighting]


def ack_up_to(journal: Journal, place: int) -> None:
    item = journal.unsent(place - 1, limit=1)[0]
    assert journal.apply_ack(journal.position().epoch, last_place(item), item.hash).settled


def test_known_people_outlive_thousands_of_strangers_and_the_hub_gets_all_that_is_left(
    small: Journal, clock: FakeClock
) -> None:
    people = [f"p-{number}" for number in range(250)]
    for person in people:
        small.append_all([known(clock, person), *(stranger(clock) for _ in range(20))])
    events = everything(small)
    assert who(events) == people
    strangers = sum(isinstance(event, Passage) and event.sighting is None for event in events)
    lost = sum(event.counts["passage"] for event in events if isinstance(event, Lost))
    assert strangers + lost == 20 * len(people)
    assert lost > 4000
    assert small.losses[LossReason.SPACE] == lost
    hub, epoch = ScriptedHub(), small.position().epoch
    drain(small, hub, clock)
    assert hub.places(epoch) == list(range(1, small.position().last + 1)), "holes in the middle held up nothing"
    assert who([decode_event(raw) for raw in hub.passages()]) == people
    assert small.position().acked == small.position().last


def drain(journal: Journal, hub: ScriptedHub, clock: FakeClock) -> None:
    inboxes: list[Inbox] = []

    def make_link(_version: MqttVersion, inbox: Inbox) -> ScriptedLink:
        inboxes.append(inbox)
        return ScriptedLink(hub, inbox)

    uplink = Uplink(journal, device="door-east", agent="test/1", make_link=make_link, now_s=clock.monotonic_s)
    uplink.step(None)
    while not inboxes[-1].empty():
        uplink.step(inboxes[-1].get_nowait())
    assert uplink.wait_drained(0)


def test_of_what_the_hub_does_not_have_counts_go_first_then_ordinary_ones_then_safety_each_oldest_first(
    small: Journal, clock: FakeClock
) -> None:
    for _ in range(100):
        small.append_all([watched(clock), vehicle(clock, PlateVerdict.KNOWN), stranger(clock)])
    assert small.losses[LossReason.SPACE] == 0
    seen: list[Counter[str]] = []
    for _ in range(900):
        small.append(watched(clock))
        gone = small._db.execute("SELECT kind, sum(last_seq - first_seq + 1) FROM gone GROUP BY kind").fetchall()
        seen.append(Counter(dict(gone)))
    assert all(gone["passage"] == 100 for gone in seen if gone["plate_read"])
    assert all(gone["plate_read"] == 100 for gone in seen if gone["observing"])
    assert seen[-1]["observing"] > 100
    kept = [item.seq for item in small.unsent(0, limit=5000) if b'"observing"' in bytes(item.event)[:30]]
    assert kept == list(range(small.position().last - len(kept) + 1, small.position().last + 1)), "the oldest went"
    assert told_without_a_gap(small.unsent(0, limit=5000), small.position().last)


def test_what_the_hub_has_goes_before_the_least_stranger_that_it_has_not(small: Journal, clock: FakeClock) -> None:
    for _ in range(150):
        small.append(known(clock))
    ack_up_to(small, 150)
    while small.position().oldest <= 120:
        small.append(stranger(clock))
    assert small.losses[LossReason.SPACE] == 0
    reasons = {event.reason for event in everything(small) if isinstance(event, Lost)}
    assert reasons == {LossReason.EXPIRED}


def test_a_journal_full_of_what_is_dear_gives_up_the_stranger_that_just_came(small: Journal, clock: FakeClock) -> None:
    while not small.losses[LossReason.SPACE]:
        small.append(known(clock))
    before = who(everything(small))
    lost = small.losses[LossReason.SPACE]
    for _ in range(30):
        small.append(stranger(clock))
    assert small.losses[LossReason.SPACE] - lost >= 20
    assert len(before) - len(who(everything(small))) <= 1


def test_giving_up_strangers_between_people_really_frees_space(small: Journal, clock: FakeClock) -> None:
    """Scattered over pages that hold people too, their space would not come free, and people would go for nothing."""
    for number in range(2000):
        small.append(stranger(clock) if number % 2 else known(clock, f"p-{number}"))
        if small.losses[LossReason.SPACE] > 200:
            break
    assert small.used_bytes() <= small.bytes_max
    assert len(who(everything(small))) == number // 2 + 1


def test_a_hole_between_two_reasons_is_told_by_one_tombstone_each(small: Journal, clock: FakeClock) -> None:
    small.append_all([stranger(clock) for _ in range(4)])
    small.append_loss({"passage": 2, "observing": 1}, LossReason.DAMAGED)
    with small._transaction() as db:
        rows = db.execute("SELECT seq, kind, rank FROM event WHERE seq IN (2, 4)").fetchall()
        drop_rows(db, 1, rows, LossReason.SPACE)
    assert [event for event in everything(small) if isinstance(event, Lost)] == [
        Lost(first_seq=2, last_seq=2, counts={"passage": 1}, reason=LossReason.SPACE),
        Lost(first_seq=4, last_seq=4, counts={"passage": 1}, reason=LossReason.SPACE),
        Lost(first_seq=5, last_seq=7, counts={"passage": 2, "observing": 1}, reason=LossReason.DAMAGED),
    ]
    assert small.append(stranger(clock)) == 8


def test_what_is_gone_for_years_does_not_fill_the_journal(
    memory: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where types alternate each event that expires is a run of its own."""
    monkeypatch.setattr(tombstone, "GONE_MAX", 50)
    journal = Journal(memory / "journal.sqlite3", clock=clock, keep_s=86400.0)
    for _ in range(20):
        journal.append_all([event for _ in range(10) for event in (stranger(clock), watched(clock))])
        ack_up_to(journal, journal.position().last)
        clock.advance(2 * 86400)
        journal.append(stranger(clock))
    (runs,) = journal._db.execute("SELECT count(*) FROM gone").fetchone()
    assert runs <= 50
    items = journal.unsent(0, limit=1000)
    assert told_without_a_gap(items, journal.position().last)
    first, second = (decode_event(bytes(item.event)) for item in items[:2])
    assert isinstance(first, Lost)
    assert set(first.counts) == {"unknown", "passage", "observing"}, "the newest are still known by their type"
    assert sum(first.counts.values()) == first.last_seq
    assert not isinstance(second, Lost)
    journal.close()


@pytest.mark.slow
def test_choosing_what_goes_costs_no_more_in_a_large_journal_than_in_a_small_one(
    memory: Path, clock: FakeClock
) -> None:
    """Measured as work of SQLite's own machine, which is the same on every computer."""
    small, large = (_work_of_a_drop(memory / f"{count}.sqlite3", clock, count) for count in (4_000, 100_000))
    assert large < 4 * small, f"{small:.0f} and {large:.0f} steps for each event that went"


def _work_of_a_drop(file: Path, clock: FakeClock, count: int) -> float:
    """Steps of the virtual machine for each event dropped, when every third is dear."""
    journal = Journal(file, clock=clock, bytes_max=1 << 30)
    events = [known(clock) if number % 3 == 0 else stranger(clock) for number in range(100)]
    for _ in range(count // 100):
        journal.append_all(events)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 100
        return 0

    journal._db.set_progress_handler(step, 100)
    started_s = time.perf_counter()
    with journal._transaction() as db:
        lost = space.make_room(db, journal.used_bytes() - 100_000)
    print(f"{count}: {lost.total()} dropped in {(time.perf_counter() - started_s) * 1000:.0f} ms")  # noqa: T201
    journal.close()
    return steps / lost.total()
