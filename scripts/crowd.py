"""A large office made fast, for measurements: invented people, households, vehicles, cameras, and a month of events.

Everything is written straight into the store's own shape, in a few large transactions without waiting for the disk;
the rows are those that ingest would have stored. No such people: names and numbers are made up from a seed.
"""

import hashlib
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final

import crowd_events
import crowd_size
from crowd_size import DAY_US, HOUR_US, SEED, Crowd, device_id, person_id, place_name, plate

from hub_server.store import schema_passages
from hub_server.store.spelling import spelled
from hub_server.store.store import Store, now_us

KEPT_S: Final = 6 * 3600  # a made store is used again for so long: later its watches would all fall due
FOLDER: Final = "shouwang-crowd-"
SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
GIVEN: Final = "秀兰建国桂英志强玉梅海涛丽华文军美玲德福春燕永康淑珍明辉雪芳家豪"


def made(crowd: Crowd, *, say: Callable[[str], None]) -> Path:
    """The data folder of this crowd: made now, or the one that was made a short while ago. Nobody else's to write."""
    folder = Path(tempfile.gettempdir()) / f"{FOLDER}{_shape(crowd)}"
    for old in _too_old():
        shutil.rmtree(old)
    ready = folder / "ready"
    if ready.exists():
        say(f"{crowd.events:,} events are there already: {folder}")
        return folder
    began_s = time.monotonic()
    if folder.exists():  # somebody was ended while making it
        shutil.rmtree(folder)
    Store.open(folder).close()
    with closing(sqlite3.connect(folder / "hub.sqlite3", isolation_level=None)) as db:
        fill(db, crowd, say=say)
    ready.touch()
    say(f"made in {time.monotonic() - began_s:.0f} s: {folder}")
    return folder


def _shape(crowd: Crowd) -> str:
    """Of the store and of what makes it: another one is another folder."""
    shape = hashlib.sha256(json.dumps(asdict(crowd)).encode())
    store = Path(schema_passages.__file__).parent
    files = [Path(__file__), Path(crowd_size.__file__), Path(crowd_events.__file__), store / "migrations.py"]
    for file in (*files, *sorted(store.glob("schema_*.py"))):
        shape.update(file.read_bytes())
    return shape.hexdigest()[:16]


def _too_old() -> Iterator[Path]:
    for ready in Path(tempfile.gettempdir()).glob(f"{FOLDER}*/ready"):
        if time.time() - ready.stat().st_mtime > KEPT_S:
            yield ready.parent


def fill(db: sqlite3.Connection, crowd: Crowd, *, say: Callable[[str], None]) -> None:
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    chance, at_us = random.Random(SEED), now_us()  # noqa: S311 - measurements want the same every time
    db.execute("BEGIN")
    _areas(db, crowd, at_us)
    _devices(db, crowd, at_us)
    _people(db, crowd, chance, at_us)
    _vehicles(db, crowd, chance, at_us)
    _alerts(db, crowd, chance, at_us)
    _workers(db, crowd, at_us)
    say("people and their things are there")
    indexes = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
        " AND tbl_name IN ('events', 'plate_passages', 'observing')"
    ).fetchall()
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    crowd_events.fill(db, crowd, at_us, say)
    say("indexes")
    for _, sql in indexes:
        db.execute(sql)
    say("hours")
    db.execute(
        "INSERT INTO vehicle_hours SELECT device, at_us / :hour * :hour, direction, count(*) FROM plate_passages"
        " GROUP BY 1, 2, 3",
        {"hour": HOUR_US},
    )
    for statement in schema_passages.OLDER_ROWS:
        db.execute(statement)
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")


def _areas(db: sqlite3.Connection, crowd: Crowd, at_us: int) -> None:
    db.execute("INSERT INTO areas (name, kind, created_us) VALUES ('示范街道', 'sub_district', ?)", [at_us])
    for n in range(crowd.communities):
        db.execute(
            "INSERT INTO areas (name, kind, parent, created_us) VALUES (?, 'community', '示范街道', ?)",
            (crowd.community(n), at_us),
        )
    for n in range(crowd.communities * crowd.grids):
        db.execute(
            "INSERT INTO areas (name, kind, parent, created_us) VALUES (?, 'grid', ?, ?)",
            (crowd.grid(n), crowd.community(n), at_us),
        )


def _devices(db: sqlite3.Connection, crowd: Crowd, at_us: int) -> None:
    for n in range(crowd.devices):
        kind = "gate" if n < crowd.gates else "clinic" if n % 37 == 0 else "door" if n % 2 else "street"
        place = place_name(crowd, n)
        db.execute(
            "INSERT INTO places (name, kind, area, grid, note, created_us) VALUES (?, ?, ?, ?, '', ?)",
            (place, kind, crowd.community(n), crowd.grid(n), at_us),
        )
        db.execute(
            "INSERT INTO devices (id, place, area, grid, created_us, secret_sha256, online, heard_us, hello_us, agent)"
            " VALUES (?, ?, ?, ?, ?, '', 0, ?, ?, 'bench/1')",
            (device_id(n), place, crowd.community(n), crowd.grid(n), at_us - 90 * DAY_US, at_us, at_us),
        )


def _people(db: sqlite3.Connection, crowd: Crowd, chance: random.Random, at_us: int) -> None:
    db.executemany(
        "INSERT INTO households (id, number, address, area, grid, phone, note, created_us)"
        " VALUES (?, ?, ?, ?, ?, '', '', ?)",
        (
            (n + 1, f"H{n:05}", f"{n % 40 + 1}栋{n % 28 + 1}01", crowd.community(n), crowd.grid(n), at_us)
            for n in range(crowd.households)
        ),
    )
    spellings: dict[str, str] = {}
    rows = []
    for n in range(crowd.people):
        home = n % crowd.households
        name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
        if name not in spellings:
            spellings[name] = spelled(name)
        rows.append(
            (
                person_id(n),
                name,
                f"{home % 40 + 1}栋{home % 28 + 1}01",
                f"138{n:08}",
                "",
                at_us - 200 * DAY_US,
                crowd.community(home),
                crowd.grid(home),
                f"{1935 + n % 80}-03-05",
                home + 1,
                "户主" if n < crowd.households else "家人",
                "lives_alone" if n < crowd.watched else "",
                spellings[name],
            )
        )
    db.executemany(
        "INSERT INTO people (id, name, address, phone, note, created_us, area, grid, born, household, relation, care,"
        " pinyin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    db.executemany(
        "INSERT INTO consents (person, purpose, basis, text_version, given_on, collector, guardian, recorded_us)"
        " VALUES (?, ?, 'consent', '1', '2026-01-02', '王敏', '', ?)",
        ((person_id(n), purpose, at_us) for n in range(crowd.people) for purpose in ("door", "welfare")),
    )
    db.executemany(
        "INSERT INTO watches (person, period_s, active, created_us, last_seen_us, last_seen_by, due_us)"
        " VALUES (?, 172800, 1, ?, ?, ?, ?)",
        (
            (person_id(n), at_us - 90 * DAY_US, seen_us, f"{device_id(n % crowd.devices)}/east", seen_us + 2 * DAY_US)
            for n in range(crowd.watched)
            for seen_us in [at_us - chance.randrange(18 * HOUR_US)]
        ),
    )


def _vehicles(db: sqlite3.Connection, crowd: Crowd, chance: random.Random, at_us: int) -> None:
    db.executemany(
        "INSERT INTO vehicles (id, plate, owner, label, created_us, created_by, household, person)"
        " VALUES (?, ?, 'household', '住户的车', ?, '王敏', ?, ?)",
        (
            (n + 1, plate(n), at_us - 90 * DAY_US, home + 1, person_id(home))
            for n in range(crowd.vehicles)
            for home in [n % crowd.households]
        ),
    )
    db.executemany(
        "INSERT INTO vehicle_placements (vehicle, device) VALUES (?, ?)",
        (
            (n + 1, device_id(gate))
            for n in range(crowd.vehicles)
            for gate in chance.sample(range(crowd.gates), min(2, crowd.gates))
        ),
    )


def _alerts(db: sqlite3.Connection, crowd: Crowd, chance: random.Random, at_us: int) -> None:
    """Some are open, many were closed."""
    for n in range(crowd.watched):
        is_open = n < 30
        raised_us = at_us - (HOUR_US if is_open else chance.randrange(DAY_US, crowd.days * DAY_US))
        number = n + 1
        db.execute(
            "INSERT INTO alerts (id, person, due_us, raised_us, last_seen_us, last_seen_by, state, outcome, climb_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                person_id(n),
                raised_us,
                raised_us,
                raised_us - DAY_US,
                f"{device_id(0)}/east",
                "open" if is_open else "closed",
                None if is_open else "well",
                at_us + 30 * DAY_US if is_open else None,
            ),
        )
        steps = [("open", None)] if is_open else [("open", None), ("closed", "well")]
        for after, outcome in steps:
            db.execute(
                "INSERT INTO alert_changes (alert, at_us, author, before, after, outcome, note)"
                " VALUES (?, ?, '王敏', ?, ?, ?, '')",
                (number, raised_us, "open" if outcome else None, after, outcome),
            )


def _workers(db: sqlite3.Connection, crowd: Crowd, at_us: int) -> None:
    """One for each community; nothing leaves the machine."""
    for n in range(crowd.communities):
        db.execute(
            "INSERT INTO recipients (area, rung, name, phone, urls, created_us)"
            " VALUES (?, 0, '王敏', '', '[\"topic://worker\"]', ?)",
            (crowd.community(n), at_us),
        )


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
