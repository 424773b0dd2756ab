"""A new epoch takes over, in order, every place above the last verified ack of the old one."""

import sqlite3
from typing import Final

_MOVE: Final = (
    "DELETE FROM event WHERE epoch = :old AND kind = 'lost' AND last_seq > :acked",
    (
        "UPDATE event SET epoch = :new, seq = seq - :acked, last_seq = last_seq - :acked"
        " WHERE epoch = :old AND seq > :acked"
    ),
    (
        "INSERT INTO gone SELECT :new, max(first_seq - :acked, 1), last_seq - :acked, kind, reason FROM gone"
        " WHERE epoch = :old AND last_seq > :acked"
    ),
    "DELETE FROM gone WHERE epoch = :old AND first_seq > :acked",
    "UPDATE gone SET last_seq = :acked WHERE epoch = :old AND last_seq > :acked",
    "UPDATE epoch SET last = :count WHERE id = :new",
    "UPDATE epoch SET last = :acked WHERE id = :old",
)


def move(db: sqlite3.Connection, *, old: int, new: int, acked: int, last: int) -> None:
    """Of the epoch `old`, what follows `acked`; `new` is empty. Within the caller's transaction."""
    for statement in _MOVE:
        db.execute(statement, {"old": old, "new": new, "acked": acked, "count": last - acked})
