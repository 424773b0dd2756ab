"""How well notices get out, for whoever watches the hub: no word of what they say or to whom."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.outbox import Message
from hub_server.watch.due import US_PER_S

_OLDEST_MESSAGE: Final = (
    "SELECT min(created_us), count(*) FILTER (WHERE tries > 0) FROM messages INDEXED BY messages_next"
    " WHERE next_us NOT NULL AND sent_us IS NULL"
)
_OLDEST_NOTICE: Final = (
    "SELECT ready_us FROM notices INDEXED BY notices_waiting"
    " WHERE message IS NULL AND settled_us IS NULL AND ready_us <= ? ORDER BY ready_us LIMIT 1"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What should be out and is not."""

    unsent_age_s: float | None  # of the oldest notice; None: everything is out
    failing: int  # messages that were tried and are not out


def backlog(db: Database, *, now_us: int) -> Backlog:
    """Looks at what waits only, however much was ever sent."""
    message_us, failing = db.execute(_OLDEST_MESSAGE).fetchone()
    notice = db.execute(_OLDEST_NOTICE, [now_us]).fetchone()
    since_us = min((us for us in (message_us, notice and notice[0]) if us is not None), default=None)
    age_s = None if since_us is None else max(0, now_us - since_us) / US_PER_S
    return Backlog(unsent_age_s=age_s, failing=failing)


def recovered(db: Database) -> list[str]:
    """Addressees about whom an alarm stands although nothing to them fails any more: it was sent, or settled.

    That they cannot be told of the alarm itself does not keep it up.
    """
    rows = db.execute(
        "SELECT a.subject FROM alarms a WHERE a.kind = 'delivery' AND a.cleared_us IS NULL"
        " AND (a.subject GLOB 'recipient/*' OR a.subject GLOB 'contact/*') AND NOT EXISTS ("
        "SELECT 1 FROM messages m INDEXED BY messages_next"
        " JOIN notices n ON n.message = m.id AND n.settled_us IS NULL AND n.alarm IS NOT a.id"
        " WHERE m.next_us NOT NULL AND m.tries > 0 AND m.addressee = a.subject)"
    )
    return [subject for (subject,) in rows]


def waiting(db: Database, *, limit: int) -> list[Message]:
    """The messages that no channel has taken yet, the oldest first: to be tried, or tried in vain."""
    sql = "SELECT * FROM messages WHERE next_us NOT NULL ORDER BY id LIMIT ?"
    return [Message(**row) for row in db.query(sql, [limits.page_rows(limit)])]
