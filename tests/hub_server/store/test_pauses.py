"""Pauses with the watch, the alerts and the clock around them."""

import pytest
from sqlite_utils import Database

from hub_server.store import alerts, observations, pauses, people, verify, watches
from hub_server.store.errors import ConflictingChangeError, InvalidValueError, NotFoundError
from hub_server.store.rows import Alert, Observation, Pause, Watch
from hub_server.store.store import Store
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, WatchState

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


@pytest.fixture(autouse=True)
def person(store: Store) -> None:
    def job(db: Database) -> None:
        people.create(db, id="zhao", name="赵示一", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="zhao", period_s=86_400, last_seen_us=NOW_US, now_us=NOW_US)

    store.write(job)


def pause(store: Store, from_us: int, until_us: int, *, now_us: int = NOW_US, reason: str = "住院") -> Pause:
    return store.write(
        lambda db: pauses.add(
            db, person="zhao", from_us=from_us, until_us=until_us, reason=reason, author="小李", now_us=now_us
        )
    )


def end(store: Store, made: Pause, now_us: int) -> Pause:
    return store.write(lambda db: pauses.end(db, made.id, author="王敏", now_us=now_us))


def seen(store: Store, at_us: int) -> Observation:
    return store.write(
        lambda db: observations.add(
            db, person="zhao", kind=Kind.PHONE, at_us=at_us, author="小李", note="", now_us=at_us
        )
    )


def watch(store: Store) -> Watch:
    with store.read() as db:
        found = watches.get_by_person(db, "zhao")
        assert {check.name: check.detail for check in verify.checks(db) if not check.ok} == {}
    assert found is not None
    return found


def state(store: Store, now_us: int) -> WatchState:
    with store.read() as db:
        found = watches.get_by_person(db, "zhao")
        assert found is not None
        return watches.state_of(db, found, now_us)


def judged(store: Store, now_us: int) -> list[Alert]:
    return store.write(lambda db: alerts.raise_due(db, now_us=now_us, limit=9))


def ending(store: Store, now_us: int) -> list[int]:
    with store.read() as db:
        return [row.id for row in pauses.ending(db, now_us=now_us)]


def test_a_pause_ends_by_itself_and_the_wait_begins_anew(store: Store) -> None:
    pause(store, NOW_US, NOW_US + 3 * DAY_US)
    assert watch(store).due_us == NOW_US + 4 * DAY_US
    assert [state(store, NOW_US + n * DAY_US) for n in (0, 2, 3)] == [
        WatchState.PAUSED,
        WatchState.PAUSED,
        WatchState.SEEN,
    ]
    assert judged(store, NOW_US + 4 * DAY_US - 1) == []
    assert [alert.due_us for alert in judged(store, NOW_US + 4 * DAY_US)] == [NOW_US + 4 * DAY_US]


def test_one_that_begins_in_the_future_covers_nothing_before_it(store: Store) -> None:
    pause(store, NOW_US + 2 * DAY_US, NOW_US + 5 * DAY_US)
    assert watch(store).due_us == NOW_US + DAY_US, "unseen until then, the person is looked for"
    assert state(store, NOW_US) is WatchState.SEEN
    seen(store, NOW_US + 2 * DAY_US - HOUR_US)
    assert watch(store).due_us == NOW_US + 6 * DAY_US
    assert state(store, NOW_US + 2 * DAY_US) is WatchState.PAUSED


def test_pauses_that_overlap_or_touch_are_one_and_a_gap_between_two_is_waited_through(store: Store) -> None:
    pause(store, NOW_US, NOW_US + 2 * DAY_US)
    pause(store, NOW_US + DAY_US, NOW_US + 3 * DAY_US)
    pause(store, NOW_US + 3 * DAY_US, NOW_US + 4 * DAY_US)
    pause(store, NOW_US + 4 * DAY_US + HOUR_US, NOW_US + 5 * DAY_US)
    assert watch(store).due_us == NOW_US + 6 * DAY_US
    assert state(store, NOW_US + 4 * DAY_US - 1) is WatchState.PAUSED
    assert state(store, NOW_US + 4 * DAY_US) is WatchState.SEEN
    with store.read() as db:
        now = watches.get_by_person(db, "zhao")
        assert now is not None
        assert watches.paused_until_us(db, now, NOW_US) == NOW_US + 4 * DAY_US


def test_back_early_the_wait_begins_at_the_return(store: Store) -> None:
    made = pause(store, NOW_US, NOW_US + 9 * DAY_US)
    ended = end(store, made, NOW_US + 2 * DAY_US)
    assert (ended.ended_us, ended.ended_by, ended.until_us) == (NOW_US + 2 * DAY_US, "王敏", NOW_US + 9 * DAY_US)
    assert watch(store).due_us == NOW_US + 3 * DAY_US
    assert state(store, NOW_US + 2 * DAY_US) is WatchState.SEEN
    assert len(judged(store, NOW_US + 3 * DAY_US)) == 1


def test_one_that_is_taken_back_before_it_begins_never_was(store: Store) -> None:
    before = watch(store)
    end(store, pause(store, NOW_US + HOUR_US, NOW_US + 9 * DAY_US), NOW_US + 1)
    assert watch(store) == before


@pytest.mark.parametrize("after_us", [3 * DAY_US, 3 * DAY_US + 1])
def test_what_is_over_cannot_be_ended(store: Store, after_us: int) -> None:
    made = pause(store, NOW_US, NOW_US + 3 * DAY_US)
    with pytest.raises(ConflictingChangeError):
        end(store, made, NOW_US + after_us)
    end(store, made, NOW_US + 3 * DAY_US - 1)
    with pytest.raises(ConflictingChangeError):
        end(store, made, NOW_US + 3 * DAY_US - 1)


@pytest.mark.parametrize(
    ("from_us", "until_us", "reason", "field"),
    [
        (NOW_US - 9, NOW_US, "住院", "until"),
        (NOW_US + 9, NOW_US + 9, "住院", "from"),
        (-1, NOW_US + 9, "住院", "from"),
        (NOW_US, NOW_US + 367 * DAY_US, "住院", "until"),
        (NOW_US, NOW_US + 9, " ", "reason"),
    ],
)
def test_a_pause_that_cannot_be_is_refused_by_field(
    store: Store, from_us: int, until_us: int, reason: str, field: str
) -> None:
    before = watch(store)
    with pytest.raises(InvalidValueError) as caught:
        pause(store, from_us, until_us, reason=reason)
    assert caught.value.field == field
    assert watch(store) == before


def test_nobody_pauses_who_has_no_watch_or_whom_somebody_must_look_for(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.write(
            lambda db: pauses.add(
                db, person="x", from_us=NOW_US, until_us=NOW_US + 1, reason="r", author="a", now_us=NOW_US
            )
        )
    judged(store, NOW_US + DAY_US)
    with pytest.raises(ConflictingChangeError):
        pause(store, NOW_US + DAY_US, NOW_US + 9 * DAY_US, now_us=NOW_US + DAY_US)


def test_an_alert_closed_as_away_settles_what_came_before_even_when_that_was_wrong(store: Store) -> None:
    """The pause begins after the due time, and what was seen before it may be corrected later: still nobody is due."""
    wrong = seen(store, NOW_US + HOUR_US)
    now_us = NOW_US + HOUR_US + DAY_US
    (alert,) = judged(store, now_us)
    store.write(
        lambda db: alerts.move(
            db,
            alert.id,
            to=AlertState.CLOSED,
            outcome=Outcome.AWAY,
            author="小李",
            note="在儿子家",
            until_us=now_us + 3 * DAY_US,
            now_us=now_us,
        )
    )
    with store.read() as db:
        (made,) = pauses.of(db, "zhao")
    assert (made.from_us, made.until_us, made.reason, made.alert) == (now_us, now_us + 3 * DAY_US, "在儿子家", alert.id)
    store.write(lambda db: observations.withdraw(db, wrong.id, author="小李", now_us=now_us))
    assert watch(store).last_seen_us == NOW_US
    assert judged(store, now_us + 4 * DAY_US - 1) == []
    assert len(judged(store, now_us + 4 * DAY_US)) == 1


def test_its_end_is_told_once_the_day_before(store: Store) -> None:
    made = pause(store, NOW_US, NOW_US + 3 * DAY_US)
    assert ending(store, NOW_US + 2 * DAY_US - 1) == []
    assert ending(store, NOW_US + 2 * DAY_US) == [made.id]
    store.write(lambda db: pauses.told(db, made.id, now_us=NOW_US + 2 * DAY_US))
    assert ending(store, NOW_US + 2 * DAY_US) == []


def test_the_end_of_a_short_one_is_told_from_its_middle_on_until_it_is_over(store: Store) -> None:
    made = pause(store, NOW_US, NOW_US + 10 * HOUR_US)
    assert [ending(store, NOW_US + hours * HOUR_US) for hours in (4, 5, 9, 10)] == [[], [made.id], [made.id], []]


def test_an_end_that_another_pause_covers_is_not_told(store: Store) -> None:
    pause(store, NOW_US, NOW_US + 3 * DAY_US)
    later = pause(store, NOW_US + 3 * DAY_US, NOW_US + 5 * DAY_US)
    same = pause(store, NOW_US + 4 * DAY_US, NOW_US + 5 * DAY_US)
    assert ending(store, NOW_US + 2 * DAY_US + HOUR_US) == []
    assert ending(store, NOW_US + 4 * DAY_US + 13 * HOUR_US) == [later.id], f"of two ends at once not {same.id}, too"
    end(store, later, NOW_US + 4 * DAY_US + 14 * HOUR_US)
    assert ending(store, NOW_US + 4 * DAY_US + 14 * HOUR_US) == [same.id]


def test_one_that_ended_early_is_not_told_and_there_is_no_telling_of_none(store: Store) -> None:
    end(store, pause(store, NOW_US, NOW_US + 10 * HOUR_US), NOW_US + HOUR_US)
    assert ending(store, NOW_US + 9 * HOUR_US) == []
    with pytest.raises(NotFoundError):
        store.write(lambda db: pauses.told(db, 99, now_us=NOW_US))


def test_another_period_and_grace_count_from_the_end_of_the_pause(store: Store) -> None:
    pause(store, NOW_US, NOW_US + 3 * DAY_US)
    changed = store.write(lambda db: watches.change(db, 1, now_us=NOW_US, period_s=3600, grace_s=60))
    assert changed.due_us == NOW_US + 3 * DAY_US + HOUR_US + 60_000_000
    assert watch(store) == changed
