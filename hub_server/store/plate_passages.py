"""Vehicles that passed a camera, and what was read on their plates. Says nothing about any person."""

from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from edge_agent.wire.messages import Direction, PlateVerdict
from edge_agent.wire.plate import PlateKind
from hub_server.store import limits, plates, vehicle_hours
from hub_server.store.errors import InvalidValueError
from hub_server.store.reach import DEVICES, EVERYWHERE, Reach, condition
from hub_server.watch.clock import Anchor, earliest_us

_AT: Final = (
    "SELECT p.at_us FROM plate_passages p JOIN devices d ON d.id = p.device"  # noqa: S608 our own names
    f" WHERE p.event = :before AND {condition('d.area', 'd.grid')}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPlatePassage:
    """What ingest read in a `plate_read` event; its device, camera and time are those of the event."""

    direction: Direction
    duration_ms: int
    frames: int
    reads: int
    text: str | None  # None: seen, not readable; then the four below are None too
    kind: PlateKind | None
    score: float | None
    verdict: PlateVerdict | None
    listed: str | None  # the listed plate that is meant, when it is known


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatePassage:
    """One vehicle past one camera, once."""

    id: int  # of its event
    device: str
    place: str
    camera: str
    direction: Direction
    at_us: int  # the earliest it may have been, cut at receipt
    clock_trusted: bool  # False: nobody knows when it was, and no hour counts it
    received_us: int
    duration_ms: int
    frames: int
    reads: int
    text: str | None
    kind: PlateKind | None
    score: float | None
    verdict: PlateVerdict | None
    listed: str | None
    area: str = ""  # of its device, as `grid`
    grid: str = ""


def add(
    db: Database,
    passage: NewPlatePassage,
    *,
    event: int,
    device: str,
    camera: str,
    at_us: int,
    clock_trusted: bool,
) -> None:
    """Stores it beside its event, and counts it when its time is known."""
    db.execute(
        "INSERT INTO plate_passages (event, device, camera, direction, at_us, clock_trusted, duration_ms, frames,"
        " reads, text, kind, score, verdict, listed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event,
            device,
            camera,
            passage.direction,
            at_us,
            clock_trusted,
            passage.duration_ms,
            passage.frames,
            passage.reads,
            passage.text,
            passage.kind,
            passage.score,
            passage.verdict,
            passage.listed,
        ),
    )
    if clock_trusted:
        vehicle_hours.count(db, device=device, direction=passage.direction, at_us=at_us)


def date(db: Database, *, device: str, boot: str, anchor: Anchor) -> None:
    """Dates those of this boot whose own stamp was not synchronised, and moves them to the hour that is right."""
    rows = db.execute(
        "SELECT p.event, p.direction, p.at_us, p.clock_trusted, e.mono_us, e.received_us FROM plate_passages p"
        " JOIN events e ON e.id = p.event WHERE e.device = ? AND e.boot = ? AND e.synced = 0",
        (device, boot),
    ).fetchall()
    for event, direction, before_us, was_counted, mono_us, received_us in rows:
        at_us = earliest_us(anchor, mono_us=mono_us, received_us=received_us)
        if was_counted:
            vehicle_hours.uncount(db, device=device, direction=Direction(direction), at_us=before_us)
        vehicle_hours.count(db, device=device, direction=Direction(direction), at_us=at_us)
        db.execute("UPDATE plate_passages SET at_us = ?, clock_trusted = 1 WHERE event = ?", (at_us, event))


def page(
    db: Database,
    *,
    before: int | None,
    limit: int,
    device: str | None = None,
    plate: str | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
    reach: Reach = EVERYWHERE,
) -> list[PlatePassage]:
    """By their time, newest first, from the one behind `before`; of a plate that was read so, or was meant.

    Raises InvalidValueError.
    """
    rows_max = limits.page_rows(limit)
    tests: dict[str, tuple[str, object]] = {
        "device = :device": ("device", device),
        "(text = :plate OR listed = :plate)": (
            "plate",
            None if plate is None else plates.plate("plate", plate),
        ),
        "at_us >= :since_us": ("since_us", since_us),
        "at_us < :until_us": ("until_us", until_us),
    }
    given = {test: (name, value) for test, (name, value) in tests.items() if value is not None}
    where, values = list(given), dict(given.values())
    if before is not None:
        row = db.execute(_AT, {"before": before, "reach": reach.value}).fetchone()
        if row is None:
            raise InvalidValueError("before", "不是过车记录的编号；is the id of no plate passage")
        where.append("(at_us, {id}) < (:before_us, :before)")
        values |= {"before_us": row[0], "before": before}
    if reach.areas is not None:
        where, values = _reached(where, values, reach, rows_max, is_walked=device is None and plate is None)
    rows = db.view("plate_passage_rows").rows_where(
        " AND ".join(where).format(id="id") or None, values, order_by="at_us DESC, id DESC", limit=rows_max
    )
    return [_passage(row) for row in rows]


def _reached(
    where: list[str], values: dict[str, object], reach: Reach, rows_max: int, *, is_walked: bool
) -> tuple[list[str], dict[str, object]]:
    """`is_walked`: nothing else bounds the rows, so each device within reach gives its newest, by the index."""
    given = {**values, "reach": reach.value, "rows_max": rows_max}
    if not is_walked:
        return [*where, f"device IN {DEVICES}"], given
    inside = " AND ".join(["device = d.id", *where]).format(id="event")
    newest = (
        "SELECT n.event FROM devices d CROSS JOIN plate_passages n ON n.event IN ("  # noqa: S608 our own names
        "SELECT event FROM plate_passages INDEXED BY plate_passages_device"
        f" WHERE {inside} ORDER BY at_us DESC, event DESC LIMIT :rows_max) WHERE d.id IN {DEVICES}"
    )
    return [*where, f"id IN ({newest})"], given


def _passage(row: dict[str, Any]) -> PlatePassage:
    return PlatePassage(
        **{
            **row,
            "direction": Direction(row["direction"]),
            "clock_trusted": bool(row["clock_trusted"]),
            "kind": None if row["kind"] is None else PlateKind(row["kind"]),
            "verdict": None if row["verdict"] is None else PlateVerdict(row["verdict"]),
        }
    )
