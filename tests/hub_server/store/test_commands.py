"""Commands on record: what the hub only guessed gives way to what a device has said; what is done stays done."""

import pytest
from sqlite_utils import Database

from hub_server.store import commands, devices
from hub_server.store.commands import Outcome, Result
from hub_server.store.errors import InvalidValueError, NotFoundError
from hub_server.store.expired_rows import ROW_RULES
from hub_server.store.retention import DataClass
from hub_server.store.store import Store

ID, OTHER, NOW_US = "7" * 32, "8" * 32, 1_795_471_200_000_000


def result(outcome: Outcome, *, why: str = "", id_: str | None = ID, times: int = 1) -> Result:
    return Result(id=id_, outcome=outcome, why=why, latency_ms=40, times=times, facts={"camera": "watching"})


@pytest.fixture
def asked(store: Store) -> Store:
    def build(db: Database) -> None:
        for device in ("door", "gate"):
            devices.create(db, id=device, place="", now_us=NOW_US)
        for id_, device in ((ID, "door"), (OTHER, "gate")):
            commands.create(
                db,
                id=id_,
                device=device,
                kind="picture",
                arguments={},
                reason="灯坏了",
                asked_by="王敏",
                now_us=NOW_US,
            )

    store.write(build)
    return store


def told(store: Store, *results: Result, device: str = "door") -> commands.Command:
    for one in results:
        store.write(lambda db, one=one: commands.answered(db, device=device, result=one, at_us=NOW_US + 9))  # type: ignore[misc]
    with store.read() as db:
        return commands.find(db, ID)


def refusals(store: Store, device: str = "door") -> dict[str, int]:
    with store.read() as db:
        return commands.refusals(db, device, since_us=0)


def test_a_command_may_leave_once(asked: Store) -> None:
    assert asked.write(lambda db: commands.sent(db, ID, now_us=NOW_US))
    assert not asked.write(lambda db: commands.sent(db, ID, now_us=NOW_US + 1))


def test_what_was_given_up_never_leaves(asked: Store) -> None:
    assert asked.write(lambda db: commands.give_up(db, ID, now_us=NOW_US))
    assert not asked.write(lambda db: commands.sent(db, ID, now_us=NOW_US))
    assert told(asked).outcome is Outcome.UNSENT


def test_what_left_and_was_not_answered_is_called_so_and_a_late_answer_is_believed(asked: Store) -> None:
    asked.write(lambda db: commands.sent(db, ID, now_us=NOW_US))
    asked.write(lambda db: commands.give_up(db, ID, now_us=NOW_US + 1))
    assert told(asked).outcome is Outcome.UNANSWERED
    found = told(asked, result(Outcome.DONE))
    assert (found.outcome, found.latency_ms, found.facts) == (Outcome.DONE, 40, {"camera": "watching"})
    assert not asked.write(lambda db: commands.give_up(db, ID, now_us=NOW_US + 2))


def test_a_copy_that_was_refused_takes_nothing_back_and_is_counted(asked: Store) -> None:
    found = told(asked, result(Outcome.DONE), result(Outcome.REFUSED, why="replayed"))
    assert found.outcome is Outcome.DONE
    assert refusals(asked) == {"replayed": 1}


def test_what_no_command_explains_is_counted_with_how_many_there_were(asked: Store) -> None:
    told(asked, result(Outcome.REFUSED, why="not_signed", id_=None, times=7))
    told(asked, result(Outcome.REFUSED, why="not_signed", id_=None))
    assert refusals(asked) == {"not_signed": 8}


def test_invariant_4_a_device_says_nothing_of_another_ones_command(asked: Store) -> None:
    found = told(asked, result(Outcome.DONE), result(Outcome.REFUSED, why="stale"), device="gate")
    assert found.outcome is None
    assert refusals(asked, "gate") == {"stale": 1}


def test_a_hub_that_starts_gives_up_what_was_under_way(asked: Store) -> None:
    told(asked, result(Outcome.DONE))
    assert asked.write(lambda db: commands.give_up_all(db, now_us=NOW_US + 5)) == 1
    with asked.read() as db:
        other = commands.find(db, OTHER)
    assert (other.outcome, other.why) == (Outcome.UNSENT, commands.RESTARTED)


def test_the_list_of_a_device_is_its_own_newest_first_and_of_the_kinds_asked_for(asked: Store) -> None:
    def more(db: Database) -> None:
        for number, kind in ((1, "picture"), (2, "self_test")):
            commands.create(
                db,
                id=f"{number:032x}",
                device="door",
                kind=kind,
                arguments={},
                reason="再看",
                asked_by="王敏",
                now_us=NOW_US + number,
            )

    asked.write(more)
    with asked.read() as db:
        assert [one.id for one in commands.of_device(db, "door", kinds=["picture"], limit=9)] == [f"{1:032x}", ID]
        assert len(commands.of_device(db, "door", kinds=["picture", "self_test"], limit=2)) == 2


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_needed(asked: Store, reason: str) -> None:
    with pytest.raises(InvalidValueError):
        asked.write(
            lambda db: commands.create(
                db, id="9" * 32, device="door", kind="picture", arguments={}, reason=reason, asked_by="", now_us=1
            )
        )


def test_nobody_is_asked_who_does_not_exist(asked: Store) -> None:
    with pytest.raises(NotFoundError):
        asked.write(
            lambda db: commands.create(
                db, id="9" * 32, device="none", kind="picture", arguments={}, reason="灯", asked_by="", now_us=1
            )
        )


def test_what_is_old_goes_but_not_what_still_waits(asked: Store) -> None:
    told(asked, result(Outcome.DONE), result(Outcome.REFUSED, why="replayed"))

    def clean(db: Database) -> list[int]:
        rules = ROW_RULES[DataClass.LOSSES]
        before_us = NOW_US + 60
        return [rule.delete(db, rule.find(db, before_us=before_us, limit=9), before_us=before_us) for rule in rules]

    assert asked.write(clean) == [1, 1]
    with asked.read() as db:
        assert commands.get(db, ID) is None
        assert commands.find(db, OTHER).outcome is None
    assert refusals(asked) == {}
