"""What devices proved on site: a sheet for each visit, and its picture as long as its event is kept."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlite_utils import Database

from edge_agent.wire.codec import WireError, decode_event
from edge_agent.wire.messages import PassSheet, SheetFinding
from hub_server.store import limits

_COLUMNS = "id, event, device, at_us, received_us, camera, author, passed, pictured, findings"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One visit. `at_us`: by the device's clock, cut at receipt."""

    id: int
    device: str
    at_us: int
    received_us: int
    camera: str
    author: str  # who stood there, as they gave their name; "" when they gave none
    passed: bool
    pictured: bool  # its picture is still here
    findings: tuple[SheetFinding, ...]


def add(db: Database, sheet: PassSheet, *, event: int, device: str, at_us: int, received_us: int) -> None:
    """Stores what stands in the event beside it."""
    db.execute(
        "INSERT INTO pass_sheets (event, device, at_us, received_us, camera, author, passed, pictured, findings)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event,
            device,
            at_us,
            received_us,
            sheet.camera,
            sheet.by,
            sheet.passed,
            sheet.picture is not None,
            msgspec.json.encode(sheet.findings).decode(),
        ),
    )


def page(db: Database, device: str, *, before: int | None, limit: int) -> list[Sheet]:
    """The newest first, below the id `before`."""
    rows = db.query(
        f"SELECT {_COLUMNS} FROM pass_sheets WHERE device = :device AND (:before IS NULL OR id < :before)"  # noqa: S608 our own names
        " ORDER BY id DESC LIMIT :limit",
        {"device": device, "before": before, "limit": limits.page_rows(limit)},
    )
    return [_sheet(row) for row in rows]


def newest(db: Database, device: str) -> Sheet | None:
    """None: nobody has proved anything of it yet."""
    found = page(db, device, before=None, limit=1)
    return found[0] if found else None


def get(db: Database, *, device: str, id: int) -> Sheet | None:
    """None: there is none of this id, or it is another device's."""
    rows = list(db.query(f"SELECT {_COLUMNS} FROM pass_sheets WHERE device = ? AND id = ?", [device, id]))  # noqa: S608 as above
    return _sheet(rows[0]) if rows else None


def picture(db: Database, *, device: str, id: int) -> bytes | None:
    """A JPEG; None: there was none, or it was deleted when it was old."""
    row = db.execute(
        "SELECT e.raw FROM pass_sheets p JOIN events e ON e.id = p.event WHERE p.device = ? AND p.id = ?", (device, id)
    ).fetchone()
    if row is None:
        return None
    try:
        event = decode_event(bytes(row[0]))
    except WireError:
        return None
    return event.picture if isinstance(event, PassSheet) else None


def _sheet(row: Mapping[str, Any]) -> Sheet:
    return Sheet(
        id=row["id"],
        device=row["device"],
        at_us=row["at_us"],
        received_us=row["received_us"],
        camera=row["camera"],
        author=row["author"],
        passed=bool(row["passed"]),
        pictured=bool(row["pictured"]) and row["event"] is not None,
        findings=tuple(msgspec.json.decode(row["findings"], type=list[SheetFinding])),
    )
