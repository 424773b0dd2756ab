"""An alert and its ladder: who is told when, what a report and a retraction do. Each change is a row."""

from collections.abc import Iterator

import pytest
from alert_street import ACKNOWLEDGED, CLOSED, DAY_US, NOW_US, ON_THE_WAY, OPEN, WORKER_WAIT_US, S, Street
from sqlite_utils import Database

from hub_server.store import (
    alarms,
    alerts,
    ladder,
    outbox,
    people,
    recipients,
    verify,
    watches,
)
from hub_server.store.errors import ConflictingChangeError
from hub_server.store.store import Store
from hub_server.watch.ladder import ACKNOWLEDGED_TIMES, DEFAULT_WAIT_S, Rung
from hub_server.watch.states import Outcome, Report


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


def test_an_alert_tells_the_worker_and_then_climbs_rung_by_rung_until_all_are_told_again_and_again(
    street: Street,
) -> None:
    alert = street.raises()
    assert (alert.rung, alert.climb_us) == (Rung.WORKER, NOW_US + WORKER_WAIT_US)
    assert street.hears() == {"WORKER": ["raised"]}
    assert street.climbs(WORKER_WAIT_US - 1) == 0
    assert street.climbs(1) == 1
    assert street.climbs() == 0, "once"
    assert street.hears() == {"COMMUNITY": ["climbed"]}
    street.climbs(DEFAULT_WAIT_S[Rung.COMMUNITY] * S)
    assert street.hears() == {"OFFICE": ["climbed"]}
    street.climbs(DEFAULT_WAIT_S[Rung.OFFICE] * S)
    assert street.hears() == {"女儿": ["climbed"]}
    for _ in range(3):
        street.climbs(DEFAULT_WAIT_S[Rung.FAMILY] * S)
        assert street.hears() == {name: ["reminded"] for name in ("WORKER", "COMMUNITY", "OFFICE", "女儿")}
    with street.store.read() as db:
        steps = [(step.author, step.before, step.after, step.rung) for step in alerts.history(db, 1)]
    assert steps == [("watch", None, OPEN, 0), *[("watch", OPEN, OPEN, rung) for rung in (1, 2, 3)]]


def test_the_wait_is_that_of_the_area(street: Street) -> None:
    street.store.write(lambda db: ladder.set_wait(db, area="桂花村", rung=Rung.WORKER, wait_s=60))
    assert street.raises().climb_us == NOW_US + 60 * S


def test_who_says_i_go_has_longer_and_the_others_need_not_hear_of_it(street: Street) -> None:
    street.raises()
    moved = street.moves(ACKNOWLEDGED)
    assert moved.climb_us == NOW_US + ACKNOWLEDGED_TIMES * WORKER_WAIT_US
    assert street.hears() == {}, "it was in hand before the message went out"
    street.now_us += 60 * S
    assert street.moves(ON_THE_WAY).climb_us == street.now_us + ACKNOWLEDGED_TIMES * WORKER_WAIT_US
    street.climbs(ACKNOWLEDGED_TIMES * WORKER_WAIT_US)
    assert street.alert().state is ON_THE_WAY
    assert street.hears() == {"COMMUNITY": ["climbed"]}


def test_a_closed_alert_climbs_no_more_and_what_is_unsent_is_not_sent(street: Street) -> None:
    street.raises()
    assert street.moves(CLOSED, Outcome.WELL).climb_us is None
    assert street.hears() == {}
    assert street.climbs(99 * DAY_US) == 0


def test_not_found_tells_the_next_rung_at_once_and_nothing_ends_by_it(street: Street) -> None:
    street.raises()
    street.moves(ON_THE_WAY)
    street.now_us += 60 * S
    found = street.reports(Report.NOT_FOUND)
    assert (found.state, found.rung) == (ON_THE_WAY, Rung.COMMUNITY)
    assert found.climb_us == street.now_us + DEFAULT_WAIT_S[Rung.COMMUNITY] * S, "nobody there has said: I go"
    assert street.hears() == {"COMMUNITY": ["reported"]}
    with street.store.read() as db:
        step = alerts.history(db, 1)[-1]
    assert (step.author, step.report, step.rung, step.note) == ("小李", Report.NOT_FOUND, Rung.COMMUNITY, "敲门无人")


def test_an_emergency_goes_to_the_top_and_tells_everybody_on_the_way_and_no_acknowledgement_stops_it(
    street: Street,
) -> None:
    street.raises()
    assert street.reports(Report.EMERGENCY).rung == Rung.FAMILY
    street.moves(ACKNOWLEDGED)
    assert street.hears() == {"COMMUNITY": ["reported"], "OFFICE": ["reported"], "女儿": ["reported"]}


def test_a_report_about_a_closed_alert_is_refused(street: Street) -> None:
    street.raises()
    street.moves(CLOSED, Outcome.WELL)
    with pytest.raises(ConflictingChangeError):
        street.reports(Report.NOT_FOUND)


def test_a_retraction_tells_all_who_were_told_so_far_at_once_and_nobody_else(street: Street) -> None:
    street.raises()
    street.hears()
    street.climbs(WORKER_WAIT_US)
    street.hears()
    street.sees(street.now_us - 60 * S)
    assert street.alert().outcome is Outcome.RETRACTED
    assert street.hears() == {"WORKER": ["retracted"], "COMMUNITY": ["retracted"]}


def test_a_retraction_before_anything_went_out_tells_nobody_anything(street: Street) -> None:
    street.raises()
    street.sees(NOW_US - 60 * S)
    assert street.hears() == {}


def test_who_is_on_the_way_hears_of_a_retraction_even_when_they_had_read_it_on_the_page(street: Street) -> None:
    street.raises()
    street.moves(ON_THE_WAY)
    assert street.hears() == {}
    street.sees(NOW_US - 60 * S)
    assert street.hears() == {"WORKER": ["retracted"]}


def test_a_message_that_may_have_gone_out_is_retracted_and_not_sent_again(street: Street) -> None:
    street.raises()
    (message,) = street.store.write(lambda db: outbox.form(db, now_us=NOW_US))
    street.sees(NOW_US - 60 * S)
    with street.store.read() as db:
        assert outbox.due(db, now_us=NOW_US, limit=9) == [], message
    assert street.hears() == {"WORKER": ["retracted"]}


def test_an_empty_rung_is_climbed_past_at_once_and_the_office_hears_that_there_is_no_worker(bare: Street) -> None:
    bare.staff(Rung.OFFICE)
    assert bare.raises().rung == Rung.OFFICE
    assert bare.hears() == {"OFFICE": ["alarm", "raised"]}
    with bare.store.read() as db:
        assert [(alarm.kind, alarm.subject) for alarm in alarms.open(db)] == [("delivery", "area/桂花村")]


def test_where_nobody_new_can_be_told_those_who_were_told_are_told_again(bare: Street) -> None:
    bare.staff(Rung.WORKER)
    bare.raises()
    bare.hears()
    bare.climbs(WORKER_WAIT_US)
    assert bare.alert().rung == Rung.FAMILY
    assert bare.hears() == {"WORKER": ["reminded"]}


def test_without_anybody_to_tell_the_alert_stands_all_the_same_and_finds_who_comes_later(bare: Street) -> None:
    assert bare.raises().rung == Rung.WORKER
    assert bare.hears() == {}
    bare.staff(Rung.COMMUNITY)
    bare.climbs(WORKER_WAIT_US)
    assert bare.hears() == {"COMMUNITY": ["climbed"]}


def test_nobody_is_reminded_of_what_is_still_waiting_to_be_sent(street: Street) -> None:
    street.raises()
    for rung in (Rung.WORKER, Rung.COMMUNITY, Rung.OFFICE, Rung.FAMILY, Rung.FAMILY):
        street.climbs(DEFAULT_WAIT_S[rung] * S)
    assert street.hears() == {
        "WORKER": ["raised"],
        "COMMUNITY": ["climbed"],
        "OFFICE": ["climbed"],
        "女儿": ["climbed"],
    }


def test_an_alert_and_its_notices_are_stored_together_or_not_at_all(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "tell", fails)
    assert street.silent()
    monkeypatch.undo()
    with street.store.read() as db:
        assert alerts.get(db, 1) is None
    assert street.raises().id == 1


def test_many_about_which_nobody_can_tell_share_one_message_and_each_keeps_its_alert(store: Store) -> None:
    def job(db: Database) -> None:
        recipients.add(db, area="", rung=Rung.WORKER, name="王", phone="", urls=["json://a"], now_us=NOW_US)
        for n in range(30):
            people.create(db, id=f"q{n}", name="q", address="", phone="", note="", area=f"a{n % 3}", now_us=NOW_US)
            watches.create(db, person=f"q{n}", period_s=86400, last_seen_us=NOW_US - DAY_US + n, now_us=NOW_US)

    store.write(job)
    for second in range(3):
        now_us = NOW_US + (second + 1) * S
        raised = store.write(lambda db, now_us=now_us: alerts.raise_due(db, now_us=now_us, limit=10))  # type: ignore[misc]
        assert len(raised) == 10
        assert store.write(lambda db, now_us=now_us: outbox.form(db, now_us=now_us)) == []  # type: ignore[misc]
    (message,) = store.write(lambda db: outbox.form(db, now_us=NOW_US + 10 * S))
    with store.read() as db:
        assert len({notice.alert for notice in outbox.contents(db, message.id)}) == 30


def test_a_look_at_who_is_due_costs_the_same_however_many_alerts_stand(store: Store) -> None:
    def steps(db: Database) -> int:
        """What SQLite does, in its own steps."""
        counted: list[int] = []
        db.conn.set_progress_handler(lambda: counted.append(1), 1)
        assert watches.due(db, now_us=NOW_US, limit=9) == []
        assert alerts.climbing(db, now_us=NOW_US, limit=9) == []
        assert not outbox.ready(db, now_us=NOW_US - 1)
        db.conn.set_progress_handler(None, 1)
        return len(counted)

    def job(db: Database) -> list[int]:
        costs = [steps(db)]
        for n in range(200):
            people.create(db, id=f"q{n}", name="q", address="", phone="", note="", now_us=NOW_US)
            watches.create(db, person=f"q{n}", period_s=86400, last_seen_us=NOW_US - DAY_US, now_us=NOW_US)
        alerts.raise_due(db, now_us=NOW_US, limit=200)
        return [*costs, steps(db)]

    none, many = store.write(job)
    assert many < none + 50


def test_the_mark_that_lets_a_look_skip_a_watch_follows_the_alert(street: Street) -> None:
    def marked() -> bool:
        with street.store.read() as db:
            return bool(db.execute("SELECT alerted FROM watches").fetchone()[0])

    assert not marked()
    street.raises()
    assert marked()
    street.moves(ACKNOWLEDGED)
    assert marked()
    street.moves(CLOSED, Outcome.WELL)
    assert not marked()
    street.reopens()
    assert marked()
    street.sees(NOW_US)
    assert not marked()
