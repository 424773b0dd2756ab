"""An agent and a hub over a belt that loses, repeats and reorders, with crashes between commit and ack."""

import json
import tempfile
from pathlib import Path

import pytest
from device_model import DEVICE, EPOCH, JournalModel, hello, passage
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_agent.wire.codec import decode_up, event_hash
from edge_agent.wire.messages import Ack, DownMessage, Replay, UpMessage, Welcome, wire_bytes
from hub_server.ingest.apply import apply_up
from hub_server.store import devices, events, people, watches
from hub_server.store.rows import EventRow
from hub_server.store.store import Store

pytestmark = pytest.mark.slow
NOW_US = 1_795_471_200_000_000
BATCH_MAX = 3


class SyncMachine(RuleBasedStateMachine):
    """Each rule is one thing that may happen at any time; the invariants must hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.opened()
        self.store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
        self.store.write(
            lambda db: people.create(db, id="zhao", name="z", address="", phone="", note="", now_us=NOW_US)
        )
        self.store.write(lambda db: watches.create(db, person="zhao", period_s=86400, last_seen_us=None, now_us=NOW_US))
        self.journal = JournalModel()
        self.up: list[bytes] = []
        self.down: list[DownMessage] = []
        self.next_seq = 1
        self.acked = 0

    def opened(self) -> Store:
        return Store.open(Path(self.folder.name), clock=lambda: NOW_US)

    @rule(ages_s=st.lists(st.integers(0, 200_000), min_size=1, max_size=4), resident=st.booleans())
    def people_walk_past(self, ages_s: list[int], resident: bool) -> None:  # noqa: FBT001 drawn by hypothesis
        for age_s in ages_s:
            person = "zhao" if resident else None
            seq = self.journal.last + 1
            self.journal.add(passage(wall_us=NOW_US - age_s * 1_000_000, person=person, mono_us=seq))

    @rule()
    def the_agent_says_hello(self) -> None:
        self.send(hello(last=self.journal.last))

    @rule()
    def the_agent_sends_on(self) -> None:
        message = self.journal.from_place(self.next_seq, BATCH_MAX)
        if message is not None:
            self.send(message)
            self.next_seq = json.loads(bytes(message.items[-1].event)).get("last_seq", message.items[-1].seq) + 1

    @rule(place=st.integers(0, 9))
    def the_agent_sends_from_anywhere(self, place: int) -> None:
        self.next_seq = min(place + 1, self.journal.last + 1)
        self.the_agent_sends_on()

    @rule(entries=st.integers(1, 3))
    def space_runs_short(self, entries: int) -> None:
        self.journal.lose_oldest(entries)

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def the_belt_delivers_any_message(self, data: st.DataObject) -> None:
        payload = self.up.pop(data.draw(st.integers(0, len(self.up) - 1)))
        self.down += self.hub_takes(payload)

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def the_belt_delivers_a_message_and_keeps_a_copy(self, data: st.DataObject) -> None:
        payload = data.draw(st.sampled_from(self.up))
        self.down += self.hub_takes(payload)

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def the_hub_dies_between_commit_and_answer(self, data: st.DataObject) -> None:
        self.hub_takes(self.up.pop(data.draw(st.integers(0, len(self.up) - 1))))
        self.store.close()
        self.store = self.opened()

    @rule()
    def the_connection_breaks(self) -> None:
        self.up.clear()
        self.down.clear()

    @precondition(lambda self: self.down)
    @rule(data=st.data())
    def the_agent_hears_any_answer(self, data: st.DataObject) -> None:
        self.agent_hears(self.down.pop(data.draw(st.integers(0, len(self.down) - 1))))

    @invariant()
    def every_place_up_to_high_is_held_exactly_once(self) -> None:
        place = 1
        for row in self.rows():
            assert row.seq == place
            place = json.loads(row.body)["last_seq"] + 1 if row.type == "lost" else row.seq + 1
        assert place == self.high() + 1

    @invariant()
    def every_stored_event_is_the_agents_own(self) -> None:
        for row in self.rows():
            if row.type == "passage":
                assert row.body.encode() == self.journal.originals[row.seq]
            else:
                assert row.type == "lost"

    @invariant()
    def the_watch_knows_the_newest_sighting_that_is_stored(self) -> None:
        seen_us = [row.captured_us for row in self.rows() if row.person == "zhao" and row.captured_us is not None]
        with self.store.read() as db:
            watch = watches.get_by_person(db, "zhao")
        assert watch is not None
        assert watch.last_seen_us == max(seen_us, default=None)

    @invariant()
    def nothing_is_acknowledged_that_is_not_stored(self) -> None:
        assert self.acked <= self.high()
        for answer in self.down:
            assert not isinstance(answer, Ack | Welcome) or answer.high <= self.high()

    @invariant()
    def an_honest_agent_never_meets_a_conflict(self) -> None:
        with self.store.read() as db:
            device = devices.get(db, DEVICE)
        assert device is not None
        assert (device.conflicts, device.quarantined, device.refused) == (0, 0, 0)

    def teardown(self) -> None:
        """Once faults stop, the journal drains within a bound."""
        self.the_connection_breaks()
        for _ in range(2 * self.journal.last + 3):
            self.the_agent_says_hello()
            while self.up or self.down:
                while self.up:
                    self.down += self.hub_takes(self.up.pop(0))
                while self.down:
                    self.agent_hears(self.down.pop(0))
                if self.next_seq <= self.journal.last:
                    self.the_agent_sends_on()
            if self.high() == self.journal.last:
                break
        assert self.high() == self.journal.last
        assert self.acked == self.journal.last
        self.every_place_up_to_high_is_held_exactly_once()
        self.store.close()
        self.folder.cleanup()

    def send(self, message: UpMessage) -> None:
        self.up.append(wire_bytes(message))

    def hub_takes(self, payload: bytes) -> list[DownMessage]:
        message = decode_up(payload)
        return self.store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))

    def agent_hears(self, answer: DownMessage) -> None:
        if isinstance(answer, Replay):
            self.next_seq = answer.from_seq
        elif isinstance(answer, Ack | Welcome):
            self.check_hash(answer)
            self.acked = max(self.acked, answer.high)
            self.next_seq = answer.high + 1

    def check_hash(self, answer: Ack | Welcome) -> None:
        """The hash in an ack is that of the event, or of a tombstone, that the hub holds at high."""
        if answer.high == 0:
            assert answer.hash is None
            return
        with self.store.read() as db:
            held = events.held_at(db, device=DEVICE, epoch=EPOCH, seq=answer.high)
        assert held is not None
        assert held.type == "lost" or answer.hash == event_hash(self.journal.originals[answer.high])

    def rows(self) -> list[EventRow]:
        with self.store.read() as db:
            return events.page(db, after=0, before=None, limit=500)

    def high(self) -> int:
        with self.store.read() as db:
            device = devices.get(db, DEVICE)
        assert device is not None
        return device.high


TestSync = SyncMachine.TestCase
TestSync.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
