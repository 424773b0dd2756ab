"""A hub with very many watches, for scripts/bench_watch: rows made in bulk, as the store's own functions leave them.

One by one through the store a million would take a quarter of an hour; what is measured is the watch, not the typing.
"""

from functools import partial
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from hub_server.store import devices, recipients
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

US: Final = 1_000_000
DAY_US: Final = 24 * 3600 * US
AREAS: Final = 10
CAMERAS: Final = 272
WORKERS_AN_AREA: Final = 4
SEEN_DAYS: Final = 14
BATCH_ROWS: Final = 100_000
CALM_US: Final = 12 * 3600 * US  # who is not due now is not due for so long at least


def furnish(folder: Path, *, now_us: int) -> Store:
    """Cameras, areas and workers; nobody watched yet. `now_us`: what its clock shows, until it is moved."""
    store = Store.open(folder, clock=lambda: now_us)
    store.write(lambda db: _furnish(db, now_us))
    return store


def add_calm(store: Store, *, first: int, until: int, now_us: int) -> None:
    """People `first` to `until`, each with a watch, seen within half a day: not due for another one."""
    for begin in range(first, until, BATCH_ROWS):
        numbers = range(begin, min(begin + BATCH_ROWS, until))
        store.write(partial(_add, numbers=numbers, now_us=now_us, from_us=now_us + CALM_US, spread_us=CALM_US))


def add_falling_due(store: Store, *, first: int, count: int, from_us: int, spread_us: int, now_us: int) -> None:
    """`count` more, due one after another from `from_us` on, each with sightings of two weeks at cameras that watch."""

    def job(db: Database) -> None:
        _add(db, range(first, first + count), now_us, from_us=from_us, spread_us=spread_us)
        _sightings(db, first, first + count)
        _watching(db, from_us - DAY_US, from_us + spread_us)

    store.write(job)


def look_after_all(store: Store, *, now_us: int) -> None:
    """Every alert ends well, and its person is not due for half a day: nothing of it is left for the next ticks."""

    def job(db: Database) -> None:
        db.execute("UPDATE notices SET settled_us = ? WHERE settled_us IS NULL", [now_us])
        db.execute("UPDATE alerts SET state = 'closed', outcome = 'well', climb_us = NULL WHERE state <> 'closed'")
        db.execute("UPDATE watches SET last_seen_us = ?1, due_us = ?1 + ?2 WHERE due_us <= ?1", (now_us, CALM_US))

    store.write(job)


def _furnish(db: Database, now_us: int) -> None:
    for number in range(CAMERAS):
        devices.create(db, id=_camera(number), place="", area=_area(number), now_us=now_us)
        devices.heard(db, _camera(number), now_us=now_us - 2 * DAY_US)  # long enough ago that no drain waits for it
    for number in range(AREAS):
        for worker in range(WORKERS_AN_AREA):
            recipients.add(
                db,
                area=_area(number),
                rung=Rung.WORKER,
                name=f"网格员 {worker}",
                phone="",
                urls=["json://127.0.0.1"],
                now_us=now_us,
            )


def _add(db: Database, numbers: range, now_us: int, *, from_us: int, spread_us: int) -> None:
    """Period a day, last seen a day before due."""
    created_us = now_us - 60 * DAY_US
    db.conn.executemany(
        "INSERT INTO people (id, name, address, phone, note, area, created_us) VALUES (?, '居民', '', '', '', ?, ?)",
        ((_person(number), _area(number), created_us) for number in numbers),
    )
    step_us = spread_us / len(numbers)
    due = ((_person(number), from_us + round((number - numbers.start) * step_us)) for number in numbers)
    db.conn.executemany(
        "INSERT INTO watches (person, period_s, grace_s, active, created_us, last_seen_us, last_seen_by, due_us)"
        " VALUES (?, 86400, 0, 1, ?, ?, ?, ?)",
        ((person, created_us, due_us - DAY_US, f"{_camera(0)}/cam", due_us) for person, due_us in due),
    )


def _sightings(db: Database, first: int, until: int) -> None:
    """Two a day, for two weeks until last seen, at one camera of the person's area."""
    db.conn.executemany(
        "INSERT INTO events (device, epoch, seq, last_seq, hash, type, received_us, captured_us, clock_trusted, camera,"
        " person, score, strict, counts, qualifies, reason, raw)"
        " SELECT ?1, ?2, ?3, ?3, '', 'passage', last_seen_us - ?4, last_seen_us - ?4, 1, 'cam', person, 0.97, 1, 1, 1,"
        " '', x'' FROM watches WHERE person = ?5",
        (
            (_camera(number), "0" * 32, number * 100 + sight, sight * DAY_US // 2, _person(number))
            for number in range(first, until)
            for sight in range(2 * SEEN_DAYS)
        ),
    )


def _watching(db: Database, from_us: int, until_us: int) -> None:
    """Every camera tells every quarter of an hour that it watched."""
    quarter_us = DAY_US // 96
    for number in range(CAMERAS):
        told = [(_camera(number), at_us) for at_us in range(from_us, until_us, quarter_us)]
        db.conn.executemany(
            "INSERT OR IGNORE INTO events (device, epoch, seq, last_seq, hash, type, received_us, captured_us,"
            " clock_trusted, camera, strict, counts, qualifies, reason, raw)"
            " VALUES (?1, ?3, ?2, ?2, '', 'observing', ?2, ?2, 1, 'cam', 0, 0, 0, '', x'')",
            ((device, at_us, "1" * 32) for device, at_us in told),
        )
        db.conn.executemany(
            "INSERT INTO observing (event, device, camera, state, cause, boot, began_mono_us, ended_mono_us, synced,"
            " received_us, began_us, ended_us)"
            " SELECT id, device, 'cam', 'watching', '', '', 0, 0, 1, received_us, received_us, received_us + ?1"
            " FROM events WHERE device = ?2 AND epoch = ?3 AND type = 'observing'"
            " AND id NOT IN (SELECT event FROM observing WHERE device = ?2)",
            [(quarter_us, _camera(number), "1" * 32)],
        )


def _person(number: int) -> str:
    return f"p-{number:07}"


def _camera(number: int) -> str:
    return f"cam-{number % CAMERAS:03}"


def _area(number: int) -> str:
    return f"社区 {number % AREAS}"
