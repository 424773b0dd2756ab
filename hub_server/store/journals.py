"""How far each device's journals are stored here."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """One epoch of one device."""

    device: str
    epoch: str
    high: int  # all up to here is stored
    high_hash: str | None  # of the event at high; None when high is 0
    last: int  # what the device said it has
    conflict_seq: int | None  # a place held another event: nothing more is taken in this epoch
    kept_from: int = 1  # below it retention has been: what is missing there was stored, and deleted when it was old


def get(db: Database, *, device: str, epoch: str) -> Journal | None:
    row = db.execute(
        "SELECT device, epoch, high, high_hash, last, conflict_seq, kept_from FROM journals"
        " WHERE device = ? AND epoch = ?",
        (device, epoch),
    ).fetchone()
    if row is None:
        return None
    return Journal(
        device=row[0],
        epoch=row[1],
        high=row[2],
        high_hash=row[3],
        last=row[4],
        conflict_seq=row[5],
        kept_from=row[6],
    )


def current(db: Database) -> list[Journal]:
    """The journal of every device that has one in use."""
    rows = db.query(
        "SELECT j.device, j.epoch, j.high, j.high_hash, j.last, j.conflict_seq, j.kept_from FROM devices d"
        " JOIN journals j ON j.device = d.id AND j.epoch = d.epoch ORDER BY d.id"
    )
    return [Journal(**row) for row in rows]


def enter(db: Database, *, device: str, epoch: str, now_us: int) -> Journal:
    """The device speaks of this epoch: it is its current one now, and made when it is new.

    Epochs of the device in which nothing was ever stored are dropped, so that they cannot pile up.
    """
    db.execute("UPDATE devices SET epoch = ? WHERE id = ?", (epoch, device))
    known = get(db, device=device, epoch=epoch)
    if known is not None:
        return known
    db.execute("DELETE FROM journals WHERE device = ? AND high = 0", [device])
    db.execute("INSERT INTO journals (device, epoch, created_us) VALUES (?, ?, ?)", (device, epoch, now_us))
    return Journal(device=device, epoch=epoch, high=0, high_hash=None, last=0, conflict_seq=None)


def save(db: Database, journal: Journal) -> None:
    """Stores how far the journal is now."""
    db.execute(
        "UPDATE journals SET high = ?, high_hash = ?, last = ?, conflict_seq = ? WHERE device = ? AND epoch = ?",
        (journal.high, journal.high_hash, journal.last, journal.conflict_seq, journal.device, journal.epoch),
    )


def keep_conflict(
    db: Database,
    *,
    device: str,
    epoch: str,
    seq: int,
    hash: str,
    raw: bytes,
    now_us: int,
) -> None:
    """Keeps the event that came for a place where another one stands."""
    db.execute(
        "INSERT INTO conflicts (device, epoch, seq, hash, received_us, raw) VALUES (?, ?, ?, ?, ?, ?)",
        (device, epoch, seq, hash, now_us, raw),
    )
