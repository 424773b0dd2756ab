"""The rule of commands at its edges: the very second, the very boot, the very id."""

import pytest

from edge_agent.remote.book import CHALLENGES_MAX, USED_MAX, ChallengeBook
from edge_agent.wire.commands import Command, Refusal
from edge_agent.wire.limits import CHALLENGE_AGE_S_MAX, CHALLENGE_EVERY_S

BOOT, BEFORE = "b" * 32, "a" * 32


def command(book: ChallengeBook, now_s: float, *, number: int = 1, boot: str = BOOT) -> Command:
    challenge = book.issue(now_s)
    return Command(id=f"{number:032x}", device="door", boot=boot, challenge=challenge, kind="picture", arguments={})


@pytest.mark.parametrize(
    ("age_s", "found"), [(0.0, None), (15.0, None), (15.001, Refusal.STALE), (60.0, Refusal.STALE)]
)
def test_a_challenge_lives_fifteen_seconds(age_s: float, found: Refusal | None) -> None:
    book = ChallengeBook(boot=BOOT)
    assert book.judge(command(book, 100.0), 100.0 + age_s) is found
    assert CHALLENGE_AGE_S_MAX == 15


def test_a_challenge_of_the_future_is_none() -> None:
    book = ChallengeBook(boot=BOOT)
    assert book.judge(command(book, 100.0), 99.0) is Refusal.STALE


def test_an_id_is_used_once_also_with_a_newer_challenge() -> None:
    book = ChallengeBook(boot=BOOT)
    assert book.judge(command(book, 100.0), 100.1) is None
    assert book.judge(command(book, 101.0), 101.1) is Refusal.REPLAYED


def test_two_commands_may_quote_one_challenge() -> None:
    book = ChallengeBook(boot=BOOT)
    first = command(book, 100.0)
    second = Command(id="2" * 32, device="door", boot=BOOT, challenge=first.challenge, kind="self_test", arguments={})
    assert book.judge(first, 101.0) is None
    assert book.judge(second, 102.0) is None


def test_another_boot_is_refused_and_its_id_is_not_used_up() -> None:
    book = ChallengeBook(boot=BOOT)
    assert book.judge(command(book, 100.0, boot=BEFORE), 100.0) is Refusal.OTHER_BOOT
    assert book.judge(command(book, 100.0), 100.0) is None


def test_a_new_run_of_the_agent_knows_no_challenge_of_the_one_before() -> None:
    before = ChallengeBook(boot=BOOT)
    held_back = command(before, 100.0)
    assert ChallengeBook(boot=BOOT).judge(held_back, 100.1) is Refusal.STALE


def test_the_next_challenge_is_due_at_once_on_a_new_connection_and_after_ten_seconds() -> None:
    book = ChallengeBook(boot=BOOT)
    assert book.wait_s(0.0) == 0
    book.issue(0.0)
    assert book.wait_s(0.0) == CHALLENGE_EVERY_S == 10
    assert book.wait_s(10.0) == 0
    book.issue(10.0)
    book.connected()
    assert book.wait_s(10.0) == 0


def test_no_two_challenges_are_alike() -> None:
    book = ChallengeBook(boot=BOOT)
    assert len({book.issue(0.0) for _ in range(1000)}) == 1000


def test_whatever_is_said_the_book_stays_small() -> None:
    book = ChallengeBook(boot=BOOT)
    told = [book.judge(command(book, 0.0, number=number), 0.0) for number in range(USED_MAX + 3)]
    assert len(book._alive) <= CHALLENGES_MAX
    assert len(book._used) <= USED_MAX
    assert told[0] is None
    many = ChallengeBook(boot=BOOT)
    challenge = many.issue(0.0)
    told = [
        many.judge(
            Command(id=f"{n:032x}", device="door", boot=BOOT, challenge=challenge, kind="picture", arguments={}), 1.0
        )
        for n in range(USED_MAX + 1)
    ]
    assert told == [None] * USED_MAX + [Refusal.BUSY]
