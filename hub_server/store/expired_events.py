"""Which events are old enough to go, and their going.

Nothing goes that an alert or a watch stands on: the sightings of somebody with a watch or an open alert from two weeks
before they were last seen (they tell which cameras usually see them), what those cameras did since, and the passage of
the own vehicle that was somebody's last sign of life.

An event holds a place of its device's journal. Where it goes, `journals.kept_from` moves behind it in the same
transaction: below that place a missing event was deleted, and one that comes again is a duplicate, not a conflict.
The hours that count passages stay: they name nobody.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store.retention import DataClass
from hub_server.watch.coverage import USUAL_US

# A conflict is about two events, and is looked into with both.
_DISPUTED: Final = """
    EXISTS (SELECT 1 FROM conflicts c WHERE c.device = e.device AND c.epoch = e.epoch
        AND c.seq BETWEEN e.seq AND e.last_seq)
"""
_LAST_SEEN: Final = """
    min(coalesce(w.last_seen_us, w.created_us), coalesce((SELECT min(coalesce(a.last_seen_us, a.due_us)) FROM alerts a
        WHERE a.person = w.person AND a.state <> 'closed'), w.last_seen_us, w.created_us))
"""
_SIGHTING_NEEDED: Final = f"""
    EXISTS (SELECT 1 FROM watches w WHERE w.person = e.person
        AND CASE WHEN w.active OR w.alerted
            THEN coalesce(e.captured_us, e.received_us) >= {_LAST_SEEN} - {USUAL_US}
            ELSE e.captured_us = w.last_seen_us END)
"""  # noqa: S608 our own words
_VEHICLE_NEEDED: Final = """
    EXISTS (SELECT 1 FROM own_vehicle_signs s JOIN watches w ON w.person = s.person
        WHERE s.event = e.id AND s.at_us >= w.last_seen_us)
"""
# Of all cameras: which of them usually see the person is known from sightings, and few alerts stay open for so long.
_WATCHING_NEEDED: Final = """
    coalesce((SELECT o.ended_us FROM observing o WHERE o.event = e.id), e.received_us)
        >= (SELECT min(coalesce(a.last_seen_us, a.due_us)) FROM alerts a WHERE a.state <> 'closed')
"""
_DISMISSED: Final = """
    EXISTS (SELECT 1 FROM quarantine_steps q WHERE q.event = e.id AND q.step = 'dismissed' AND q.at_us < :before)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRule:
    """Events that may go. `over`: SQL over an event `e` and :before, beside its age."""

    over: str

    def find(self, db: Database, *, before_us: int, limit: int) -> list[int]:
        """Ids of events that may go now, at most `limit`, in order. For a reader."""
        sql = f"SELECT e.id FROM events e INDEXED BY events_received WHERE {self._may_go} LIMIT :limit"  # noqa: S608 our own words
        return sorted(row[0] for row in db.execute(sql, {"before": before_us, "limit": limit}))

    def delete(self, db: Database, keys: Sequence[int | str], *, before_us: int) -> int:
        """Those of them that still may go are gone, with all that was read in them; how many events."""
        given: dict[str, Any] = {"ids": json.dumps(list(keys)), "before": before_us}
        going = db.execute(
            "SELECT e.id, e.device, e.epoch, e.last_seq FROM events e"  # noqa: S608 our own words
            f" WHERE e.id IN (SELECT value FROM json_each(:ids)) AND {self._may_go}",
            given,
        ).fetchall()
        ids = json.dumps([row[0] for row in going])
        for table in ("observing", "plate_passages", "corrections", "quarantine_steps"):
            db.execute(f"DELETE FROM {table} WHERE event IN (SELECT value FROM json_each(?))", [ids])  # noqa: S608 as above
        db.execute("UPDATE pass_sheets SET event = NULL WHERE event IN (SELECT value FROM json_each(?))", [ids])
        db.execute("DELETE FROM events WHERE id IN (SELECT value FROM json_each(?))", [ids])
        _move_kept_from(db, going)
        return len(going)

    @property
    def _may_go(self) -> str:
        return f"e.received_us < :before AND NOT {_DISPUTED} AND {self.over}"


def _move_kept_from(db: Database, going: Sequence[Any]) -> None:
    behind: dict[tuple[str, str], int] = {}
    for _, device, epoch, last_seq in going:
        behind[device, epoch] = max(behind.get((device, epoch), 0), last_seq + 1)
    for (device, epoch), place in behind.items():
        db.execute(
            "UPDATE journals SET kept_from = max(kept_from, ?) WHERE device = ? AND epoch = ?", (place, device, epoch)
        )


_LISTED: Final = "EXISTS (SELECT 1 FROM plate_passages p WHERE p.event = e.id AND p.listed NOT NULL)"

EVENT_RULES: Final[dict[DataClass, EventRule]] = {
    DataClass.STRANGERS: EventRule(over="e.type = 'passage' AND e.person IS NULL"),
    DataClass.PEOPLE: EventRule(over=f"e.type = 'passage' AND e.person NOT NULL AND NOT {_SIGHTING_NEEDED}"),
    DataClass.PLATES_LISTED: EventRule(over=f"e.type = 'plate_read' AND {_LISTED} AND NOT {_VEHICLE_NEEDED}"),
    DataClass.PLATES_OTHERS: EventRule(over=f"e.type = 'plate_read' AND NOT {_LISTED}"),
    DataClass.WATCHING: EventRule(
        over=f"e.type IN ('observing', 'clock_anchor') AND coalesce(NOT ({_WATCHING_NEEDED}), 1)"
    ),
    DataClass.PROOFS: EventRule(over="e.type = 'pass_sheet'"),
    DataClass.LOSSES: EventRule(
        over="e.type NOT IN ('passage', 'plate_read', 'observing', 'clock_anchor', 'pass_sheet', 'quarantined')"
    ),
    DataClass.SETTLED: EventRule(over=f"e.type = 'quarantined' AND {_DISMISSED}"),
}
