"""How many people's faces are kept, and what is still owed to those who are not kept any more."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.store.reach import EVERYWHERE, Reach, condition

FILING_AT: Final = 100_000
"""From so many people on the use of faces is filed with the authority (Measures on face recognition, in force since
2025-06-01, article 15), within 30 working days."""
WARN_AT: Final = 80_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolled:
    """Of the whole office; numbers of people."""

    faces: int  # with a template
    door: int  # who agree to it now
    welfare: int
    watchlist: int
    owed: int  # receipts that devices have not given yet

    @property
    def must_be_filed(self) -> bool:
        return self.faces >= FILING_AT

    @property
    def will_be_filed(self) -> bool:
        """It is time to prepare."""
        return WARN_AT <= self.faces < FILING_AT


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed:
    """An erasure of which a device has not said yet that it took effect there."""

    person: str  # the pseudonym; nobody knows any more who it was, when all of them was erased
    at_us: int
    device: str
    place: str
    version: int | None  # the first gallery without the person; None: it is not made yet


def owed(db: Database, *, limit: int, reach: Reach = EVERYWHERE) -> list[Owed]:
    """Those of devices within reach, the longest owed first."""
    rows = db.query(
        "SELECT e.person, e.at_us, r.device, d.place, r.version FROM receipts r"  # noqa: S608 our own words
        " JOIN erasures e ON e.erasure = r.erasure JOIN devices d ON d.id = r.device"
        f" WHERE r.received_us IS NULL AND {condition('d.area', 'd.grid')} ORDER BY e.at_us, r.device LIMIT :limit",
        {"limit": limit, "reach": reach.value},
    )
    return [Owed(**row) for row in rows]


def count(db: Database) -> Enrolled:
    """Each number by an index."""
    (faces,) = db.execute("SELECT count(*) FROM templates").fetchone()
    agreed = dict(
        db.execute("SELECT purpose, count(*) FROM consents WHERE withdrawn_us IS NULL GROUP BY purpose").fetchall()
    )
    (owed,) = db.execute("SELECT count(*) FROM receipts WHERE received_us IS NULL").fetchone()
    return Enrolled(
        faces=faces,
        door=agreed.get("door", 0),
        welfare=agreed.get("welfare", 0),
        watchlist=agreed.get("watchlist", 0),
        owed=owed,
    )
