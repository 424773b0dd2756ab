"""How long each class of data is kept: what this program proposes, what the office has set, and what was deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.errors import InvalidValueError

DAY_US: Final = 24 * 3600 * 1_000_000


class DataClass(StrEnum):
    """What is kept for one span of time. The words for people are web/retention_words.py's."""

    STRANGERS = "strangers"  # passages of whom nobody knows
    PEOPLE = "people"  # passages of people who agreed
    PLATES_LISTED = "plates_listed"  # passages of vehicles on the list
    PLATES_OTHERS = "plates_others"
    WATCHING = "watching"  # what cameras really watched, and what their clocks were worth
    PROOFS = "pass_sheets"  # what was proved of devices on site: pictures, and older sheets
    LOSSES = "losses"  # what devices told of themselves: lost events, a journal set aside
    SETTLED = "settled"  # quarantined events that were dismissed, and conflicts that were settled
    MESSAGES = "messages"  # what people were told, and alarms that are over
    VISITS = "visits"  # observations that somebody vouched for, and pauses that are over
    ALERTS = "alerts"  # closed ones, with every step, once what was told of them is gone
    CONSENTS = "consents"  # withdrawn ones
    HISTORIES = "histories"  # what each field was before
    REMOVED = "removed"  # people, households and vehicles that somebody removed: erased for good
    IMPORTS_WAITING = "imports_waiting"  # tables that nobody has taken over
    IMPORTS_APPLIED = "imports_applied"
    LOGINS = "logins"  # sessions that are over, failed logins, browsers that were known
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Days from when a thing was stored or was over. Nobody may set less than `days_min` or more than `days_max`."""

    days: int
    days_min: int
    days_max: int


POLICIES: Final[Mapping[DataClass, Policy]] = {
    DataClass.STRANGERS: Policy(days=30, days_min=1, days_max=90),
    # A watch has a period of up to 30 days and a habit looks back on 28: less would take away what alerts stand on.
    DataClass.PEOPLE: Policy(days=90, days_min=45, days_max=365),
    DataClass.PLATES_LISTED: Policy(days=90, days_min=45, days_max=365),
    DataClass.PLATES_OTHERS: Policy(days=30, days_min=1, days_max=90),
    DataClass.WATCHING: Policy(days=180, days_min=60, days_max=1096),
    DataClass.PROOFS: Policy(days=365, days_min=30, days_max=1096),
    DataClass.LOSSES: Policy(days=365, days_min=30, days_max=1096),
    DataClass.SETTLED: Policy(days=180, days_min=7, days_max=1096),
    DataClass.MESSAGES: Policy(days=365, days_min=30, days_max=1096),
    DataClass.VISITS: Policy(days=1096, days_min=90, days_max=3653),
    DataClass.ALERTS: Policy(days=1096, days_min=180, days_max=3653),
    # As the assessment of what faces are used for: three years (Measures on face recognition, 2025).
    DataClass.CONSENTS: Policy(days=1096, days_min=1096, days_max=3653),
    DataClass.HISTORIES: Policy(days=1096, days_min=30, days_max=3653),
    DataClass.REMOVED: Policy(days=365, days_min=7, days_max=1096),
    DataClass.IMPORTS_WAITING: Policy(days=1, days_min=1, days_max=7),
    DataClass.IMPORTS_APPLIED: Policy(days=30, days_min=1, days_max=365),
    # Logs of a network are kept for six months at least (Cybersecurity Law, article 21).
    DataClass.LOGINS: Policy(days=183, days_min=183, days_max=1096),
    DataClass.AUDIT: Policy(days=1096, days_min=1096, days_max=3653),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One class as it is in force."""

    data_class: DataClass
    days: int
    policy: Policy
    changed_us: int | None  # None: nobody has changed what the program proposes
    changed_by: str

    def before_us(self, now_us: int) -> int:
        """What is older goes."""
        return now_us - self.days * DAY_US


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletion:
    """What one run of the job deleted of a class."""

    id: int
    at_us: int
    data_class: str
    before_us: int
    rows: int


def in_force(db: Database) -> list[Kept]:
    """Every class, in the order of `DataClass`."""
    rows = {row["data_class"]: row for row in db.query("SELECT * FROM retention")}
    return [_kept(one, rows.get(one.value)) for one in DataClass]


def get(db: Database, data_class: DataClass) -> Kept:
    rows = list(db.query("SELECT * FROM retention WHERE data_class = ?", [data_class]))
    return _kept(data_class, rows[0] if rows else None)


def set_days(db: Database, data_class: DataClass, *, days: int, by: str, now_us: int) -> Kept:
    """From the next run on. Raises InvalidValueError out of the class's limits."""
    policy = POLICIES[data_class]
    if not policy.days_min <= days <= policy.days_max:
        raise InvalidValueError(
            "days", f"{policy.days_min} 至 {policy.days_max} 天；{policy.days_min} to {policy.days_max} days"
        )
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    db.execute(
        "INSERT INTO retention (data_class, days, changed_us, changed_by) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (data_class) DO UPDATE SET days = excluded.days, changed_us = excluded.changed_us,"
        " changed_by = excluded.changed_by",
        (data_class, days, now_us, author),
    )
    return get(db, data_class)


def record(db: Database, data_class: DataClass, *, before_us: int, rows: int, now_us: int) -> None:
    """The run of `now_us` has deleted so many more of a class: in the transaction that deletes them."""
    more = db.execute(
        "UPDATE deletions SET rows = rows + ? WHERE id = (SELECT max(id) FROM deletions) AND at_us = ?"
        " AND data_class = ?",
        (rows, now_us, data_class),
    ).rowcount
    if not more:
        db.execute(
            "INSERT INTO deletions (at_us, data_class, before_us, rows) VALUES (?, ?, ?, ?)",
            (now_us, data_class, before_us, rows),
        )


def deletions(db: Database, *, before: int | None, limit: int) -> list[Deletion]:
    """The newest first, below the id `before`."""
    rows = db.query(
        "SELECT * FROM deletions WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?",
        [before, before, limits.page_rows(limit)],
    )
    return [Deletion(**row) for row in rows]


def last_before_us(db: Database, kept: Kept) -> int | None:
    """How far the last run that found anything of a class went; None: none did since its days were set."""
    row = db.execute(
        "SELECT before_us FROM deletions WHERE data_class = ? AND at_us > ? ORDER BY id DESC LIMIT 1",
        (kept.data_class, kept.changed_us or 0),
    ).fetchone()
    return None if row is None else int(row[0])


def last_deletion_us(db: Database) -> int | None:
    """When something was deleted last; None: nothing ever was."""
    at_us: int | None = db.execute("SELECT max(at_us) FROM deletions").fetchone()[0]
    return at_us


def _kept(data_class: DataClass, row: Mapping[str, object] | None) -> Kept:
    policy = POLICIES[data_class]
    if row is None:
        return Kept(data_class=data_class, days=policy.days, policy=policy, changed_us=None, changed_by="")
    days, changed_us = row["days"], row["changed_us"]
    assert isinstance(days, int)
    assert isinstance(changed_us, int)
    # A later version may know narrower limits than the one in which this was set.
    days = min(max(days, policy.days_min), policy.days_max)
    return Kept(
        data_class=data_class, days=days, policy=policy, changed_us=changed_us, changed_by=str(row["changed_by"])
    )
