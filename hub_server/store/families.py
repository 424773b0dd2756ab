"""A household's file (家庭档案): what was seen of its people and vehicles, who was looked for, who came by."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from sqlite_utils import Database

from hub_server.store import alert_rows, limits, traffic
from hub_server.store.rows import Alert
from hub_server.store.traffic import Passage, Wanted
from hub_server.watch.observation import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What somebody vouched for: a visit, a call, a check-in."""

    id: int
    person: str
    person_name: str
    kind: Kind
    at_us: int
    author: str
    note: str


def alerts(db: Database, household: int, *, limit: int) -> list[Alert]:
    """Of whoever belongs to it now, the newest first."""
    sql = (
        "SELECT a.id FROM alerts a JOIN people p ON p.id = a.person"
        " WHERE p.household = ? AND p.removed_us IS NULL ORDER BY a.id DESC LIMIT ?"
    )
    found = db.execute(sql, [household, limits.page_rows(limit)]).fetchall()
    return [alert_rows.demand(db, row[0]) for row in found]


def visits(db: Database, household: int, *, limit: int) -> list[Visit]:
    """The newest first, without those that were withdrawn."""
    sql = (
        "SELECT o.id, o.person, p.name AS person_name, o.kind, o.at_us, o.author, o.note"
        " FROM observations o JOIN people p ON p.id = o.person WHERE p.household = ? AND p.removed_us IS NULL"
        " AND o.withdrawn_us IS NULL AND o.kind <> 'given' ORDER BY o.at_us DESC, o.id DESC LIMIT ?"
    )
    rows = db.query(sql, [household, limits.page_rows(limit)])
    return [Visit(**{**row, "kind": Kind(row["kind"])}) for row in rows]


def passages(db: Database, *, people: Iterable[str], plates: Iterable[str], limit: int) -> list[Passage]:
    """Of these people and vehicles in one list, the newest first."""
    wanted = chain((Wanted(person=one) for one in people), (Wanted(plate=one) for one in plates))
    found = {row.id: row for one in wanted for row in traffic.page(db, one, before=None, limit=limit)}
    return sorted(found.values(), key=lambda row: (row.at_us, row.id), reverse=True)[:limit]
