import itertools
import queue
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from scripted_hub import ScriptedHub, ScriptedLink

from edge_agent.clock import FakeClock
from edge_agent.journal import Journal
from edge_agent.uplink.belt import REFUSED_WAIT_FIRST_S
from edge_agent.uplink.mqtt import Inbox, MqttVersion, NotTakenWhy
from edge_agent.uplink.uplink import ANSWER_WAIT_S, HELLOS_MAX, NO_ANSWER, RETRY_MAX_S, Uplink
from edge_agent.wire.codec import decode_up
from edge_agent.wire.limits import ACK_WAIT_S, HELLO_EVERY_S, LEFT_EPOCHS_MAX, WINDOW_EVENTS_MAX
from edge_agent.wire.messages import (
    Ack,
    Batch,
    Conflict,
    Hello,
    Passage,
    RefusalReason,
    Refused,
    Welcome,
    wire_bytes,
)


class Stage:
    """One agent's uplink, stepped by hand, and the hub that it speaks to."""

    def __init__(self, journal: Journal, clock: FakeClock) -> None:
        self.journal = journal
        self.clock = clock
        self.hub = ScriptedHub()
        self.links: list[ScriptedLink] = []
        self.versions: list[MqttVersion] = []
        self.opens = True
        self.loses: Callable[[bytes], bool] = lambda _: False
        self.uplink = Uplink(
            journal,
            device="door-east",
            agent="test/1",
            make_link=self._make_link,
            now_s=clock.monotonic_s,
            jitter=lambda: 1.0,
        )

    def _make_link(self, version: MqttVersion, inbox: Inbox) -> ScriptedLink:
        self.versions.append(version)
        self.links.append(ScriptedLink(self.hub, inbox, opens=self.opens, loses=self.loses))
        return self.links[-1]

    def append(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(0.01)
            self.journal.append(Passage(captured=self.clock.stamp(), camera="east", duration_ms=1, frames=1))

    def settle(self) -> None:
        """Step until nothing is left to hear."""
        self.uplink.step(None)
        while True:
            try:
                event = self.uplink._inbox.get_nowait()
            except queue.Empty:
                return
            self.uplink.step(event)

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.settle()

    def batches(self) -> list[Batch]:
        sent = [decode_up(payload) for link in self.links for payload in link.published]
        return [message for message in sent if isinstance(message, Batch)]

    @property
    def epoch(self) -> str:
        return self.journal.position().epoch

    @property
    def waiting(self) -> int:
        position = self.journal.position()
        return position.last - position.acked


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    clock = FakeClock(mono_us=1_000_000_000)
    journal = Journal(tmp_path / "journal.sqlite3", clock=clock)
    yield Stage(journal, clock)
    journal.close()


def test_what_is_in_the_journal_gets_to_the_hub_and_the_ack_gets_back(stage: Stage) -> None:
    stage.append(3)
    stage.settle()
    assert stage.hub.places(stage.epoch) == [1, 2, 3]
    assert stage.waiting == 0
    assert stage.uplink.wait_drained(0)


def test_hello_says_what_the_journal_has(stage: Stage) -> None:
    stage.append(3)
    stage.settle()
    hello = stage.hub.hellos[0]
    assert (hello.device, hello.epoch, hello.oldest, hello.last) == ("door-east", stage.epoch, 1, 3)


def test_thousands_of_events_pass_within_the_window(stage: Stage) -> None:
    stage.append(2 * WINDOW_EVENTS_MAX + 7)
    stage.settle()
    assert stage.hub.places(stage.epoch) == list(range(1, 2 * WINDOW_EVENTS_MAX + 8))
    assert stage.waiting == 0


def test_new_events_are_sent_when_woken(stage: Stage) -> None:
    stage.settle()
    stage.append(1)
    stage.uplink.wake()
    stage.settle()
    assert stage.hub.places(stage.epoch) == [1]


def test_a_hub_that_cannot_be_reached_is_tried_again_ever_more_slowly(stage: Stage) -> None:
    stage.append(1)
    attempts: list[float] = []
    stage.opens = False
    for _ in range(3000):
        before = len(stage.links)
        stage.wait(0.25)
        if len(stage.links) > before:
            attempts.append(stage.clock.monotonic_s())
            stage.links[-1].breaks("connection refused")
    pauses = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    assert pauses[:4] == pytest.approx([1, 2, 4, 8], abs=0.5)
    assert max(pauses) <= RETRY_MAX_S + 1
    assert stage.waiting == 1
    stage.opens = True
    stage.wait(RETRY_MAX_S + 1)
    stage.wait(0)
    assert stage.waiting == 0


def test_a_broken_connection_is_made_again_and_nothing_is_sent_in_vain(stage: Stage) -> None:
    stage.append(5)
    stage.settle()
    stage.links[-1].breaks()
    stage.append(2)
    stage.settle()
    assert not stage.uplink.state().connected
    assert stage.links[0].closed
    stage.wait(2)
    assert stage.hub.places(stage.epoch) == list(range(1, 8))
    assert stage.hub.duplicates == 0


def test_lost_acks_are_made_good_by_hello(stage: Stage) -> None:
    stage.loses = lambda payload: b'"ack"' in payload
    stage.append(5)
    stage.settle()
    assert stage.waiting == 5
    stage.wait(ACK_WAIT_S)
    assert stage.waiting == 0
    assert stage.hub.duplicates == 0


def test_a_lost_batch_is_replayed(stage: Stage) -> None:
    lost: list[bytes] = []

    def first_batch(payload: bytes) -> bool:
        if b'"batch"' in payload and not lost:
            lost.append(payload)
            return True
        return False

    stage.loses = first_batch
    stage.append(250)
    stage.settle()
    assert stage.hub.places(stage.epoch) == list(range(1, 251))
    assert stage.waiting == 0


def test_over_a_belt_that_loses_a_third_of_everything_all_arrives_once_and_in_order(stage: Stage) -> None:
    rng = random.Random(3)
    stage.loses = lambda _: rng.random() < 0.33
    for _ in range(30):
        stage.append(rng.randint(0, 80))
        stage.wait(rng.uniform(0, 20))
        if rng.random() < 0.2 and stage.links:
            stage.links[-1].breaks()
    stage.loses = lambda _: False
    stage.links[-1].breaks()
    for _ in range(10):
        stage.wait(10)
    assert stage.hub.places(stage.epoch) == list(range(1, stage.journal.position().last + 1))
    assert stage.waiting == 0


def test_a_hub_restored_from_a_backup_gets_what_it_lost(stage: Stage) -> None:
    stage.append(20)
    stage.settle()
    stage.hub.restore(stage.epoch, 8)
    stage.links[-1].say(wire_bytes(stage.hub.welcome(stage.epoch)))
    stage.settle()
    assert stage.hub.places(stage.epoch) == list(range(1, 21))
    assert stage.waiting == 0


def test_a_hub_that_lost_everything_is_told_everything_also_what_is_no_more(stage: Stage) -> None:
    stage.append(10)
    stage.settle()
    stage.clock.advance(8 * 86400)
    stage.append(3)
    stage.settle()
    stage.hub.restore(stage.epoch, 0)
    stage.links[-1].breaks()
    stage.wait(0)
    stage.wait(5)
    assert stage.hub.places(stage.epoch) == list(range(1, 14))
    assert len(stage.hub.passages()) == 3
    assert stage.waiting == 0


def test_another_history_at_the_hub_begins_a_new_epoch_and_loses_nothing(stage: Stage) -> None:
    stage.append(4)
    stage.settle()
    stage.append(3)
    old = stage.epoch
    stage.hub.histories[old].high = 6
    stage.hub.histories[old].hashes[6] = "f" * 64  # the clone's sixth event
    stage.links[-1].breaks()
    stage.wait(0)
    stage.wait(5)
    assert stage.epoch != old
    assert stage.hub.places(stage.epoch) == [1, 2, 3]
    assert stage.waiting == 0


def test_a_conflict_is_said_loudly_and_what_is_not_acknowledged_goes_on_in_a_new_epoch(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.append(2)
    stage.settle()
    old = stage.epoch
    stage.hub.histories[old].conflict = True
    stage.append(3)
    stage.links[-1].say(wire_bytes(Conflict(epoch=old, seq=2, hash="f" * 64)))
    stage.settle()
    stage.wait(REFUSED_WAIT_FIRST_S)
    assert "CONFLICT" in caplog.text
    assert stage.epoch != old
    assert stage.hub.places(stage.epoch) == [1, 2, 3]
    assert stage.waiting == 0


def test_conflict_after_conflict_does_not_become_a_hot_loop(stage: Stage) -> None:
    stage.settle()
    for _ in range(600):
        stage.links[-1].say(wire_bytes(Conflict(epoch=stage.epoch, seq=1, hash="f" * 64)))
        stage.wait(1)
    assert len(stage.hub.hellos) < 20


def test_a_conflict_of_another_epoch_is_none_of_ours(stage: Stage) -> None:
    stage.settle()
    stage.links[-1].say(wire_bytes(Conflict(epoch="0" * 32, seq=2, hash="f" * 64)))
    stage.append(1)
    stage.settle()
    assert stage.waiting == 0


def leave_epoch(stage: Stage, *, acked: int) -> str:
    """As after a conflict; the name of the epoch that is left."""
    stage.append(acked)
    stage.settle()
    old = stage.epoch
    assert stage.journal.leave_epoch(old).forked
    stage.links[-1].breaks()
    stage.wait(0)
    stage.wait(5)
    return old


def test_what_was_acknowledged_before_a_fork_is_asked_about_and_comes_again_when_the_hub_lost_it(stage: Stage) -> None:
    old = leave_epoch(stage, acked=6)
    assert [(left.epoch, left.acked) for left in stage.hub.hellos[-1].left] == [(old, 6)]
    seen = stage.hub.passages()
    stage.append(2)
    stage.settle()
    stage.hub.restore(old, 4)
    stage.links[-1].breaks()
    stage.wait(0)
    stage.wait(5)
    assert stage.hub.places(stage.epoch) == [1, 2, 3, 4]
    assert sorted(stage.hub.passages())[:6] == sorted(seen)
    assert stage.waiting == 0
    stage.wait(HELLO_EVERY_S)
    assert stage.hub.places(stage.epoch) == [1, 2, 3, 4], "once"


def test_a_hub_restored_to_before_the_fork_hears_of_the_new_epoch_at_once_and_loses_nothing(stage: Stage) -> None:
    """It speaks of the only epoch that it knows, and has forgotten most of that."""
    old = leave_epoch(stage, acked=6)
    stage.append(1)
    stage.settle()
    stage.hub.restore(old, 4)
    del stage.hub.histories[stage.epoch]
    stage.wait(60)
    stage.links[-1].say(wire_bytes(stage.hub.welcome(old)))
    stage.settle()
    assert stage.hub.places(stage.epoch) == [1, 2, 3]
    assert len(stage.hub.passages()) == 7
    assert stage.waiting == 0


@pytest.mark.parametrize(
    "unasked", [Welcome(epoch="0" * 32, high=0, hash=None), Conflict(epoch="0" * 32, seq=2, hash="f" * 64)]
)
def test_a_hub_that_speaks_of_another_epoch_hears_hello_and_not_over_and_over(
    stage: Stage, unasked: Welcome | Conflict
) -> None:
    stage.settle()
    for _ in range(3):
        stage.links[-1].say(wire_bytes(unasked))
        stage.settle()
    assert len(stage.hub.hellos) == 1, "it may be about what was said before"
    stage.wait(60)
    for _ in range(3):
        stage.links[-1].say(wire_bytes(unasked))
        stage.settle()
    assert len(stage.hub.hellos) == 2


def test_a_restored_hub_whose_word_was_lost_is_found_out_within_the_hour(stage: Stage) -> None:
    stage.append(9)
    stage.settle()
    stage.hub.restore(stage.epoch, 2)
    stage.wait(HELLO_EVERY_S)
    assert stage.hub.places(stage.epoch) == list(range(1, 10))


def test_of_more_epochs_than_a_hello_can_name_each_hello_names_the_next(stage: Stage) -> None:
    stage.settle()
    left = [leave_epoch(stage, acked=1) for _ in range(LEFT_EPOCHS_MAX + 3)]
    named: set[str] = set()
    for _ in range(2):
        stage.wait(HELLO_EVERY_S)
        assert len(stage.hub.hellos[-1].left) == LEFT_EPOCHS_MAX
        named |= {each.epoch for each in stage.hub.hellos[-1].left}
    assert named == set(left)


def test_a_hub_that_does_not_know_the_question_is_no_trouble(stage: Stage) -> None:
    """An older one: it ignores what it does not know, and answers as ever."""
    leave_epoch(stage, acked=3)
    stage.links[-1].say(wire_bytes(stage.hub.welcome(stage.epoch)))
    stage.append(2)
    stage.settle()
    assert stage.hub.places(stage.epoch) == [1, 2]


def test_a_hub_that_refuses_everything_is_not_hammered(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    refusal = wire_bytes(Refused(reason=RefusalReason.MALFORMED, detail="no"))
    stage.hub.refusal = refusal
    stage.append(1)
    for _ in range(3600):
        stage.wait(1)
    assert 10 < len(stage.batches()) < 25
    assert "refused a message (malformed): no" in caplog.text
    stage.hub.refusal = None
    for _ in range(301):
        stage.wait(1)
    assert stage.waiting == 0


RUBBISH = [b"", b"{", b'{"type":"ack"}', b"\xff" * 100, b'{"type":"ack","epoch":"x"}' * 20000]


@pytest.mark.parametrize("payload", RUBBISH)
def test_rubbish_from_the_hub_changes_nothing(stage: Stage, payload: bytes) -> None:
    stage.append(1)
    stage.settle()
    stage.links[-1].say(payload)
    stage.append(1)
    stage.settle()
    assert stage.waiting == 0


def test_when_no_hub_answers_the_connection_is_made_afresh_after_a_while(stage: Stage) -> None:
    stage.hub.deaf = True
    stage.settle()
    for _ in range(HELLOS_MAX + 1):
        stage.wait(ACK_WAIT_S)
    assert len(stage.links) == 1 + stage.links[0].closed
    assert stage.links[0].closed
    hellos = [decode_up(payload) for payload in stage.links[0].published]
    assert len(hellos) == HELLOS_MAX
    assert all(isinstance(hello, Hello) for hello in hellos)


def test_a_connected_agent_to_which_nothing_happens_writes_nothing_all_day(stage: Stage, tmp_path: Path) -> None:
    """Hellos, answers, repeated acks, reconnections and the hub's own restarts included: an SD card wears."""
    leave_epoch(stage, acked=3)
    stage.append(5)
    stage.settle()
    file = tmp_path / "journal.sqlite3"
    changes, before = stage.journal._db.total_changes, written(file)
    for number in range(24 * 60):
        if number % 7 == 0:
            stage.links[-1].breaks()
        if number % 5 == 0 and not stage.links[-1].closed:
            stage.links[-1].say(wire_bytes(stage.hub.welcome(stage.epoch)))
            stage.links[-1].say(
                wire_bytes(Ack(epoch=stage.epoch, high=5, hash=stage.hub.histories[stage.epoch].hashes[5]))
            )
        stage.uplink.wake()
        stage.wait(60)
    assert len(stage.hub.hellos) > 150
    assert stage.waiting == 0
    assert stage.journal._db.total_changes == changes
    assert written(file) == before
    stage.append(1)
    assert written(file) != before, "this test would see it"


def written(file: Path) -> list[tuple[int, int]]:
    parts = [file, file.with_name(f"{file.name}-wal")]
    return [(part.stat().st_size, part.stat().st_mtime_ns) for part in parts]


# --- a broker that says why ---


@pytest.mark.parametrize("why", list(NotTakenWhy))
def test_what_nobody_took_is_said_once_a_connection_and_is_forgotten_when_the_hub_answers(
    stage: Stage, caplog: pytest.LogCaptureFixture, why: NotTakenWhy
) -> None:
    stage.hub.deaf = True
    stage.append(1)
    stage.settle()
    for mid in (1, 2, 3):
        stage.links[-1].refuses(why, mid=mid)
    stage.settle()
    state = stage.uplink.state()
    assert (state.connected, state.trouble) == (True, why.value)
    assert caplog.text.count(why.value) == 1
    stage.hub.deaf = False
    stage.wait(ACK_WAIT_S)
    assert (stage.uplink.state().trouble, stage.waiting) == (None, 0)
    stage.links[-1].breaks()
    stage.wait(0)
    stage.wait(2)
    stage.links[-1].refuses(why, mid=4)
    stage.settle()
    assert caplog.text.count(why.value) == 2, "on the next connection it is news again"


def test_a_status_that_nobody_listens_to_is_no_trouble(stage: Stage) -> None:
    stage.settle()
    stage.links[-1].refuses(NotTakenWhy.NOBODY_LISTENS, mid=0)
    stage.settle()
    assert stage.uplink.state().trouble is None


def test_where_the_broker_cannot_say_it_the_missing_answer_does(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.hub.deaf = True
    stage.settle()
    assert stage.uplink.state().trouble is None, "it may still come"
    stage.wait(ACK_WAIT_S)
    stage.wait(ACK_WAIT_S)
    assert stage.uplink.state().trouble == NO_ANSWER
    assert caplog.text.count(NO_ANSWER) == 1
    stage.hub.deaf = False
    stage.wait(ACK_WAIT_S)
    assert stage.uplink.state().trouble is None


# --- MQTT versions ---


def test_mqtt_5_is_tried_first_and_3_1_1_at_once_when_nobody_answers(stage: Stage) -> None:
    stage.opens = False
    stage.settle()
    assert stage.versions == [MqttVersion.V5]
    stage.opens = True
    stage.wait(ANSWER_WAIT_S)
    stage.wait(0)
    assert stage.versions == [MqttVersion.V5, MqttVersion.V311]
    assert stage.uplink.state().connected


def test_what_worked_is_remembered(stage: Stage) -> None:
    test_mqtt_5_is_tried_first_and_3_1_1_at_once_when_nobody_answers(stage)
    for _ in range(3):
        stage.links[-1].breaks()
        stage.wait(0)
        stage.wait(RETRY_MAX_S)
        stage.wait(0)
        assert stage.uplink.state().connected
    assert set(stage.versions[1:]) == {MqttVersion.V311}


def test_a_broker_that_is_down_says_nothing_about_the_version(stage: Stage) -> None:
    stage.opens = False
    for _ in range(20):
        before = len(stage.links)
        stage.wait(RETRY_MAX_S)
        if len(stage.links) > before:
            stage.links[-1].breaks("connection refused", answered=True)
            stage.wait(0)
    assert set(stage.versions) == {MqttVersion.V5}


def test_what_worked_once_is_doubted_after_three_failures(stage: Stage) -> None:
    stage.settle()
    stage.links[-1].breaks()
    stage.opens = False
    for _ in range(30):
        stage.wait(ANSWER_WAIT_S)
    assert MqttVersion.V311 in stage.versions
    assert stage.versions[:3] == [MqttVersion.V5] * 3


# --- the thread ---


def test_the_thread_carries_and_stops(stage: Stage) -> None:
    stage.append(3)
    stage.uplink.start()
    assert stage.uplink.wait_drained(30)
    stage.append(2)
    stage.uplink.wake()
    assert stage.uplink.wait_drained(30)
    stage.uplink.stop(5)
    assert not stage.uplink._thread.is_alive()
    assert stage.links[-1].closed


def test_the_thread_outlives_a_mistake(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def stumbles(payload: bytes) -> bool:
        if b'"hello"' in payload and len(stage.links) == 1:
            raise RuntimeError("nobody thought of this")
        return False

    stage.loses = stumbles
    stage.append(1)
    uplink = Uplink(stage.journal, device="door-east", agent="test/1", make_link=stage._make_link, jitter=lambda: 0.0)
    uplink.start()
    assert uplink.wait_drained(30)
    uplink.stop(5)
    assert "nobody thought of this" in caplog.text


def test_messages_are_read_as_they_were_meant() -> None:
    """The scripted hub itself is strict: what it cannot read it refuses."""
    (answer,) = ScriptedHub().hear(b"{}")
    assert msgspec.json.decode(answer)["type"] == "refused"
