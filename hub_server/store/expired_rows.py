"""Which rows are old enough to go, table by table, and what goes with them. Events have a module of their own.

Nothing goes that an alert or a watch stands on: the visit or the pause that "last seen" and the due time come from, an
alert of which something is still told, a vehicle whose passage was somebody's last sign of life.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store.retention import DataClass

# Notices that nobody waits for, of what is over.
_TOLD: Final = """
    t.created_us < :before
    AND (t.settled_us NOT NULL OR EXISTS (SELECT 1 FROM messages m WHERE m.id = t.message AND m.sent_us NOT NULL))
    AND (t.alert IS NULL OR EXISTS (SELECT 1 FROM alerts a WHERE a.id = t.alert AND a.state = 'closed'))
    AND (t.alarm IS NULL OR EXISTS (SELECT 1 FROM alarms a WHERE a.id = t.alarm AND a.cleared_us NOT NULL))
    AND (t.pause IS NULL OR EXISTS (SELECT 1 FROM pauses p WHERE p.id = t.pause AND p.until_us < :before))
"""
_ALERTS_OVER: Final = """
    t.state = 'closed' AND t.raised_us < :before
    AND NOT EXISTS (SELECT 1 FROM alert_changes c WHERE c.alert = t.id AND c.at_us >= :before)
    AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.alert = t.id)
    AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.alert = t.id)
"""
# The newest sign of life of somebody with a watch is what it counts from.
_VISITS_OVER: Final = """
    t.created_us < :before AND NOT EXISTS (SELECT 1 FROM watches w
        WHERE w.person = t.person AND t.withdrawn_us IS NULL AND t.at_us >= w.last_seen_us)
"""
# What ends after somebody was last seen moves their due time; the last one is what the watch calls its pause.
_PAUSES_OVER: Final = """
    min(t.until_us, coalesce(t.ended_us, t.until_us)) < :before
    AND NOT EXISTS (SELECT 1 FROM watches w WHERE w.person = t.person
        AND (min(t.until_us, coalesce(t.ended_us, t.until_us)) >= coalesce(w.last_seen_us, w.created_us)
            OR min(t.until_us, coalesce(t.ended_us, t.until_us)) = w.paused_until_us))
    AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.pause = t.id)
"""
_VEHICLES_GONE: Final = """
    t.removed_us < :before AND NOT EXISTS (SELECT 1 FROM watches w
        WHERE w.person = t.person AND w.last_seen_by LIKE 'vehicle: %' AND w.last_seen_us <= t.removed_us)
"""
_HOUSEHOLDS_GONE: Final = """
    t.removed_us < :before AND NOT EXISTS (SELECT 1 FROM people p WHERE p.household = t.id)
    AND NOT EXISTS (SELECT 1 FROM vehicles v WHERE v.household = t.id)
"""
_SETTLED: Final = """
    t.received_us < :before AND EXISTS (SELECT 1 FROM conflicts_settled s
        WHERE s.conflict = t.id AND s.at_us < :before)
"""
# The newest of a device says what it is worth now, however old it is; its picture has gone with the event.
_PROOF_REPLACED: Final = """
    t.received_us < :before AND t.event IS NULL
    AND EXISTS (SELECT 1 FROM pass_sheets n WHERE n.device = t.device AND n.id > t.id)
"""
# An anchor dates what its boot stamped without a right clock; when none of that is left, nobody needs it.
_DATES_NOTHING: Final = """
    t.wall_us < :before
    AND NOT EXISTS (SELECT 1 FROM events e WHERE e.device = t.device AND e.boot = t.boot AND e.synced = 0)
    AND NOT EXISTS (SELECT 1 FROM observing o WHERE o.device = t.device AND o.boot = t.boot AND o.synced = 0)
"""
_TOLD_BY_NO_EVENT: Final = """
    device || ' ' || boot NOT IN (SELECT e.device || ' ' || e.boot FROM events e
        WHERE e.type = 'clock_anchor' AND e.boot NOT NULL)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RowRule:
    """Rows of `table` that may go. `over`: SQL over a row `t` and :before. Statements take :ids, a JSON list of keys.

    `first`: deletes what refers to the rows, before them. `noted`: gives keys before the rows go, and `after` deletes
    those of :noted to which nothing refers any more. `still`: what is asked again in the transaction, when the whole
    of `over` would take too long there.
    """

    table: str
    over: str
    key: str = "id"
    first: tuple[str, ...] = ()
    noted: str = ""
    after: str = ""
    still: str = ""

    def find(self, db: Database, *, before_us: int, limit: int) -> list[int | str]:
        """Keys of rows that may go now, at most `limit`. For a reader."""
        sql = f"SELECT {self.key} FROM {self.table} t WHERE {self.over} LIMIT :limit"  # noqa: S608 our own words
        return [row[0] for row in db.execute(sql, {"before": before_us, "limit": limit})]

    def delete(self, db: Database, keys: Sequence[int | str], *, before_us: int) -> int:
        """Those of them that still may go are gone; how many rows of the table."""
        given: dict[str, Any] = {"ids": json.dumps(list(keys)), "before": before_us}
        sql = (
            f"SELECT {self.key} FROM {self.table} t"  # noqa: S608 our own words
            f" WHERE {self.key} IN (SELECT value FROM json_each(:ids)) AND {self.still or self.over}"
        )
        may_go = json.dumps([row[0] for row in db.execute(sql, given)])
        noted = json.dumps([row[0] for row in db.execute(self.noted, {"ids": may_go})] if self.noted else [])
        for statement in self.first:
            db.execute(statement, {"ids": may_go})
        cursor = db.execute(
            f"DELETE FROM {self.table} WHERE {self.key} IN (SELECT value FROM json_each(:ids))",  # noqa: S608 as above
            {"ids": may_go},
        )
        if self.after:
            db.execute(self.after, {"noted": noted})
        return int(cursor.rowcount)


def _of(table: str, column: str) -> str:
    return f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(:ids))"  # noqa: S608 our own names


def _histories(kind: str) -> str:
    return f"DELETE FROM field_changes WHERE subject IN (SELECT '{kind}/' || value FROM json_each(:ids))"  # noqa: S608 as above


ROW_RULES: Final[dict[DataClass, tuple[RowRule, ...]]] = {
    DataClass.MESSAGES: (
        RowRule(
            table="notices",
            over=_TOLD,
            noted="SELECT DISTINCT message FROM notices WHERE message NOT NULL"
            " AND id IN (SELECT value FROM json_each(:ids))",
            after="DELETE FROM messages WHERE id IN (SELECT value FROM json_each(:noted))"
            " AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.message = messages.id)",
        ),
        RowRule(
            table="alarms",
            over="t.cleared_us < :before AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.alarm = t.id)",
        ),
    ),
    DataClass.VISITS: (
        RowRule(table="observations", over=_VISITS_OVER),
        RowRule(table="pauses", over=_PAUSES_OVER),
    ),
    DataClass.ALERTS: (RowRule(table="alerts", over=_ALERTS_OVER, first=(_of("alert_changes", "alert"),)),),
    DataClass.WATCHING: (
        RowRule(
            table="clock_anchors",
            key="device || ' ' || boot",
            over=f"{_DATES_NOTHING} AND {_TOLD_BY_NO_EVENT}",
            still=_DATES_NOTHING,
        ),
    ),
    DataClass.PROOFS: (RowRule(table="pass_sheets", over=_PROOF_REPLACED),),
    # A command is a line of the audit, too; what it brought is in nobody's memory by then.
    DataClass.LOSSES: (
        RowRule(table="commands", over="t.asked_us < :before AND t.outcome NOT NULL"),
        RowRule(table="command_refusals", over="t.at_us < :before"),
    ),
    DataClass.CONSENTS: (RowRule(table="consents", over="t.withdrawn_us < :before"),),
    DataClass.HISTORIES: (RowRule(table="field_changes", over="t.at_us < :before"),),
    DataClass.SETTLED: (RowRule(table="conflicts", over=_SETTLED, first=(_of("conflicts_settled", "conflict"),)),),
    DataClass.REMOVED: (
        RowRule(
            table="vehicles",
            over=_VEHICLES_GONE,
            first=(
                _of("vehicle_changes", "vehicle"),
                _of("vehicle_placements", "vehicle"),
                _histories("vehicle"),
            ),
        ),
        RowRule(table="households", over=_HOUSEHOLDS_GONE, first=(_histories("household"),)),
    ),
    DataClass.IMPORTS_WAITING: (RowRule(table="imports", over="t.applied_us IS NULL AND t.created_us < :before"),),
    DataClass.IMPORTS_APPLIED: (RowRule(table="imports", over="t.applied_us < :before"),),
    DataClass.LOGINS: (
        RowRule(table="sessions", key="sha256", over="t.expires_us < :before"),
        RowRule(table="login_codes", key="sha256", over="t.expires_us < :before"),
        RowRule(table="known_browsers", key="sha256", over="t.expires_us < :before"),
        RowRule(table="login_tries", key="subject", over="t.last_us < :before"),
    ),
}
"""Tables that other tables of the same class refer to come after them."""


def removed_people(db: Database, *, before_us: int, limit: int) -> list[str]:
    """Who was removed so long ago; their erasure is custody's part, keys and devices and all."""
    sql = "SELECT id FROM people WHERE removed_us < ? ORDER BY removed_us, id LIMIT ?"
    return [row[0] for row in db.execute(sql, (before_us, limit))]
