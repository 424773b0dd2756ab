"""Everything that may happen to a journal, in any order, against a list that remembers all."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_agent.clock import FakeClock
from edge_agent.journal import Journal, Verdict
from edge_agent.uplink.belt import last_place
from edge_agent.wire.codec import decode_event, encode_event
from edge_agent.wire.messages import Event, Item, LossReason, Lost, Passage, Sighting

DAY_S = 86400.0
SIGHTING = Sighting(person="resident-01", score=0.9, margin=None, frames=3, strict=True, embedder="x")
KEEP_S = 7 * DAY_S


# A disk would spend ten seconds on syncing, which is the business of test_journal_crash.py.
MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it


class JournalMachine(RuleBasedStateMachine):
    """`events[n - 1]` is what was journaled at place n of the epoch in use: bytes, or None for a tombstone's place."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.clock = FakeClock()
        self.events: list[bytes] = []
        self.acked = 0
        self.held: dict[int, str] = {}  # at the hub: hash of each item by its last place
        self.epochs: set[str] = set()
        self.expired_reachable = False
        self.bytes_max = 0

    @initialize(small=st.booleans())
    def begin(self, *, small: bool) -> None:
        self.bytes_max = 60_000 if small else 64 << 20
        self.open()

    def open(self) -> None:
        self.journal = Journal(self.folder / "j.sqlite3", clock=self.clock, keep_s=KEEP_S, bytes_max=self.bytes_max)
        self.epochs.add(self.journal.position().epoch)

    def item_at(self, place: int) -> Item:
        """The item that covers a place, as the hub would have been sent it."""
        return next(item for item in self.journal.unsent(0, limit=10_000) if last_place(item) >= place)

    @rule(dear=st.lists(st.booleans(), min_size=1, max_size=40), frames=st.integers(1, 10**6))
    def append(self, dear: list[bool], frames: int) -> None:
        """Strangers, and people who outlive them, in one write."""
        events: list[Event] = []
        for known in dear:
            self.clock.advance(0.5)
            sighting = SIGHTING if known else None
            events.append(
                Passage(captured=self.clock.stamp(), camera="east", duration_ms=1, frames=frames, sighting=sighting)
            )
        first = len(self.events) + 1
        assert self.journal.append_all(events) == list(range(first, first + len(events)))
        self.events += map(encode_event, events)

    @precondition(lambda self: self.acked < len(self.events))
    @rule(data=st.data())
    def hub_acks(self, data: st.DataObject) -> None:
        item = self.item_at(data.draw(st.integers(self.acked + 1, len(self.events))))
        high = last_place(item)
        new = {last_place(sent): sent.hash for sent in self.journal.unsent(self.acked, limit=10_000)}
        self.held |= {place: digest for place, digest in new.items() if place <= high}
        assert self.journal.apply_ack(self.journal.position().epoch, high, item.hash) is Verdict.SETTLED
        self.acked = high

    @precondition(lambda self: self.acked > 0)
    @rule(data=st.data())
    def hub_is_restored_from_a_backup(self, data: st.DataObject) -> None:
        high = data.draw(st.sampled_from([0, *(place for place in self.held if place < self.acked)]))
        digest = self.held[high] if high else None
        self.held = {place: known for place, known in self.held.items() if place <= high}
        verdict = self.journal.apply_welcome(self.journal.position().epoch, high, digest)
        assert verdict is Verdict.SETTLED
        self.acked = high

    @rule(beyond=st.integers(1, 5))
    def hub_knows_another_history(self, beyond: int) -> None:
        high = len(self.events) + beyond
        assert self.journal.apply_welcome(self.journal.position().epoch, high, "0" * 64) is Verdict.FORKED
        epoch = self.journal.position().epoch
        assert epoch not in self.epochs, "an epoch is never used again"
        self.epochs.add(epoch)
        del self.events[: self.acked]
        self.held.clear()
        self.acked = 0

    @rule(days=st.floats(0.1, 9))
    def time_passes(self, days: float) -> None:
        self.clock.advance(days * DAY_S)

    @rule(synced=st.booleans())
    def clock_is(self, *, synced: bool) -> None:
        self.clock.synced = synced

    @rule()
    def process_restarts(self) -> None:
        self.journal.close()
        self.open()

    @rule(data=st.data())
    def hub_asks_from_anywhere(self, data: st.DataObject) -> None:
        after = data.draw(st.integers(0, len(self.events)))
        items = self.journal.unsent(after, limit=10_000)
        self.check(items, after)
        assert self.journal.unsent(after, limit=10_000) == items, "asked twice, answered the same"

    @invariant()
    def position_is_known(self) -> None:
        if not hasattr(self, "journal"):
            return
        position = self.journal.position()
        assert (position.last, position.acked) == (len(self.events), self.acked)
        assert 1 <= position.oldest <= position.last + 1

    @invariant()
    def every_place_is_told(self) -> None:
        if hasattr(self, "journal"):
            self.check(self.journal.unsent(0, limit=10_000), 0)

    def check(self, items: list[Item], after: int) -> None:
        """No gap and no overlap up to the end; each event byte for byte; a loss only where a loss may be."""
        place = after + 1
        for item in items:
            assert item.seq == place
            event = decode_event(bytes(item.event))
            if isinstance(event, Lost):
                assert event.first_seq == place
                assert sum(event.counts.values()) == event.last_seq - event.first_seq + 1
                assert event.reason in {LossReason.EXPIRED, LossReason.SPACE}
                if self.bytes_max > 10**6:
                    assert event.reason is LossReason.EXPIRED
            else:
                assert bytes(item.event) == self.events[place - 1]
            place = last_place(item) + 1
        assert place == len(self.events) + 1

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
        shutil.rmtree(self.folder)


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
