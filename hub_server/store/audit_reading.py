"""The audit as somebody reads it: whether its chain holds, and rows by who, what, whom and when."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.audit import FORGET, FORGOTTEN, GENESIS, Head, digest_of, head, last_cut, link
from hub_server.store.reach import EVERYWHERE, Reach, condition

TAIL_ROWS: Final = 2000
"""Of the newest rows a page looks at so many; `hub-server audit verify` looks at all."""


class Why(StrEnum):
    """What is wrong with a row."""

    PAYLOAD = "payload"  # what it says was edited
    CHAIN = "chain"  # its time, its actor, its digest or its place was
    COPY = "copy"  # what a search finds it by is not what its payload says
    GAP = "gap"  # a row before it is gone
    START = "start"  # the oldest rows are gone, and the chain does not say so
    CUT = "cut"  # rows behind it are gone
    HEAD = "head"  # it is not the row that was there when its head was exported: the chain was made anew
    BLANKED = "blanked"  # more rows are blank than people's erasures have blanked


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """The first row that does not hold."""

    id: int
    why: Why


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What was looked at. `broken` None: it holds, as far as somebody looked."""

    first: int  # the oldest row looked at; 0: there is none
    rows: int
    forgotten: int  # of them: blank since a person was erased
    head: Head
    broken: Broken | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """Who did what about whom. `forgotten`: it was about somebody who is erased, and says nothing more."""

    id: int
    at_us: int
    actor: str
    action: str
    subject: str | None
    detail: Mapping[str, Any]
    forgotten: bool


_ID_END: Final = 2**63 - 1  # above every row's id
_RARE_MAX: Final = 10_000
_COLUMNS: Final = "id, at_us, actor, action, subject, salt, payload, digest, chain"


def verify(db: Database, *, known: Iterable[Head] = (), since: Head | None = None) -> Verified:
    """Every row, or those behind `since`, in order. `known`: heads that were exported before."""
    walk = _Walk(db, known=known, since=since)
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE id >= ? ORDER BY id",  # noqa: S608 names of columns
        [0 if since is None else since.id],
    )
    broken = next(walk.broken_rows(rows), None) or walk.broken_end()
    return Verified(first=walk.first, rows=walk.rows, forgotten=walk.forgotten, head=head(db), broken=broken)


def verify_tail(db: Database, *, rows: int = TAIL_ROWS) -> Verified:
    """The newest ones: cheap enough for a page."""
    end = head(db)
    row = db.execute(
        "SELECT id, at_us, chain FROM audit WHERE id <= ? ORDER BY id DESC LIMIT 1", [end.id - rows]
    ).fetchone()
    return verify(db, since=None if row is None else Head(id=row[0], at_us=row[1], chain=bytes(row[2])))


class _Walk:
    """One look from row to row. A row is (id, at_us, actor, action, subject, salt, payload, digest, chain)."""

    def __init__(self, db: Database, *, known: Iterable[Head], since: Head | None) -> None:
        self._db = db
        self._known: dict[int, set[bytes]] = {}
        for one in known:
            if one.id > 0:
                self._known.setdefault(one.id, set()).add(one.chain)
        self._since = since
        self._cut = last_cut(db) if since is None else None
        self._is_whole = since is None
        self._told_forgotten = 0
        self.first = self.last = self.rows = self.forgotten = 0
        self._chain: bytes | None = GENESIS

    def broken_rows(self, rows: Iterable[Any]) -> Iterator[Broken]:
        for row in rows:
            why = self._why_first(row) if self.rows == 0 else self._why(row)
            self.rows += 1
            self.last, self._chain = row[0], bytes(row[8])
            if why is not None:
                yield Broken(id=row[0], why=why)

    def broken_end(self) -> Broken | None:
        """What no row by itself can show: that some behind the last are gone, or that too many are blank."""
        known_last = max(self._known, default=0)
        written = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
        if self.last < max(known_last, 0 if written is None else written[0]):
            return Broken(id=self.last, why=Why.CUT)
        if self._is_whole and self.forgotten > self._told_forgotten:
            return Broken(id=self.last, why=Why.BLANKED)
        return None

    def _why_first(self, row: Any) -> Why | None:
        self.first = row[0]
        if self._since is not None:
            if row[0] != self._since.id:
                return Why.GAP
            return None if bytes(row[8]) == self._since.chain else Why.HEAD
        if row[0] > 1:
            if self._cut is None or row[0] > self._cut[0]:
                return Why.START
            # Rows below the cut may still be there: the job goes on with them. The cut vouches for the last of them.
            self._chain = self._cut[1] if row[0] == self._cut[0] else None
        return self._why_row(row)

    def _why(self, row: Any) -> Why | None:
        return Why.GAP if row[0] != self.last + 1 else self._why_row(row)

    def _why_row(self, row: Any) -> Why | None:
        number, at_us, actor, action, subject, salt, payload, digest, chain = row
        if payload is None:
            self.forgotten += 1
            if (action, subject) != (FORGOTTEN, None):
                return Why.COPY
        elif digest_of(bytes(salt), bytes(payload)) != bytes(digest):
            return Why.PAYLOAD
        if self._chain is not None and link(self._chain, digest=bytes(digest), at_us=at_us, actor=actor) != bytes(
            chain
        ):
            return Why.CHAIN
        if self._known.get(number, set()) - {bytes(chain)}:
            return Why.HEAD
        if self._cut is not None and number == self._cut[0] - 1 and bytes(chain) != self._cut[1]:
            return Why.CHAIN
        return None if payload is None else self._why_copy(action, subject, bytes(payload))

    def _why_copy(self, action: str, subject: str | None, payload: bytes) -> Why | None:
        said = msgspec.json.decode(payload)
        if (said["action"], said["subject"]) != (action, subject):
            return Why.COPY
        if action == FORGET:
            self._told_forgotten += said["detail"]["rows"]
        return None


def page(
    db: Database,
    *,
    before: int | None,
    limit: int,
    actor: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    from_us: int | None = None,
    until_us: int | None = None,
    reach: Reach = EVERYWHERE,
) -> list[AuditRow]:
    """The newest first, below the id `before`. `actor`, `action`, `subject`: how they begin.

    With a `reach` that is not everywhere: rows about a person, a watch, an alert, a device, a household or a vehicle
    within it. What is about nobody, and what was forgotten, is shown to those alone who may look everywhere.
    """
    values: dict[str, Any] = {"before": _ID_END if before is None else before, "reach": reach.value}
    tests = []
    for column, begins in (("actor", actor), ("action", action), ("subject", subject)):
        if begins:
            values |= {column: begins, f"{column}_end": begins + chr(0x10FFFF)}
            tests.append(f"{column} >= :{column} AND {column} < :{column}_end")
    if from_us is not None or until_us is not None:
        values |= {"from_us": from_us or 0, "until_us": _ID_END if until_us is None else until_us}
        tests.append("at_us >= :from_us AND at_us < :until_us")
    rare = min((found for test in tests if (found := _rare(db, test, values)) is not None), key=len, default=None)
    # From the newest on, not by an index that finds half of all and has them sorted.
    where = ["id < :before", *(f"+{test.replace(' AND ', ' AND +')}" for test in tests)]
    if rare is not None:
        values["ids"] = json.dumps(rare)
        where.append("id IN (SELECT value FROM json_each(:ids))")
    if reach.areas is not None:
        where.append(f"({_REACHED})")
    rows = db.query(
        f"SELECT {_COLUMNS} FROM audit WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT :limit",  # noqa: S608 our own words
        {**values, "limit": limits.page_rows(limit)},
    )
    return [_row(row) for row in rows]


def _rare(db: Database, test: str, values: dict[str, Any]) -> list[int] | None:
    """The rows that one condition finds by its index, when they are few; None: many, so the newest are soon found."""
    rows = db.execute(f"SELECT id FROM audit WHERE {test} LIMIT {_RARE_MAX + 1}", values).fetchall()  # noqa: S608 ours
    return None if len(rows) > _RARE_MAX else [row[0] for row in rows]


def _row(row: dict[str, Any]) -> AuditRow:
    payload = row["payload"]
    return AuditRow(
        id=row["id"],
        at_us=row["at_us"],
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
        detail={} if payload is None else msgspec.json.decode(payload)["detail"],
        forgotten=payload is None,
    )


def _about(kind: str, rows: str) -> str:
    return f"(subject LIKE '{kind}/%' AND EXISTS ({rows} = substr(subject, {len(kind) + 2}) AND {_WITHIN}))"


_WITHIN: Final = condition("x.area", "x.grid")
_REACHED: Final = " OR ".join(
    (
        _about("person", "SELECT 1 FROM people x WHERE x.id"),
        _about("watch", "SELECT 1 FROM watch_rows x WHERE CAST(x.id AS TEXT)"),
        _about("alert", "SELECT 1 FROM alert_rows x WHERE CAST(x.id AS TEXT)"),
        _about("device", "SELECT 1 FROM devices x WHERE x.id"),
        _about("household", "SELECT 1 FROM households x WHERE CAST(x.id AS TEXT)"),
        _about("vehicle", "SELECT 1 FROM vehicle_rows x WHERE CAST(x.id AS TEXT)"),
    )
)
