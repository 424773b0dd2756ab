"""What a large store costs: bytes an event and a month, the job of retention, and questions asked without an index."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from crowd_size import DAY_US, Crowd

from hub_server.store import traffic, traffic_counts
from hub_server.store.connection import open_reader
from hub_server.store.expiring import Expiry
from hub_server.store.store import Store, now_us
from hub_server.store.traffic import PASSED, Wanted
from hub_server.web.pages.passages import ROWS
from hub_server.web.times import OFFICE_ZONE_US

RETENTION_S_MAX: Final = 600.0
_NAIVE_LIST: Final = f"""
    SELECT e.id, e.captured_us, e.device, d.place, e.person, p.name FROM events e NOT INDEXED
    JOIN devices d ON d.id = e.device LEFT JOIN people p ON p.id = e.person
    WHERE {PASSED} ORDER BY e.captured_us DESC, e.id DESC LIMIT ?
"""  # noqa: S608 our own words
_NAIVE_COUNTS: Final = """
    SELECT captured_us / 3600000000 AS hour, count(*) FROM events NOT INDEXED
    WHERE type = 'passage' AND clock_trusted = 1 AND captured_us >= ? GROUP BY hour
"""


def growth(data: Path, crowd: Crowd) -> dict[str, float]:
    """On the disk, indexes and all that hangs on an event included. In 10^6 bytes."""
    with closing(sqlite3.connect(f"{(data / 'hub.sqlite3').as_uri()}?mode=ro", uri=True)) as db:
        (pages,), (size,), (free,) = (
            db.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size", "freelist_count")
        )
        (events,) = db.execute("SELECT count(*) FROM events").fetchone()
    bytes_ = (pages - free) * size
    return {
        "store_mb": round(bytes_ / 1e6),
        "bytes_per_event": round(bytes_ / events),
        "mb_per_month": round(bytes_ / events * crowd.events / crowd.days * 30 / 1e6),
    }


def against_naive(data: Path) -> list[dict[str, Any]]:
    """The list of passages and the counts of a month, as the page asks for them and as one would without an index."""
    with closing(open_reader(data / "hub.sqlite3")) as db:
        since_us = now_us() - 30 * DAY_US
        return [
            {
                "what": "newest passages",
                "ms": _ms(lambda: traffic.page(db, Wanted(), before=None, limit=ROWS)),
                "naive_ms": _ms(lambda: db.execute(_NAIVE_LIST, [ROWS]).fetchall()),
            },
            {
                "what": "counts of 30 days",
                "ms": _ms(
                    lambda: traffic_counts.series(
                        db,
                        bucket=traffic_counts.Bucket.HOUR,
                        since_us=since_us,
                        until_us=now_us(),
                        zone_us=OFFICE_ZONE_US,
                    )
                ),
                "naive_ms": _ms(lambda: db.execute(_NAIVE_COUNTS, [since_us]).fetchall()),
            },
        ]


def retention(data: Path, folder: Path) -> dict[str, Any]:
    """Tomorrow's run of the job on a copy of the store: what has become too old within a day goes."""
    copy = folder / "copy"
    copy.mkdir(mode=0o700)
    shutil.copy(data / "hub.sqlite3", copy)
    store = Store.open(copy, clock=lambda: now_us() + DAY_US)
    try:
        ran = Expiry(store, erase=lambda _person: None, within_s=RETENTION_S_MAX).run()
    finally:
        store.close()
        shutil.rmtree(copy)
    return {
        "rows": {data_class.value: count for data_class, count in ran.rows.items()},
        "took_s": round(ran.took_ms / 1000, 1),
        "transactions": ran.transactions,
        "held_ms_max": round(ran.held_ms_max, 1),
        "done": ran.done,
    }


def _ms(ask: Callable[[], object]) -> float:
    """The better of two looks."""
    took = []
    for _ in range(2):
        began_s = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began_s) * 1000)
    return round(min(took), 1)
