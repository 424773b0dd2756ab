"""What the API answers about the audit, retention and a person's own file, by type; as `resources.py`."""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from hub_server.store.audit_reading import Why
from hub_server.store.retention import DataClass
from hub_server.web.resources import At, Count, Key

Chain = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="SHA-256, hexadecimal")]
Days = Annotated[int, Meta(ge=1)]
Milliseconds = Annotated[float, Meta(ge=0)]


class AuditRow(TypedDict):
    """Who did what about whom. `forgotten`: about somebody who is erased; then it says neither what nor about whom."""

    id: Key
    at: At
    actor: str
    action: str
    subject: str | None
    detail: Annotated[dict[str, Any], Meta(description="names of fields, counts; never what somebody wrote")]
    forgotten: bool


class AuditPage(TypedDict):
    """Newest first; `next` goes to `before`."""

    items: list[AuditRow]
    next: int | None


class BrokenRow(TypedDict):
    """The first row that does not hold, and why (API.md)."""

    id: Count
    why: Why


class AuditHead(TypedDict):
    """Where the chain ends, and whether its newest rows hold: `rows` of them were looked at, from `checked_from` on.

    `id` 0: nothing was ever written. `hub-server audit verify` looks at all of it.
    """

    id: Count
    at: At
    chain: Chain
    checked_from: Count
    rows: Count
    holds: bool
    broken: BrokenRow | None


class Kept(TypedDict):
    """How long a class of data is kept, and within which limits that may be set. `changed_at` null: as proposed."""

    name: DataClass
    days: Days
    days_min: Days
    days_max: Days
    days_proposed: Days
    changed_at: At | None
    changed_by: str


class KeptPage(TypedDict):
    """Every class."""

    items: list[Kept]
    next: None


class Deletion(TypedDict):
    """What one run deleted of a class: rows that were older than `before`."""

    id: Key
    at: At
    name: str
    before: At
    rows: Count


class DeletionPage(TypedDict):
    """Newest first; `next` goes to `before`."""

    items: list[Deletion]
    next: int | None


class DeletedRows(TypedDict):
    """Rows of one class."""

    name: DataClass
    rows: Count


class RetentionRan(TypedDict):
    """What a run deleted. `done` false: its time was over, and the next one goes on.

    `held_ms_max`: the longest that one of its transactions held the store.
    """

    rows: list[DeletedRows]
    done: bool
    transactions: Count
    took_ms: Milliseconds
    held_ms: Milliseconds
    held_ms_max: Milliseconds


class PersonFile(TypedDict):
    """Everything that is kept about somebody, by what it is; each row has the names of its columns, and times as At.

    `cut`: sections of which only the newest rows are here. `photos`: where kept photographs are found.
    """

    person: str
    made_at: At
    sections: dict[str, list[dict[str, Any]]]
    photos: list[str]
    cut: list[str]
