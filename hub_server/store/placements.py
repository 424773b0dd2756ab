"""Where a person may be recognised beyond the own area: gates to use (door), added places as a clinic (welfare)."""

from dataclasses import dataclass

from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose
from hub_server.store import devices, limits, people
from hub_server.store.errors import InvalidValueError, NotFoundError

PLACED = (Purpose.DOOR, Purpose.WELFARE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """`device` carries the person for `purpose`, as long as the person agrees to that."""

    person: str
    purpose: Purpose
    device: str


def put(db: Database, *, person: str, purpose: Purpose, device: str) -> Placement:
    """There from now on; putting it again changes nothing. Raises NotFoundError, InvalidValueError."""
    if people.get(db, person) is None:
        raise NotFoundError(f"there is no person {person}")
    if not devices.exists(db, device):
        raise NotFoundError(f"there is no device {device}")
    if purpose not in PLACED:
        raise InvalidValueError("purpose", "door or welfare: a watchlist goes to every device")
    db.execute("INSERT OR IGNORE INTO placements (person, purpose, device) VALUES (?, ?, ?)", (person, purpose, device))
    return Placement(person=person, purpose=purpose, device=device)


def remove(db: Database, *, person: str, purpose: Purpose, device: str) -> None:
    """Raises NotFoundError."""
    cursor = db.execute(
        "DELETE FROM placements WHERE person = ? AND purpose = ? AND device = ?", (person, purpose, device)
    )
    if cursor.rowcount == 0:
        raise NotFoundError(f"{person} has no {purpose} at {device}")


def of_person(db: Database, person: str) -> list[Placement]:
    sql = "SELECT person, purpose, device FROM placements WHERE person = ? ORDER BY purpose, device LIMIT ?"
    return [
        Placement(person=row[0], purpose=Purpose(row[1]), device=row[2])
        for row in db.execute(sql, [person, limits.PAGE_ROWS_MAX])
    ]
