import math

import pytest

from edge_agent.clock import FakeClock
from edge_agent.uplink.belt import (
    REFUSED_WAIT_FIRST_S,
    REFUSED_WAIT_MAX_S,
    REPLAY_WAIT_S,
    TRANSITIONS,
    UNASKED_WAIT_S,
    Belt,
    BeltState,
    Signal,
    last_place,
    make_batch,
)
from edge_agent.wire.codec import decode_up, encode_event, item
from edge_agent.wire.limits import (
    ACK_WAIT_S,
    BATCH_EVENTS_MAX,
    HELLO_EVERY_S,
    PAYLOAD_BYTES_MAX,
    WINDOW_EVENTS_MAX,
)
from edge_agent.wire.messages import Batch, Item, LossReason, Lost, Passage


@pytest.fixture
def belt() -> Belt:
    """Connected and welcomed at place 0, time 0."""
    belt = Belt()
    belt.connected(0)
    belt.hello_said(0)
    belt.welcomed(0, 0)
    return belt


def send(belt: Belt, last: int, now_s: float = 0.0) -> list[tuple[int, int]]:
    """Publish all that the belt wants of a journal whose last place is `last`: (first, last) of each batch."""
    batches: list[tuple[int, int]] = []
    while (wanted := belt.wanted()) is not None and wanted.after < last:
        end = min(wanted.after + wanted.limit, last)
        batches.append((wanted.after + 1, end))
        belt.sent(end, now_s)
    return batches


def test_hello_comes_first_and_nothing_is_sent_before_the_welcome() -> None:
    belt = Belt()
    assert not belt.hello_due(0)
    belt.connected(0)
    assert belt.hello_due(0)
    belt.hello_said(0)
    assert not belt.hello_due(1)
    assert belt.wanted() is None
    belt.welcomed(7, 1)
    wanted = belt.wanted()
    assert wanted is not None
    assert wanted.after == 7


def test_hello_is_said_again_while_no_welcome_comes() -> None:
    belt = Belt()
    belt.connected(0)
    belt.hello_said(0)
    assert not belt.hello_due(ACK_WAIT_S - 0.01)
    assert belt.hello_due(ACK_WAIT_S)
    assert belt.wait_s(0) == ACK_WAIT_S


def test_batches_go_in_order_and_never_past_the_window(belt: Belt) -> None:
    batches = send(belt, 10_000)
    assert batches[0] == (1, BATCH_EVENTS_MAX)
    assert batches[-1][1] == WINDOW_EVENTS_MAX
    assert [first for first, _ in batches[1:]] == [last + 1 for _, last in batches[:-1]]
    assert belt.wanted() is None


def test_an_ack_opens_the_window_by_as_much(belt: Belt) -> None:
    send(belt, 10_000)
    belt.acked(30, 1)
    assert send(belt, 10_000) == [(WINDOW_EVENTS_MAX + 1, WINDOW_EVENTS_MAX + 30)]


def test_an_old_or_repeated_ack_changes_nothing(belt: Belt) -> None:
    send(belt, 10)
    belt.acked(10, 1)
    belt.acked(4, 2)
    belt.acked(10, 3)
    assert send(belt, 10) == []
    assert belt.wait_s(3) == HELLO_EVERY_S - 3


def test_a_lost_ack_is_made_good_by_hello_and_welcome(belt: Belt) -> None:
    send(belt, 10)
    assert belt.wait_s(0) == ACK_WAIT_S
    assert not belt.hello_due(ACK_WAIT_S - 0.01)
    assert belt.hello_due(ACK_WAIT_S)
    belt.hello_said(ACK_WAIT_S)
    assert belt.wanted() is None
    belt.welcomed(10, ACK_WAIT_S + 1)
    assert send(belt, 10) == []


def test_a_lost_batch_is_sent_again_from_where_the_hub_stands(belt: Belt) -> None:
    send(belt, 10)
    assert belt.hello_due(ACK_WAIT_S)
    belt.hello_said(ACK_WAIT_S)
    belt.welcomed(4, ACK_WAIT_S)
    assert send(belt, 10) == [(5, 10)]


def test_slow_but_steady_acks_are_progress(belt: Belt) -> None:
    send(belt, 100)
    for high in range(1, 100):
        now_s = high * (ACK_WAIT_S - 1)
        assert not belt.hello_due(now_s)
        belt.acked(high, now_s)


def test_idle_is_not_waiting_in_vain(belt: Belt) -> None:
    idle_s = HELLO_EVERY_S - ACK_WAIT_S - 1
    send(belt, 10)
    belt.acked(10, 1)
    assert not belt.hello_due(idle_s)
    send(belt, 11, now_s=idle_s)
    assert not belt.hello_due(idle_s + ACK_WAIT_S - 1)
    assert belt.hello_due(idle_s + ACK_WAIT_S)


def test_hello_is_said_every_hour_when_nothing_is_on_its_way(belt: Belt) -> None:
    send(belt, 10)
    belt.acked(10, 1)
    assert not belt.hello_due(HELLO_EVERY_S - 1)
    send(belt, 11, HELLO_EVERY_S - 1)
    assert not belt.hello_due(HELLO_EVERY_S)
    belt.acked(11, HELLO_EVERY_S + 1)
    assert belt.wait_s(HELLO_EVERY_S + 1) == 0
    assert belt.hello_due(HELLO_EVERY_S + 1)
    belt.hello_said(HELLO_EVERY_S + 1)
    belt.welcomed(11, HELLO_EVERY_S + 2)
    assert not belt.hello_due(2 * HELLO_EVERY_S)


def test_word_of_another_epoch_is_answered_by_hello_unless_one_was_just_said(belt: Belt) -> None:
    belt.spoken_of_another_epoch(UNASKED_WAIT_S - 0.1)
    assert not belt.hello_due(UNASKED_WAIT_S)
    belt.spoken_of_another_epoch(UNASKED_WAIT_S)
    assert belt.hello_due(UNASKED_WAIT_S)


def test_a_replay_request_sends_again_from_there_once(belt: Belt) -> None:
    send(belt, 300)
    for n in range(3):  # each batch in flight behind the lost one makes the hub ask
        belt.asked_again(101, 1 + n * 0.1)
    assert send(belt, 300, 1.5) == [(101, 200), (201, 300)]
    belt.asked_again(101, 1.6)
    assert send(belt, 300, 1.7) == []
    belt.asked_again(101, 1 + REPLAY_WAIT_S)
    assert send(belt, 300, 4) == [(101, 200), (201, 300)]


def test_a_replay_request_for_what_was_never_sent_changes_nothing(belt: Belt) -> None:
    send(belt, 10)
    belt.asked_again(50, 1)
    assert send(belt, 10) == []


def test_a_welcome_that_goes_back_sends_everything_again(belt: Belt) -> None:
    send(belt, 100)
    belt.acked(100, 1)
    belt.welcomed(20, 2)
    assert send(belt, 100, 2) == [(21, 100)]


def test_an_unasked_welcome_is_answered_by_hello_so_that_the_hub_knows_what_is_to_come(belt: Belt) -> None:
    send(belt, 100)
    belt.welcomed(20, UNASKED_WAIT_S)
    assert belt.wanted() is None
    assert belt.hello_due(UNASKED_WAIT_S)
    belt.hello_said(UNASKED_WAIT_S)
    belt.welcomed(20, UNASKED_WAIT_S + 0.1)
    assert send(belt, 100, UNASKED_WAIT_S + 0.2) == [(21, 100)]


def test_a_welcome_that_comes_twice_is_no_reason_for_another_hello(belt: Belt) -> None:
    belt.welcomed(0, UNASKED_WAIT_S - 0.1)
    assert not belt.hello_due(UNASKED_WAIT_S)
    assert belt.state is BeltState.SENDING


def test_a_refusal_is_answered_by_hello_after_pauses_that_grow(belt: Belt) -> None:
    now_s, pauses = 0.0, []
    for _ in range(9):
        send(belt, 10, now_s)
        belt.refused(now_s)
        assert not belt.hello_due(now_s)
        assert belt.wanted() is None
        pauses.append(belt.wait_s(now_s))
        now_s += pauses[-1]
        assert belt.hello_due(now_s)
        belt.hello_said(now_s)
        belt.welcomed(0, now_s)
    assert pauses[0] == REFUSED_WAIT_FIRST_S
    assert pauses[1] == 2 * REFUSED_WAIT_FIRST_S
    assert pauses[-1] == REFUSED_WAIT_MAX_S


def test_progress_forgives_refusals(belt: Belt) -> None:
    send(belt, 10)
    belt.refused(0)
    belt.hello_said(5)
    belt.welcomed(0, 5)
    send(belt, 10, 5)
    belt.acked(10, 6)
    belt.refused(7)
    assert belt.wait_s(7) == REFUSED_WAIT_FIRST_S


def test_a_reconnect_does_not_cut_a_pause_short(belt: Belt) -> None:
    belt.refused(0)
    belt.disconnected()
    belt.connected(1)
    assert not belt.hello_due(1)
    assert belt.hello_due(REFUSED_WAIT_FIRST_S)


def test_after_a_disconnect_nothing_is_due(belt: Belt) -> None:
    send(belt, 10)
    belt.disconnected()
    assert belt.wanted() is None
    assert not belt.hello_due(1e6)
    assert belt.wait_s(0) == math.inf


def test_a_tombstone_over_many_places_fills_the_window(belt: Belt) -> None:
    belt.sent(5000, 0)
    assert belt.wanted() is None
    belt.acked(5000, 1)
    assert belt.wanted() is not None


@pytest.mark.parametrize("state", list(BeltState))
@pytest.mark.parametrize("signal", list(Signal))
def test_a_step_that_is_not_in_the_table_changes_nothing(state: BeltState, signal: Signal) -> None:
    belt = Belt()
    belt.state = state
    assert belt._step(signal) is ((state, signal) in TRANSITIONS)
    assert belt.state is TRANSITIONS.get((state, signal), state)


# --- batches ---


def events(count: int, camera: str = "east") -> list[Item]:
    captured = FakeClock().stamp()
    raw = encode_event(Passage(captured=captured, camera=camera, duration_ms=1, frames=1))
    return [item(seq, raw) for seq in range(1, count + 1)]


def test_a_batch_reads_back_as_it_was_and_names_its_last_place() -> None:
    made = make_batch("door", "0" * 32, events(7))
    assert made is not None
    payload, last = made
    batch = decode_up(payload)
    assert isinstance(batch, Batch)
    assert [entry.seq for entry in batch.items] == list(range(1, 8))
    assert last == 7


def test_a_batch_never_passes_a_limit() -> None:
    made = make_batch("door", "0" * 32, events(500))
    assert made is not None
    assert made[1] == BATCH_EVENTS_MAX
    large = [item(seq, b'{"type":"unknown","x":"' + b"a" * 15_000 + b'"}') for seq in range(1, 101)]
    made = make_batch("door", "0" * 32, large)
    assert made is not None
    payload, last = made
    assert PAYLOAD_BYTES_MAX - 16_000 < len(payload) <= PAYLOAD_BYTES_MAX
    assert 15 <= last <= 17


def test_no_items_are_no_batch() -> None:
    assert make_batch("door", "0" * 32, []) is None


def test_a_tombstone_reaches_to_its_last_place() -> None:
    raw = encode_event(Lost(first_seq=3, last_seq=9, counts={"passage": 7}, reason=LossReason.SPACE))
    assert last_place(item(3, raw)) == 9
    assert last_place(events(1)[0]) == 1
