"""Who may speak at the broker: what its access list is made of, and a number that grows with each change of that."""

from dataclasses import dataclass

from sqlite_utils import Database

_ALLOWED = "SELECT id FROM devices WHERE retired_us IS NULL AND barred_us IS NULL ORDER BY id"


def revision(db: Database) -> int:
    """Triggers count it up: no part that changes devices or certificates can forget to."""
    (found,) = db.execute("SELECT n FROM broker_revision WHERE one = 1").fetchone()
    return int(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Barred:
    """A device that may not speak until it gets a new card."""

    since_us: int
    reason: str


def barred(db: Database, device: str) -> Barred | None:
    row = db.execute("SELECT barred_us, barred_reason FROM devices WHERE id = ?", [device]).fetchone()
    return None if row is None or row[0] is None else Barred(since_us=row[0], reason=row[1])


def allowed(db: Database) -> list[str]:
    """The devices that may speak, by id: neither retired, nor revoked without a new card."""
    return [row[0] for row in db.execute(_ALLOWED).fetchall()]
