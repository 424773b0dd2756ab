"""Places of one epoch go on in another, in order: the bytes stay what they were."""

import sqlite3
from typing import Final

_MOVE: Final = (
    "DELETE FROM event WHERE epoch = :old AND kind = 'lost' AND last_seq > :above",
    (
        "UPDATE event SET epoch = :new, seq = seq + :shift, last_seq = last_seq + :shift"
        " WHERE epoch = :old AND seq > :above"
    ),
    (
        "INSERT INTO gone SELECT :new, max(first_seq, :above + 1) + :shift, last_seq + :shift, kind, reason FROM gone"
        " WHERE epoch = :old AND last_seq > :above"
    ),
    "DELETE FROM gone WHERE epoch = :old AND first_seq > :above",
    "UPDATE gone SET last_seq = :above WHERE epoch = :old AND last_seq > :above",
    "DELETE FROM trail WHERE epoch = :old AND last_seq > :above",
    "UPDATE epoch SET last = :onto + :count WHERE id = :new",
    "UPDATE epoch SET last = :above WHERE id = :old",
)


def move(db: sqlite3.Connection, *, old: int, new: int, above: int, last: int, onto: int = 0) -> None:
    """Of the epoch `old`, what stands above place `above` up to its `last`; behind place `onto`, the last of `new`.

    Within the caller's transaction.
    """
    places = {"old": old, "new": new, "above": above, "shift": onto - above, "onto": onto, "count": last - above}
    for statement in _MOVE:
        db.execute(statement, places)
