"""What must hold in every store, asked of its rows. Reads only."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlite_utils import Database

from hub_server.store import audit_reading
from hub_server.store.migrations import unknown_steps
from hub_server.store.verify_sync import SYNC_CHECKS, Findings
from hub_server.store.verify_watch import WATCH_CHECKS
from hub_server.watch.states import TRANSITIONS, AlertState

_TOLD_MAX = 5  # of many mistakes these are named


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that must hold. `detail`: what was looked at, or what is wrong."""

    name: str
    ok: bool
    detail: str


def checks(db: Database) -> list[Check]:
    """Every check, each on its own: one that cannot even be asked has failed."""
    return [_check(name, find, db) for name, find in _CHECKS.items()]


def _check(name: str, find: Callable[[Database], Findings], db: Database) -> Check:
    try:
        looked_at, wrong = find(db)
    except sqlite3.Error as error:
        return Check(name=name, ok=False, detail=str(error))
    if not wrong:
        return Check(name=name, ok=True, detail=looked_at)
    more = f" and {len(wrong) - _TOLD_MAX} more" if len(wrong) > _TOLD_MAX else ""
    return Check(name=name, ok=False, detail="; ".join(wrong[:_TOLD_MAX]) + more)


def _schema(db: Database) -> Findings:
    return "every step is known", [f"unknown step {step}" for step in unknown_steps(db)]


def _integrity(db: Database) -> Findings:
    said = [row[0] for row in db.execute("PRAGMA integrity_check(100)")]
    return "every page and index", [] if said == ["ok"] else said


def _foreign_keys(db: Database) -> Findings:
    broken = db.execute("PRAGMA foreign_key_check").fetchall()
    return "every reference", [f"{table} row {row} names no {parent}" for table, row, parent, _ in broken]


def _places(db: Database) -> Findings:
    """Below `kept_from`, where retention has been, rows may be missing; nowhere else."""
    kept_from = "kept_from" if "kept_from" in db.table("journals").columns_dict else "1"
    journals = {
        (device, epoch): (kept, high, high_hash)
        for device, epoch, kept, high, high_hash in db.execute(
            f"SELECT device, epoch, {kept_from}, high, high_hash FROM journals"  # noqa: S608 our own names
        )
    }
    wrong: list[str] = []
    rows = db.execute("SELECT device, epoch, seq, last_seq, hash, raw FROM events ORDER BY device, epoch, seq")
    for key, places in groupby(rows, key=lambda row: (row[0], row[1])):
        wrong += _gaps(f"{key[0]}/{key[1][:8]}", places, *journals.pop(key, (1, 0, None)))
    wrong += [
        f"{key[0]}/{key[1][:8]}: high is {high}, nothing is stored"
        for key, (kept, high, _) in journals.items()
        if high >= kept
    ]
    return "no gap but where retention has been, and the last of each journal is its high", wrong


def _gaps(journal: str, places: Iterator[Any], kept: int, high: int, high_hash: str | None) -> list[str]:
    wrong, last, last_hash = [], 0, None
    for _, _, seq, last_seq, digest, raw in places:
        if seq != last + 1 and (seq <= last or seq > kept):
            wrong.append(f"{journal}: {seq} follows {last}")
        if raw and hashlib.sha256(raw).hexdigest() != digest:  # what was erased has no bytes any more
            wrong.append(f"{journal}: the bytes at {seq} are not those of its hash")
        last, last_hash = last_seq, digest
    if kept > high + 1:
        wrong.append(f"{journal}: deleted up to {kept - 1}, high is {high}")
    elif kept <= high and (last, last_hash) != (high, high_hash):
        wrong.append(f"{journal}: stored up to {last}, high is {high}" if last != high else f"{journal}: another hash")
    return wrong


def _one_alert(db: Database) -> Findings:
    many = db.execute(
        "SELECT person, count(*) FROM alerts NOT INDEXED WHERE state <> 'closed' GROUP BY person HAVING count(*) > 1"
    )
    return "at most one that is not closed for each person", [f"{person}: {n} not closed" for person, n in many]


def _faces(db: Database) -> Findings:
    if not db.table("templates").exists():
        return "none in a store of this age", []
    orphans = db.execute(
        "SELECT person FROM templates t WHERE NOT EXISTS ("
        "SELECT 1 FROM consents c WHERE c.person = t.person AND c.withdrawn_us IS NULL)"
    )
    return "nobody is enrolled who has not agreed", [f"{row[0]} is enrolled and agrees to nothing" for row in orphans]


def _histories(db: Database) -> Findings:
    ends = {row[0]: (row[1], row[2]) for row in db.execute("SELECT id, state, outcome FROM alerts")}
    wrong: list[str] = []
    stays = "report NOT NULL OR rung NOT NULL" if "report" in db.table("alert_changes").columns_dict else "0"
    rows = db.execute(
        f"SELECT alert, before, after, outcome, {stays} FROM alert_changes ORDER BY alert, id"  # noqa: S608 our own words
    )
    for alert, steps in groupby(rows, key=lambda row: row[0]):
        mistake = _illegal(list(steps), ends.pop(alert, None))
        wrong += [f"alert {alert}: {mistake}"] if mistake else []
    return "every step was allowed, and leads to where the alert is", wrong + [f"alert {alert}: none" for alert in ends]


def _illegal(steps: list[Any], end: tuple[str, str | None] | None) -> str | None:
    state: str | None = None
    for _, before, after, _, stays in steps:
        allowed = after == AlertState.OPEN if state is None else after in TRANSITIONS[AlertState(state)]
        allowed = allowed or bool(stays and after == state and after != AlertState.CLOSED)
        if before != state or not allowed:
            return f"from {before or 'nothing'} to {after}"
        state = after
    return None if end == (state, steps[-1][3]) else f"its history ends with {state}, it is {end}"


def _audit(db: Database) -> Findings:
    if not db.table("audit").exists():
        return "none in a store of this age", []
    found = audit_reading.verify(db)
    broken = found.broken
    return f"the chain of {found.rows} rows holds", [] if broken is None else [f"row {broken.id}: {broken.why}"]


_CHECKS: dict[str, Callable[[Database], Findings]] = {
    "schema": _schema,
    "integrity": _integrity,
    "foreign keys": _foreign_keys,
    "places": _places,
    "open alerts": _one_alert,
    "faces": _faces,
    "alert histories": _histories,
    "audit": _audit,
    **SYNC_CHECKS,
    **WATCH_CHECKS,
}
