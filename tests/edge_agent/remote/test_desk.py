"""The desk: what is carried out, what is journaled, and that nothing of it waits or breaks."""

import threading

import pytest

from edge_agent.clock import FakeClock
from edge_agent.remote.abilities import Ability, CommandFailedError, Done, NotSetUpError
from edge_agent.remote.desk import WAITING_MAX, CommandDesk
from edge_agent.remote.telling import AT_ONCE_MAX, EVERY_S
from edge_agent.wire import sign
from edge_agent.wire.codec import decode_up
from edge_agent.wire.commands import Command, decode_piece, pieces_of, sign_command
from edge_agent.wire.messages import Challenge, CommandOutcome
from edge_agent.wire.topics import Address

HUB_KEY = bytes(range(1, 33))
EAST = Address(site="demo", device="door-east")


class Story:
    """A desk, and the hub that asks it."""

    def __init__(self, **abilities: Ability) -> None:
        self.clock = FakeClock()
        self.woken = 0
        self.desk = CommandDesk(
            address=EAST,
            sign_key=sign.public_key_of(HUB_KEY),
            abilities=abilities,
            clock=self.clock,
            wake=self._wake,
        )
        self.asked = 0

    def _wake(self) -> None:
        self.woken += 1

    def payload(self, kind: str = "picture") -> bytes:
        self.desk.connected()
        (said,) = self.desk.challenges()
        heard = decode_up(said)
        assert isinstance(heard, Challenge)
        self.asked += 1
        command = Command(
            id=f"{self.asked:032x}",
            device=EAST.device,
            boot=heard.boot,
            challenge=heard.challenge,
            kind=kind,
            arguments={},
        )
        return sign_command(command, site=EAST.site, private_key=HUB_KEY)

    def handle(self, payload: bytes, *, late_s: float = 0.0) -> None:
        heard_s = self.clock.monotonic_s()
        self.clock.advance(late_s)
        self.desk.handle(payload, heard_s)


def nothing(_command: Command) -> Done:
    return Done()


def test_what_is_done_is_told_with_its_facts_its_time_and_its_pieces() -> None:
    def picture(command: Command) -> Done:
        story.clock.advance(0.3)
        return Done(facts={"bytes": "6"}, pieces=pieces_of(b"sealed", command=command.id))

    story = Story(picture=picture)
    story.handle(story.payload(), late_s=0.1)
    (result,) = story.desk.results()
    assert (result.command, result.kind, result.outcome) == (f"{1:032x}", "picture", CommandOutcome.DONE)
    assert (result.latency_ms, result.facts, result.reason) == (400, {"bytes": "6"}, None)
    assert [decode_piece(piece).data for piece in story.desk.pieces()] == [b"sealed"]
    assert story.desk.pieces() == []
    assert story.desk.results() == []
    assert story.woken == 1


def test_it_is_judged_when_its_turn_comes_and_not_when_it_came() -> None:
    story = Story(picture=nothing)
    story.handle(story.payload(), late_s=15.1)
    (result,) = story.desk.results()
    assert (result.outcome, result.reason) == (CommandOutcome.REFUSED, "stale")


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (CommandFailedError("no picture came"), CommandOutcome.FAILED, "no picture came"),
        (NotSetUpError("no key"), CommandOutcome.REFUSED, "not_set_up"),
        (ZeroDivisionError("oh"), CommandOutcome.FAILED, "ZeroDivisionError in the device's program"),
    ],
)
def test_what_goes_wrong_is_told_and_the_next_one_is_done(
    error: Exception, outcome: CommandOutcome, reason: str
) -> None:
    def breaks(_command: Command) -> Done:
        raise error

    story = Story(picture=breaks, self_test=nothing)
    story.handle(story.payload())
    story.handle(story.payload("self_test"))
    first, second = story.desk.results()
    assert (first.outcome, first.reason) == (outcome, reason)
    assert second.outcome is CommandOutcome.DONE


def test_a_kind_that_it_does_not_know_is_refused_by_name() -> None:
    story = Story()
    story.handle(story.payload("open"))
    (result,) = story.desk.results()
    assert (result.kind, result.reason) == ("open", "unknown_kind")


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[" * 3000, b"\xff\x00", b'{"type":"signed_command","signed":""}', b"x" * 100_000]
)
def test_what_is_no_command_is_refused_and_named_by_nothing(payload: bytes) -> None:
    story = Story()
    story.handle(payload)
    (result,) = story.desk.results()
    assert (result.command, result.kind, result.reason) == (None, None, "not_signed")


def test_a_flood_of_forgeries_fills_neither_memory_nor_journal_and_is_counted() -> None:
    story = Story()
    for _ in range(1000):
        story.handle(b"forged")
    told = story.desk.results()
    assert len(told) == AT_ONCE_MAX
    story.clock.advance(EVERY_S)
    (rest,) = story.desk.results()
    assert sum(one.times for one in told) + rest.times == 1000


def test_more_than_it_can_hold_is_refused_at_once() -> None:
    story = Story()
    for _ in range(WAITING_MAX + 1):
        story.desk.heard(b"anything")
    (result,) = story.desk.results()
    assert result.reason == "busy"


def test_its_thread_takes_what_comes_and_after_the_end_nothing_is_begun() -> None:
    begun = threading.Event()
    may_end = threading.Event()
    done: list[str] = []

    def slow(command: Command) -> Done:
        begun.set()
        assert may_end.wait(10)
        done.append(command.id)
        return Done()

    story = Story(picture=slow)
    story.desk.start()
    story.desk.heard(story.payload())
    assert begun.wait(10)
    story.desk.heard(story.payload())
    ends = threading.Thread(target=story.desk.stop, args=(10.0,))
    ends.start()
    while not story.desk._waiting.empty() and story.desk._waiting.queue[0] is not None:
        begun.wait(0.01)
    may_end.set()
    ends.join()
    assert done == [f"{1:032x}"]
