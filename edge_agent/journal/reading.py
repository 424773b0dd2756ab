"""A journal's file looked at from outside, also while an agent has it: nothing is written to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from edge_agent.journal.position import Position


def open_to_read(file: Path) -> sqlite3.Connection:
    """Raises sqlite3.Error, now or at the first question.

    A journal that somebody has open has a log beside it. One without is read as it is: SQLite would leave an empty log
    there, and could not read from where it may not write.
    """
    options = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{file.absolute().as_uri()}?{options}", uri=True, isolation_level=None, timeout=5.0)


def read_position(file: Path) -> Position | None:
    """Where the journal in `file` stands, also while another process has it; None when there is none to be read."""
    if not file.is_file():
        return None
    try:
        with closing(open_to_read(file)) as db:
            row = db.execute(
                "SELECT name, last, acked, (SELECT min(seq) FROM event WHERE epoch = id AND kind <> 'lost')"
                " FROM epoch ORDER BY id DESC LIMIT 1"
            ).fetchone()
    except sqlite3.Error:
        return None
    if row is None:
        return None
    name, last, acked, oldest = row
    return Position(epoch=name, oldest=last + 1 if oldest is None else oldest, last=last, acked=acked)
