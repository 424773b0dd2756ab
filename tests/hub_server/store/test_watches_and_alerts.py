import pytest
from sqlite_utils import Database

from hub_server.store import alerts, people, watches
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.rows import Alert, Watch
from hub_server.store.store import Store
from hub_server.watch.states import AlertState, Outcome

NOW_US = 1_795_471_200_000_000
PERIOD_S = 24 * 3600
PERIOD_US = PERIOD_S * 1_000_000
OPEN, CLOSED = AlertState.OPEN, AlertState.CLOSED


@pytest.fixture(autouse=True)
def person(store: Store) -> None:
    store.write(lambda db: people.create(db, id="zhao", name="赵示一", address="", phone="", note="", now_us=NOW_US))


def watch(store: Store, last_seen_us: int | None = None) -> Watch:
    return store.write(
        lambda db: watches.create(db, person="zhao", period_s=PERIOD_S, last_seen_us=last_seen_us, now_us=NOW_US)
    )


def judged(store: Store, now_us: int) -> list[Alert]:
    return store.write(lambda db: alerts.raise_due(db, now_us=now_us, limit=100))


def close(store: Store, alert: Alert, outcome: Outcome, *, now_us: int, until_us: int | None = None) -> Alert:
    return store.write(
        lambda db: alerts.move(
            db, alert.id, to=CLOSED, outcome=outcome, author="小李", note="在家", until_us=until_us, now_us=now_us
        )
    )


def seen(store: Store, at_us: int, now_us: int) -> None:
    store.write(lambda db: alerts.observe_person(db, person="zhao", at_us=at_us, by="door/east", now_us=now_us))


def current(store: Store, alert: Alert) -> Alert:
    with store.read() as db:
        found = alerts.get(db, alert.id)
    assert found is not None
    return found


def test_one_watch_a_person_and_only_for_people_who_are_known(store: Store) -> None:
    watch(store)
    with pytest.raises(ExistsError):
        watch(store)
    with pytest.raises(NotFoundError):
        store.write(lambda db: watches.create(db, person="nobody", period_s=60, last_seen_us=None, now_us=NOW_US))


@pytest.mark.parametrize("period_s", [59, 30 * 24 * 3600 + 1, -1])
def test_a_period_out_of_range_is_refused(store: Store, period_s: int) -> None:
    with pytest.raises(InvalidValueError):
        store.write(lambda db: watches.create(db, person="zhao", period_s=period_s, last_seen_us=None, now_us=NOW_US))


def test_nobody_was_last_seen_in_the_future(store: Store) -> None:
    with pytest.raises(InvalidValueError) as caught:
        watch(store, NOW_US + 1)
    assert caught.value.field == "last_seen_at"


def test_the_alert_comes_at_the_due_microsecond_and_not_before(store: Store) -> None:
    assert watch(store).due_us == NOW_US + PERIOD_US
    assert judged(store, NOW_US + PERIOD_US - 1) == []
    (alert,) = judged(store, NOW_US + PERIOD_US)
    assert (alert.person, alert.state, alert.due_us) == ("zhao", OPEN, NOW_US + PERIOD_US)


def test_however_often_the_clock_ticks_there_is_one_alert(store: Store) -> None:
    watch(store)
    raised = [judged(store, NOW_US + PERIOD_US + tick) for tick in range(50)]
    assert [len(alerts) for alerts in raised] == [1] + [0] * 49


def test_the_database_itself_holds_no_second_alert_for_a_due_time_or_a_person(store: Store) -> None:
    made = watch(store, NOW_US - PERIOD_US)
    judged(store, NOW_US)

    def insert(due_us: int) -> None:
        store.write(
            lambda db: db.execute(
                "INSERT INTO alerts (person, due_us, raised_us, last_seen_by, state) VALUES ('zhao', ?, 1, '', 'open')",
                [due_us],
            )
        )

    for due_us in (made.due_us, made.due_us + 1):
        with pytest.raises(Exception, match="UNIQUE"):
            insert(due_us)


def test_after_a_visit_silence_raises_a_new_alert_one_period_later(store: Store) -> None:
    watch(store, NOW_US - PERIOD_US)
    (first,) = judged(store, NOW_US)
    assert close(store, first, Outcome.WELL, now_us=NOW_US + 7).last_seen_us == NOW_US + 7
    assert judged(store, NOW_US + 7 + PERIOD_US - 1) == []
    (second,) = judged(store, NOW_US + 7 + PERIOD_US)
    assert second.id != first.id
    assert second.last_seen_by == "visit: 小李"


def test_who_is_away_is_due_one_period_after_coming_back(store: Store) -> None:
    watch(store, NOW_US - PERIOD_US)
    (alert,) = judged(store, NOW_US)
    back_us = NOW_US + 3 * PERIOD_US
    close(store, alert, Outcome.AWAY, now_us=NOW_US, until_us=back_us)
    assert judged(store, back_us + PERIOD_US - 1) == []
    assert len(judged(store, back_us + PERIOD_US)) == 1


def test_a_young_late_sighting_retracts_in_whatever_state_the_alert_is(store: Store) -> None:
    watch(store, NOW_US - PERIOD_US)
    (alert,) = judged(store, NOW_US)
    store.write(
        lambda db: alerts.move(
            db, alert.id, to=AlertState.ON_THE_WAY, outcome=None, author="小李", note="", until_us=None, now_us=NOW_US
        )
    )
    seen(store, NOW_US - PERIOD_US + 11, NOW_US + 10)
    assert (current(store, alert).state, current(store, alert).outcome) == (CLOSED, Outcome.RETRACTED)
    with store.read() as db:
        steps = [(step.before, step.after, step.author) for step in alerts.history(db, alert.id)]
    assert steps == [
        (None, OPEN, "watch"),
        (OPEN, AlertState.ON_THE_WAY, "小李"),
        (AlertState.ON_THE_WAY, CLOSED, "watch"),
    ]


def test_an_old_late_sighting_leaves_the_alert_open_with_the_newer_last_seen(store: Store) -> None:
    watch(store, NOW_US - 2 * PERIOD_US)
    (alert,) = judged(store, NOW_US)
    seen(store, NOW_US - PERIOD_US, NOW_US)
    assert (current(store, alert).state, current(store, alert).last_seen_us) == (OPEN, NOW_US - PERIOD_US)
    assert judged(store, NOW_US + 1) == [], "its due time is another now, but the alert is still the person's one"


def test_a_sighting_older_than_what_is_known_changes_nothing(store: Store) -> None:
    watch(store, NOW_US - PERIOD_US)
    (alert,) = judged(store, NOW_US)
    seen(store, NOW_US - PERIOD_US - 1, NOW_US)
    assert current(store, alert) == alert


def test_a_sighting_after_the_visit_leaves_the_closed_alert_closed(store: Store) -> None:
    watch(store, NOW_US - PERIOD_US)
    (alert,) = judged(store, NOW_US)
    closed = close(store, alert, Outcome.WELL, now_us=NOW_US)
    seen(store, NOW_US + 5, NOW_US + 6)
    assert current(store, alert) == closed


def test_an_illegal_step_changes_nothing(store: Store) -> None:
    watch(store, NOW_US - PERIOD_US)
    (alert,) = judged(store, NOW_US)
    close(store, alert, Outcome.HELPED, now_us=NOW_US)

    def everything(db: Database) -> list[object]:
        return [list(db.query(f"SELECT * FROM {table}")) for table in ("alerts", "alert_changes", "watches")]  # noqa: S608

    with store.read() as db:
        before = everything(db)
    with pytest.raises(ConflictingChangeError):
        close(store, alert, Outcome.WELL, now_us=NOW_US + 1)
    with store.read() as db:
        assert everything(db) == before


def test_a_watch_that_is_off_stays_silent_until_it_is_on_again(store: Store) -> None:
    made = watch(store, NOW_US - PERIOD_US)
    store.write(lambda db: watches.change(db, made.id, now_us=NOW_US, active=False))
    assert judged(store, NOW_US) == []
    store.write(lambda db: watches.change(db, made.id, now_us=NOW_US, active=True))
    assert len(judged(store, NOW_US)) == 1


def test_another_period_moves_the_due_time(store: Store) -> None:
    made = watch(store)
    changed = store.write(lambda db: watches.change(db, made.id, now_us=NOW_US, period_s=60))
    assert changed.due_us == NOW_US + 60_000_000


def test_many_due_at_once_are_raised_in_portions_the_longest_due_first(store: Store) -> None:
    for n in range(5):
        store.write(
            lambda db, n=n: people.create(  # type: ignore[misc]
                db, id=f"q{n}", name="q", address="", phone="", note="", now_us=NOW_US
            )
        )
        store.write(
            lambda db, n=n: watches.create(  # type: ignore[misc]
                db, person=f"q{n}", period_s=60, last_seen_us=NOW_US - 100_000_000 - n, now_us=NOW_US
            )
        )
    portions = [store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=2)) for _ in range(4)]
    assert [[alert.person for alert in portion] for portion in portions] == [["q4", "q3"], ["q2", "q1"], ["q0"], []]


def test_alerts_are_paged_newest_first_by_state(store: Store) -> None:
    watch(store, NOW_US - PERIOD_US)
    (first,) = judged(store, NOW_US)
    close(store, first, Outcome.WELL, now_us=NOW_US)
    (second,) = judged(store, NOW_US + PERIOD_US)
    with store.read() as db:
        assert [alert.id for alert in alerts.page(db, states=None, after=None, limit=10)] == [second.id, first.id]
        assert [alert.id for alert in alerts.page(db, states=None, after=second.id, limit=10)] == [first.id]
        assert [alert.id for alert in alerts.page(db, states=frozenset({OPEN}), after=None, limit=10)] == [second.id]
        assert alerts.page(db, states=frozenset(), after=None, limit=10) == []
