"""The life of alerts. Steps are judged by hub_server.watch; here they meet the rows, with all that follows from them.

Each change stores, in the caller's transaction, its line of history, the alert's place on the ladder, the notices of
whoever must hear of it, and the end of notices that nobody needs any more.
"""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import logging
import sqlite3

from sqlite_utils import Database

from hub_server.store import coverage, limits, outbox, pauses, signs, watches
from hub_server.store.alert_rows import climbing, demand, get, history, not_closed, page, record
from hub_server.store.errors import ConflictingChangeError
from hub_server.store.outbox import NEEDS, NoticeKind
from hub_server.store.roster import Roster, tell
from hub_server.store.rows import Alert, Watch
from hub_server.watch import storm
from hub_server.watch.coverage import Verdict as Seen
from hub_server.watch.errors import IllegalTransitionError
from hub_server.watch.judge import Verdict
from hub_server.watch.ladder import TOP, Rung, newly_told, next_rung, placed, rung_after
from hub_server.watch.life import Step, human_step, retraction
from hub_server.watch.observation import Kind
from hub_server.watch.states import OBSERVES, AlertState, Outcome, Report

__all__ = [
    "WATCH",
    "climb_due",
    "climbing",
    "get",
    "history",
    "move",
    "not_closed",
    "observe_person",
    "page",
    "raise_due",
    "recount_person",
    "reopen",
    "report",
    "vouch_for_person",
]

_log = logging.getLogger(__name__)

WATCH = "watch"
"""The author of what no person did."""


def raise_due(db: Database, *, now_us: int, limit: int) -> list[Alert]:
    """An alert for each watch that is due and has none; at most `limit`, the longest due first.

    One that cannot be raised, whatever the fault, holds up no other: it is logged, and is due again.
    """
    due = watches.due(db, now_us=now_us, limit=limit)
    roster, raised = Roster(db, now_us=now_us), []
    for watch, verdict in zip(due, _verdicts(db, due, now_us), strict=True):
        db.execute("SAVEPOINT one_alert")
        try:
            raised.append(_raise(db, roster, watch, verdict, together=len(due), now_us=now_us))
        except sqlite3.OperationalError:
            raise  # the disk's fault is everybody's, and has ended the transaction
        except Exception:  # noqa: BLE001 whatever is wrong with one must not cost another their alert
            db.execute("ROLLBACK TO one_alert")
            _log.exception("%s is overdue, and the alert could not be raised", watch.person)
        db.execute("RELEASE one_alert")
    return raised


def _verdicts(db: Database, due: list[Watch], now_us: int) -> list[Seen]:
    """Who was watching is worth knowing, and no alert waits for it: what cannot be found out cannot be told."""
    try:
        return coverage.verdicts(db, due, now_us=now_us)
    except sqlite3.OperationalError:
        raise
    except Exception:  # noqa: BLE001 as above
        _log.exception("who was watching could not be found out")
        return [Seen.CANNOT_TELL] * len(due)


def climb_due(db: Database, *, now_us: int, limit: int) -> list[Alert]:
    """Moves up whatever has waited on its rung for long enough; at most `limit`. Those it moved, as they were."""
    waited = climbing(db, now_us=now_us, limit=limit)
    roster = Roster(db, now_us=now_us)
    for alert in waited:
        _climb(db, roster, alert, together=len(waited), now_us=now_us)
    return waited


def move(
    db: Database,
    id: int,
    *,
    to: AlertState,
    outcome: Outcome | None,
    author: str,
    note: str,
    until_us: int | None,
    now_us: int,
) -> Alert:
    """A person's step, with what it means for the watch. `until_us`: the end of the pause when the outcome is away.

    Raises NotFoundError, InvalidValueError, ConflictingChangeError (an illegal step); nothing has changed then.
    """
    alert = demand(db, id)
    named = limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    said = limits.text("note", note, limits.NOTE_CHARS_MAX)
    try:
        step = human_step(alert.state, to, outcome=outcome, until_us=until_us, now_us=now_us)
    except IllegalTransitionError as error:
        raise ConflictingChangeError(str(error)) from error
    if step.after is AlertState.OPEN:
        return reopen(db, id, author=author, note=note, now_us=now_us)
    _take(db, alert, step, author=named, note=said, now_us=now_us)
    if step.observed_at_us is not None:
        _visited(db, alert, at_us=step.observed_at_us, by=named)
    if step.paused_until_us is not None:
        pauses.away(db, alert, until_us=step.paused_until_us, reason=said, author=named, now_us=now_us)
    return demand(db, id)


def report(db: Database, id: int, *, report: Report, author: str, note: str, now_us: int) -> Alert:
    """What a visit found that closes nothing: the alert climbs, and the next ones are told at once.

    Nobody has it in hand on the rung it reaches: it waits there as an open one does. Raises NotFoundError,
    InvalidValueError, ConflictingChangeError (it is closed).
    """
    alert = demand(db, id)
    named = limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    said = limits.text("note", note, limits.NOTE_CHARS_MAX)
    if alert.state is AlertState.CLOSED:
        raise ConflictingChangeError(f"{id} 号警报已结束，请先重新打开； alert {id} is closed: reopen it")
    roster, before = Roster(db, now_us=now_us), Rung(alert.rung)
    wanted = rung_after(report, before)
    after = TOP if wanted is TOP else roster.reached(wanted, area=alert.area, person=alert.person) or TOP
    _place(db, roster, alert, AlertState.OPEN, after, now_us)
    change = record(
        db,
        id,
        before=alert.state,
        after=alert.state,
        author=named,
        note=said,
        now_us=now_us,
        report=report,
        rung=after,
    )
    _tell_or_all(roster, alert, NoticeKind.REPORTED, newly_told(before, after), change=change, ready_us=now_us)
    return demand(db, id)


def reopen(db: Database, id: int, *, author: str, note: str, now_us: int) -> Alert:
    """A closed alert needs somebody after all; `note` says why. It stands where it stood, and is told there anew.

    What closed it is taken back: the visit does not count as an observation, the pause never was. Raises
    NotFoundError, InvalidValueError, ConflictingChangeError (it is not closed, or another of the person is not).
    """
    alert = demand(db, id)
    named = limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    said = limits.text("note", note, limits.NOTE_CHARS_MAX, chars_min=1)
    if alert.state is not AlertState.CLOSED:
        raise ConflictingChangeError(f"{id} 号警报没有结束； alert {id} is not closed")
    other = not_closed(db, alert.person)
    if other is not None:
        raise ConflictingChangeError(
            f"同一人的 {other.id} 号警报还没有结束； alert {other.id} of the same person is not closed"
        )
    roster = Roster(db, now_us=now_us)
    rung = roster.reached(Rung(alert.rung), area=alert.area, person=alert.person) or Rung(alert.rung)
    db.execute("UPDATE alerts SET state = ?, outcome = NULL WHERE id = ?", (AlertState.OPEN, id))
    _place(db, roster, alert, AlertState.OPEN, rung, now_us)
    change = record(
        db, id, before=alert.state, after=AlertState.OPEN, author=named, note=said, now_us=now_us, rung=rung
    )
    _take_back(db, alert, author=named, now_us=now_us)
    outbox.settle_alert(db, alert, now_us, kinds=[NoticeKind.RETRACTED])
    told = [Rung(number) for number in range(rung + 1)]
    roster.tell(alert, NoticeKind.REOPENED, told, change=change, ready_us=now_us)
    return demand(db, id)


def observe_person(db: Database, *, person: str, at_us: int, by: str, now_us: int) -> None:
    """A stored sighting that counts: moves the watch, and moves or retracts the person's alert that is not closed."""
    _follow(db, watches.observe_person(db, person=person, at_us=at_us, by=by, now_us=now_us), now_us)


def vouch_for_person(
    db: Database, *, person: str, at_us: int, by: str, now_us: int, kind: Kind = Kind.VISIT, note: str = ""
) -> None:
    """The same for what somebody vouches for, `by` name."""
    moved = watches.vouch(db, person=person, at_us=at_us, by=by, now_us=now_us, kind=kind, note=note)
    _follow(db, moved, now_us)


def recount_person(db: Database, *, person: str, now_us: int) -> None:
    """Stored sightings have got a date, or a better one: last seen is the newest of all that is known now.

    It may lie earlier than before. An alert that was retracted stays closed; the next one is raised when it is due.
    """
    watch, newest = watches.get_by_person(db, person), watches.newest_observation(db, person)
    if watch is None:
        return
    if newest is None:
        if watch.last_seen_us is not None:
            _wind_back(db, watch, None, "")
    elif watch.last_seen_us is None or newest[0] > watch.last_seen_us:
        observe_person(db, person=person, at_us=newest[0], by=newest[1], now_us=now_us)
    elif newest != (watch.last_seen_us, watch.last_seen_by):
        _wind_back(db, watch, *newest)


def _raise(db: Database, roster: Roster, watch: Watch, verdict: Seen, *, together: int, now_us: int) -> Alert:
    rung = roster.reached(Rung.WORKER, area=watch.area, person=watch.person) or Rung.WORKER
    wait_s = roster.wait_s(watch.area, rung)
    place = placed(state=AlertState.OPEN, rung=rung, since_us=now_us, wait_s=wait_s)
    cursor = db.execute(
        "INSERT INTO alerts (person, due_us, raised_us, last_seen_us, last_seen_by, state, rung, climb_us, verdict)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            watch.person,
            watch.due_us,
            now_us,
            watch.last_seen_us,
            watch.last_seen_by,
            AlertState.OPEN,
            rung,
            place.climb_us,
            verdict,
        ),
    )
    assert cursor.lastrowid is not None
    alert = demand(db, cursor.lastrowid)
    change = record(db, alert.id, before=None, after=AlertState.OPEN, author=WATCH, note="", now_us=now_us, rung=rung)
    ready_us = storm.ready_us(verdict, together=together, now_us=now_us)
    roster.tell(alert, NoticeKind.RAISED, [rung], change=change, ready_us=ready_us)
    return alert


def _climb(db: Database, roster: Roster, alert: Alert, *, together: int, now_us: int) -> None:
    before = Rung(alert.rung)
    after = roster.reached(next_rung(before), area=alert.area, person=alert.person) or TOP
    _place(db, roster, alert, alert.state, after, now_us)
    change = 0
    if before is not TOP:  # told again on the last rung, it has not changed
        change = record(
            db,
            alert.id,
            before=alert.state,
            after=alert.state,
            author=WATCH,
            note="",
            now_us=now_us,
            rung=after,
        )
    kind = NoticeKind.REMINDED if before is TOP else NoticeKind.CLIMBED
    ready_us = storm.ready_us(alert.verdict, together=together, now_us=now_us)
    _tell_or_all(roster, alert, kind, newly_told(before, after), change=change, ready_us=ready_us)


def _tell_or_all(
    roster: Roster, alert: Alert, kind: NoticeKind, rungs: tuple[Rung, ...], *, change: int, ready_us: int
) -> None:
    """Tells those who hear of it now; when nobody is there, everybody who is anywhere hears of it again."""
    if not roster.tell(alert, kind, rungs, change=change, ready_us=ready_us):
        again = NoticeKind.REMINDED if kind is NoticeKind.CLIMBED else kind
        roster.tell(alert, again, Rung, change=change, ready_us=ready_us)


def _place(db: Database, roster: Roster, alert: Alert, state: AlertState, rung: Rung, now_us: int) -> None:
    place = placed(state=state, rung=rung, since_us=now_us, wait_s=roster.wait_s(alert.area, rung))
    db.execute("UPDATE alerts SET rung = ?, climb_us = ? WHERE id = ?", (place.rung, place.climb_us, alert.id))


def _take_back(db: Database, alert: Alert, *, author: str, now_us: int) -> None:
    if alert.outcome in OBSERVES and signs.withdraw_visits(db, alert, author=author, now_us=now_us):
        recount_person(db, person=alert.person, now_us=now_us)
    elif alert.outcome is Outcome.AWAY:
        pauses.take_back(db, alert, author=author, now_us=now_us)


def _wind_back(db: Database, watch: Watch, at_us: int | None, by: str) -> None:
    wound = watches.wind_back(db, watch, last_seen_us=at_us, last_seen_by=by)
    alert = not_closed(db, watch.person)
    if alert is not None:
        _see(db, alert, wound)


def _follow(db: Database, moved: tuple[Watch, Verdict] | None, now_us: int) -> None:
    if moved is None:
        return
    watch, verdict = moved
    alert = not_closed(db, watch.person)
    if alert is None:
        return
    _see(db, alert, watch)
    if verdict.retracts:
        _retract(db, alert, note=f"seen by {watch.last_seen_by}", now_us=now_us)


def _retract(db: Database, alert: Alert, *, note: str, now_us: int) -> None:
    """Whoever has heard of it hears that at once; so does whoever it was meant for, when somebody has it in hand."""
    told = outbox.told(db, alert, or_waiting=alert.state is not AlertState.OPEN)
    change = _take(db, alert, retraction(alert.state), author=WATCH, note=note, now_us=now_us)
    for who in told:
        tell(db, alert, NoticeKind.RETRACTED, who, change=change, now_us=now_us, ready_us=now_us)


def _visited(db: Database, alert: Alert, *, at_us: int, by: str) -> None:
    moved = watches.vouch(db, person=alert.person, at_us=at_us, by=by, now_us=at_us)
    if moved is not None:
        _see(db, alert, moved[0])


def _see(db: Database, alert: Alert, watch: Watch) -> None:
    db.execute(
        "UPDATE alerts SET last_seen_us = ?, last_seen_by = ? WHERE id = ?",
        (watch.last_seen_us, watch.last_seen_by, alert.id),
    )


def _take(db: Database, alert: Alert, step: Step, *, author: str, note: str, now_us: int) -> int:
    db.execute("UPDATE alerts SET state = ?, outcome = ? WHERE id = ?", (step.after, step.outcome, alert.id))
    _place(db, Roster(db, now_us=now_us), alert, step.after, Rung(alert.rung), now_us)
    if step.after is AlertState.CLOSED:
        outbox.settle_alert(db, alert, now_us, kinds=NEEDS)
    else:
        outbox.settle_alert(db, alert, now_us)
    return record(
        db,
        alert.id,
        before=step.before,
        after=step.after,
        author=author,
        note=note,
        now_us=now_us,
        outcome=step.outcome,
    )
