"""What ended an alert was wrong: the alert, or one of its own, is there again, whatever closed it."""

from collections.abc import Iterator

import pytest
from alert_street import CLOSED, DAY_US, NOW_US, OPEN, WORKER_WAIT_US, S, Street

from hub_server.store import (
    alerts,
    hub_time,
    observations,
    pauses,
    verify,
    watches,
)
from hub_server.store.errors import ConflictingChangeError, InvalidValueError
from hub_server.store.store import Store
from hub_server.watch.hub_clock import Step
from hub_server.watch.ladder import DEFAULT_WAIT_S, Rung
from hub_server.watch.observation import Kind
from hub_server.watch.states import Outcome


@pytest.fixture
def bare(store: Store) -> Iterator[Street]:
    """Whatever happens in a test, what must hold in every store holds after it."""
    yield Street(store)
    with store.read() as db:
        assert [check for check in verify.checks(db) if not check.ok] == []


@pytest.fixture
def street(bare: Street) -> Street:
    bare.staff(*Rung)
    return bare


def test_a_reopened_alert_stands_where_it_stood_and_is_told_there_anew(street: Street) -> None:
    street.raises()
    street.climbs(WORKER_WAIT_US)
    street.hears()
    street.moves(CLOSED, Outcome.WELL)
    reopened = street.reopens()
    assert (reopened.state, reopened.outcome, reopened.rung) == (OPEN, None, Rung.COMMUNITY)
    assert reopened.climb_us == street.now_us + DEFAULT_WAIT_S[Rung.COMMUNITY] * S
    assert street.hears() == {"WORKER": ["reopened"], "COMMUNITY": ["reopened"]}
    with street.store.read() as db:
        steps = [(step.before, step.after, step.author) for step in alerts.history(db, 1)]
    assert steps[-2:] == [(OPEN, CLOSED, "小李"), (CLOSED, OPEN, "王敏")], "its history stays"


def test_reopening_takes_the_visit_back(street: Street) -> None:
    street.raises()
    street.moves(CLOSED, Outcome.HELPED)
    reopened = street.reopens()
    assert (reopened.last_seen_us, reopened.last_seen_by) == (NOW_US - DAY_US, "given")
    with street.store.read() as db:
        watch = watches.get_by_person(db, "zhao")
        assert watch is not None
        assert watch.last_seen_us == NOW_US - DAY_US
        visit = observations.of(db, "zhao")[0]
    assert (visit.at_us, visit.withdrawn_by) == (NOW_US, "王敏")


def test_reopening_leaves_another_visit_that_was_noted_in_the_same_moment(street: Street) -> None:
    """Found by the soak: the worker notes an earlier visit, and closes the alert at once."""
    street.raises()
    street.now_us += 2 * 3600 * S
    earlier_us = NOW_US - DAY_US + 3600 * S  # too long ago to retract it
    street.store.write(
        lambda db: observations.add(
            db, person="zhao", kind=Kind.VISIT, at_us=earlier_us, author="小李", note="", now_us=street.now_us
        )
    )
    street.moves(CLOSED, Outcome.WELL)
    street.reopens()
    with street.store.read() as db:
        watch = watches.get_by_person(db, "zhao")
    assert watch is not None
    assert watch.last_seen_us == earlier_us


def test_reopening_takes_the_pause_back(street: Street) -> None:
    street.raises()
    street.moves(CLOSED, Outcome.AWAY, until_us=NOW_US + 9 * DAY_US, note="住院")
    with street.store.read() as db:
        assert [pause.alert for pause in pauses.of(db, "zhao")] == [1]
    street.reopens()
    with street.store.read() as db:
        watch = watches.get_by_person(db, "zhao")
        assert watch is not None
        assert (watch.due_us, watch.paused_until_us) == (NOW_US, None)
    street.sees(NOW_US)
    street.now_us += DAY_US
    assert street.raises().id == 2


def test_a_reopened_alert_is_the_persons_one_and_a_young_sighting_retracts_it(street: Street) -> None:
    street.raises()
    street.moves(CLOSED, Outcome.WELL)
    street.moves(OPEN, note="走错门了")
    assert street.silent()
    street.sees(NOW_US - S)
    assert street.alert().outcome is Outcome.RETRACTED


def test_an_alert_cannot_be_reopened_beside_another_nor_without_a_reason(street: Street) -> None:
    street.raises()
    street.moves(CLOSED, Outcome.WELL)
    with pytest.raises(InvalidValueError) as caught:
        street.moves(OPEN)
    assert caught.value.field == "note"
    street.now_us += DAY_US
    assert street.raises().id == 2
    with pytest.raises(ConflictingChangeError):
        street.reopens()
    assert street.alert().state is CLOSED


def test_what_retracted_an_alert_and_proves_wrong_brings_an_alert_of_its_own_however_often(street: Street) -> None:
    street.raises()
    for n in range(1, 4):
        seen = street.store.write(
            lambda db: observations.add(
                db, person="zhao", kind=Kind.PHONE, at_us=NOW_US - S, author="王", note="", now_us=NOW_US
            )
        )
        assert street.silent()
        street.store.write(lambda db, seen=seen: observations.withdraw(db, seen.id, author="王", now_us=NOW_US))  # type: ignore[misc]
        assert street.raises().id == n + 1
        assert street.silent()


def test_who_comes_back_early_and_is_not_seen_has_an_alert_a_period_later(street: Street) -> None:
    street.raises()
    street.moves(CLOSED, Outcome.AWAY, until_us=NOW_US + 9 * DAY_US)
    street.now_us += DAY_US
    assert street.silent()
    street.store.write(lambda db: pauses.end(db, 1, author="王", now_us=street.now_us))
    street.now_us += DAY_US - 1
    assert street.silent()
    street.now_us += 1
    assert street.raises().id == 2


def test_reopening_takes_the_visit_back_even_when_the_clock_has_stepped_back_since(street: Street) -> None:
    street.raises()
    street.moves(CLOSED, Outcome.WELL)
    street.now_us -= DAY_US // 2
    street.store.write(lambda db: hub_time.stepped(db, Step(by_us=-DAY_US // 2), now_us=street.now_us))
    street.store.write(lambda db: hub_time.wind_back(db, last_seen_us=street.now_us, limit=9))
    assert street.reopens().last_seen_us == NOW_US - DAY_US
