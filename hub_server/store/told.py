"""Who was told of an alert, by which channel, and what stands in the way: for people to read."""

from dataclasses import dataclass

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.outbox import NoticeKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A notice with what became of the message it went out in."""

    id: int
    kind: NoticeKind
    addressee: str  # "recipient/7" or "contact/3": store.recipients.addressed finds them
    created_us: int
    settled_us: int | None  # nobody needs it any more
    sent_us: int | None
    sent_by: str | None  # the channel that took it
    tries: int  # of its message
    next_us: int | None  # the next try
    trouble: str  # of the last try; "" for none


def of_alert(db: Database, alert_id: int) -> list[Told]:
    """The newest PAGE_ROWS_MAX notices of an alert, the oldest first."""
    rows = db.query(
        "SELECT n.id, n.kind, n.addressee, n.created_us, n.settled_us, m.sent_us, m.sent_by,"
        " coalesce(m.tries, 0) AS tries, m.next_us, coalesce(m.trouble, '') AS trouble"
        " FROM notices n LEFT JOIN messages m ON m.id = n.message WHERE n.alert = ? ORDER BY n.id DESC LIMIT ?",
        [alert_id, limits.PAGE_ROWS_MAX],
    )
    return [Told(**{**row, "kind": NoticeKind(row["kind"])}) for row in rows][::-1]
