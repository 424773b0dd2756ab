"""A store of the sixth step, with people who were vouched for, are away, or are being looked for, goes on as it was."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from hub_server.store import alerts, migrations, observations, pauses, verify, watches
from hub_server.store.connection import open_writer
from hub_server.store.rows import Watch
from hub_server.store.store import Store
from hub_server.watch.coverage import Verdict
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, WatchState

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000
CREATED_US = NOW_US - 9 * DAY_US
BACK_US = NOW_US + 3 * DAY_US


def watched(
    db: Database,
    person: str,
    *,
    last_seen_us: int | None,
    by: str = "",
    vouched: bool = False,
    paused_until_us: int | None = None,
) -> None:
    reference_us = CREATED_US if last_seen_us is None else last_seen_us
    db.execute(
        "INSERT INTO people (id, name, address, phone, note, created_us) VALUES (?, ?, '', '', '', 1)", (person,) * 2
    )
    db.execute(
        "INSERT INTO watches (person, period_s, active, created_us, last_seen_us, last_seen_by, paused_until_us,"
        " due_us, vouched_us, vouched_by) VALUES (?, 86400, 1, ?, ?, ?, ?, ?, ?, ?)",
        (
            person,
            CREATED_US,
            last_seen_us,
            by,
            paused_until_us,
            max(reference_us, paused_until_us or 0) + DAY_US,
            last_seen_us if vouched else None,
            by if vouched else "",
        ),
    )


def alerted(db: Database, person: str, state: str, *, outcome: str | None = None, at_us: int = NOW_US) -> None:
    alert = db.execute(
        "INSERT INTO alerts (person, due_us, raised_us, last_seen_us, last_seen_by, state, outcome)"
        " VALUES (?, ?, ?, NULL, '', ?, ?)",
        (person, at_us, at_us, state, outcome),
    ).lastrowid
    steps: list[tuple[str | None, str, str | None]] = [(None, "open", None)]
    if state != "open":
        steps.append(("open", state, outcome))
    for before, after, ended in steps:
        db.execute(
            "INSERT INTO alert_changes (alert, at_us, author, before, after, outcome, note)"
            " VALUES (?, ?, '小李', ?, ?, ?, '在儿子家')",
            (alert, at_us, before, after, ended),
        )


@pytest.fixture
def older(tmp_path: Path) -> Path:
    path = tmp_path / "hub.sqlite3"
    with closing(open_writer(path)) as db:
        migrations._steps.apply(db, stop_before="m0007_watch")
        watched(db, "never", last_seen_us=None)
        watched(db, "given", last_seen_us=NOW_US - 7, by="given", vouched=True)
        watched(db, "visited", last_seen_us=NOW_US - 5, by="visit: 王: 敏", vouched=True)
        watched(db, "away", last_seen_us=NOW_US - 2 * DAY_US, by="given", vouched=True, paused_until_us=BACK_US)
        watched(db, "away-unseen", last_seen_us=None, paused_until_us=BACK_US)
        watched(db, "was-away", last_seen_us=NOW_US - 9, by="given", vouched=True, paused_until_us=NOW_US - DAY_US)
        for person, at_us in (("away", NOW_US), ("away-unseen", NOW_US), ("was-away", NOW_US - 4 * DAY_US)):
            alerted(db, person, "closed", outcome="away", at_us=at_us)
        watched(db, "missed", last_seen_us=NOW_US - 2 * DAY_US, by="given", vouched=True)
        watched(db, "looked-for", last_seen_us=NOW_US - 2 * DAY_US, by="given", vouched=True)
        alerted(db, "missed", "open")
        alerted(db, "looked-for", "on_the_way")
    return path


def of(db: Database, person: str) -> Watch:
    found = watches.get_by_person(db, person)
    assert found is not None
    return found


def test_everything_holds_before_and_after_and_nobody_is_due_at_another_time(older: Path) -> None:
    with closing(open_writer(older)) as db:
        before = db.execute(
            "SELECT person, due_us, last_seen_us, last_seen_by, paused_until_us FROM watches"
        ).fetchall()
        assert {check.name: check.detail for check in verify.checks(db) if not check.ok} == {}
    store = Store.open(older.parent, clock=lambda: NOW_US)
    with store.read() as db:
        after = db.execute("SELECT person, due_us, last_seen_us, last_seen_by, paused_until_us FROM watches").fetchall()
        assert after == before
        assert {check.name: check.detail for check in verify.checks(db) if not check.ok} == {}
    store.close()


def test_what_was_vouched_for_and_who_is_away_have_rows_with_their_authors(older: Path) -> None:
    store = Store.open(older.parent, clock=lambda: NOW_US)
    with store.read() as db:
        (given,) = observations.of(db, "given")
        assert (given.kind, given.at_us, given.author) == (Kind.GIVEN, NOW_US - 7, "given")
        (visit,) = observations.of(db, "visited")
        assert (visit.kind, visit.at_us, visit.author) == (Kind.VISIT, NOW_US - 5, "王: 敏")
        assert observations.of(db, "never") == []
        (pause,) = pauses.of(db, "away")
        assert (pause.from_us, pause.until_us, pause.author, pause.reason) == (NOW_US, BACK_US, "小李", "在儿子家")
        assert watches.state_of(db, of(db, "away"), NOW_US) is WatchState.PAUSED
        assert [row.until_us for row in pauses.of(db, "was-away")] == [NOW_US - DAY_US]
        assert pauses.of(db, "missed") == []
    store.close()


def test_who_is_away_can_come_back_early_and_is_missed_as_agreed_otherwise(older: Path) -> None:
    store = Store.open(older.parent, clock=lambda: NOW_US)
    with store.read() as db:
        (pause,) = pauses.of(db, "away-unseen")
    store.write(lambda db: pauses.end(db, pause.id, author="王", now_us=NOW_US + 5))
    raised = store.write(lambda db: alerts.raise_due(db, now_us=NOW_US + 5 + DAY_US, limit=99))
    assert {"away-unseen"} <= {alert.person for alert in raised}
    assert "away" not in {alert.person for alert in raised}
    raised = store.write(lambda db: alerts.raise_due(db, now_us=BACK_US + DAY_US, limit=99))
    assert [alert.person for alert in raised] == ["away"]
    store.close()


def test_alerts_that_are_not_closed_climb_from_the_first_rung_and_get_no_second_one(older: Path) -> None:
    store = Store.open(older.parent, clock=lambda: NOW_US)
    with store.read() as db:
        open_one, taken = alerts.not_closed(db, "missed"), alerts.not_closed(db, "looked-for")
        assert open_one is not None
        assert taken is not None
        assert (open_one.rung, open_one.climb_us, open_one.verdict) == (
            0,
            NOW_US + 15 * 60_000_000,
            Verdict.CANNOT_TELL,
        )
        assert (taken.rung, taken.climb_us) == (0, NOW_US + 60 * 60_000_000)
    raised = store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=99))
    assert not {"missed", "looked-for"} & {alert.person for alert in raised}
    closed = store.write(
        lambda db: alerts.move(
            db,
            taken.id,
            to=AlertState.CLOSED,
            outcome=Outcome.WELL,
            author="王",
            note="",
            until_us=None,
            now_us=NOW_US + 1,
        )
    )
    assert closed.climb_us is None
    with store.read() as db:
        assert of(db, "looked-for").due_us == NOW_US + 1 + DAY_US
    store.close()
