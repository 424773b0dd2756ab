"""What each camera really did, stretch by stretch (DESIGN section 4)."""

from dataclasses import dataclass

from sqlite_utils import Database

from hub_server.watch.clock import Anchor, Span, span
from hub_server.watch.coverage import Stretch, watched

_STRETCHES_MAX = 20_000  # of one camera in one look: more than half a year, told every 15 minutes


@dataclass(frozen=True, kw_only=True, slots=True)
class NewStretch:
    """What ingest read in an `observing` event. `boot` and the monotonic times are the device's own."""

    camera: str
    state: str
    cause: str  # "" when none was given
    boot: str
    began_mono_us: int
    ended_mono_us: int
    ended_us: int | None  # by the device's own clock, when one of the two stamps was synchronised


def add(db: Database, stretch: NewStretch, *, event: int, device: str, received_us: int, anchor: Anchor | None) -> None:
    """Stores a stretch beside its event, dated by its own stamps, else by the anchor of its boot, else not."""
    dated = _dated(stretch, received_us, anchor)
    db.execute(
        "INSERT INTO observing (event, device, camera, state, cause, boot, began_mono_us, ended_mono_us, synced,"
        " received_us, began_us, ended_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event,
            device,
            stretch.camera,
            stretch.state,
            stretch.cause,
            stretch.boot,
            stretch.began_mono_us,
            stretch.ended_mono_us,
            stretch.ended_us is not None,
            received_us,
            None if dated is None else dated.began_us,
            None if dated is None else dated.ended_us,
        ),
    )


def date(db: Database, *, device: str, boot: str, anchor: Anchor) -> None:
    """Dates every stretch of this boot whose own stamps were not synchronised."""
    rows = db.execute(
        "SELECT event, began_mono_us, ended_mono_us, received_us FROM observing"
        " WHERE device = ? AND boot = ? AND synced = 0",
        (device, boot),
    ).fetchall()
    for event, began_mono_us, ended_mono_us, received_us in rows:
        dated = span(
            ended_us=anchor.at_us(ended_mono_us), lasted_us=ended_mono_us - began_mono_us, received_us=received_us
        )
        db.execute(
            "UPDATE observing SET began_us = ?, ended_us = ? WHERE event = ?", (dated.began_us, dated.ended_us, event)
        )


def between(db: Database, *, device: str, camera: str, from_us: int, until_us: int) -> list[Stretch]:
    """The dated stretches of a camera that reach into this time, by their ends."""
    rows = db.query(
        "SELECT began_us, ended_us, state, cause FROM observing WHERE device = ? AND camera = ? AND ended_us > ?"
        " AND began_us < ? ORDER BY ended_us, event LIMIT ?",
        [device, camera, from_us, until_us, _STRETCHES_MAX],
    )
    return [Stretch(**row) for row in rows]


def watched_between(db: Database, *, device: str, camera: str, from_us: int, until_us: int) -> list[tuple[int, int]]:
    """When a camera watched: spans that reach into this time, in order and apart."""
    rows = db.execute(
        "SELECT began_us, ended_us, state = 'watching' FROM observing WHERE device = ? AND camera = ? AND ended_us > ?"
        " AND began_us < ? ORDER BY ended_us, event LIMIT ?",
        (device, camera, from_us, until_us, _STRETCHES_MAX),
    )
    return watched(rows)


def _dated(stretch: NewStretch, received_us: int, anchor: Anchor | None) -> Span | None:
    ended_us = stretch.ended_us
    if ended_us is None and anchor is not None:
        ended_us = anchor.at_us(stretch.ended_mono_us)
    if ended_us is None:
        return None
    lasted_us = stretch.ended_mono_us - stretch.began_mono_us
    return span(ended_us=ended_us, lasted_us=lasted_us, received_us=received_us)
