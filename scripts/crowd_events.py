"""A month of events of the office of crowd.py: drawn from a seed, made into the rows that ingest would have stored."""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from crowd_size import DAY_US, HOUR_US, SEED, Crowd, device_id, person_id, plate
from numpy.typing import NDArray

EPOCH: Final = "0123456789abcdef0123456789abcdef"
BOOT: Final = EPOCH
ROWS_AT_ONCE: Final = 20_000
BY_HOUR: Final = (1, 1, 1, 1, 2, 6, 14, 20, 16, 12, 11, 12, 12, 10, 10, 11, 14, 20, 18, 14, 10, 6, 3, 2)
"""How many pass in each hour of the office's day, against each other."""
PASSAGES, PLATES = 0.75, 0.10  # shares of all events; the rest tells what the cameras did
KNOWN = 0.35  # of the passages of people
LISTED = 0.55  # of the vehicles


@dataclass(frozen=True, kw_only=True, slots=True)
class _Drawn:
    """Some events in the order of their times: of each its time, device, kind by a share of 1, and a number."""

    at_us: NDArray[np.int64]
    device: NDArray[np.int64]
    share: NDArray[np.float64]
    number: NDArray[np.int64]


def _drawn(crowd: Crowd, at_us: int) -> _Drawn:
    draw = np.random.default_rng(SEED)
    weights = np.array(BY_HOUR, dtype=float)
    hours = draw.choice(24, size=crowd.events, p=weights / weights.sum())
    days = draw.integers(0, crowd.days, size=crowd.events)
    # From the office's midnight that lies `days` back; what would come after now is put a day earlier.
    midnight_us = (at_us + 8 * HOUR_US) // DAY_US * DAY_US - 8 * HOUR_US
    times = midnight_us - days * DAY_US + hours * HOUR_US + draw.integers(0, HOUR_US, size=crowd.events)
    times[times > at_us] -= crowd.days * DAY_US
    times.sort()
    return _Drawn(
        at_us=times,
        device=draw.integers(0, crowd.devices, size=crowd.events),
        share=draw.random(crowd.events),
        number=draw.integers(0, 1 << 30, size=crowd.events),
    )


def fill(db: sqlite3.Connection, crowd: Crowd, at_us: int, say: Callable[[str], None]) -> None:
    drawn = _drawn(crowd, at_us)
    writer = _Events(db, crowd)
    told_s = time.monotonic()
    for first in range(0, crowd.events, ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        parts = (drawn.at_us[some], drawn.device[some], drawn.share[some], drawn.number[some])
        for at, device, share, number in zip(*(part.tolist() for part in parts), strict=True):
            writer.add(at, device, share, number)
        writer.flush()
        if time.monotonic() - told_s > 5:
            told_s = time.monotonic()
            say(f"{first + ROWS_AT_ONCE:,} of {crowd.events:,} events")
    writer.end()


class _Events:
    """Makes the rows of one event after the other."""

    def __init__(self, db: sqlite3.Connection, crowd: Crowd) -> None:
        self._db = db
        self._crowd = crowd
        self._names = [device_id(n) for n in range(crowd.devices)]
        self._seqs = [0] * crowd.devices
        self._hashes = [""] * crowd.devices
        self._observed_us = [0] * crowd.devices
        self._id = 0
        self._rows: dict[str, list[tuple[Any, ...]]] = {"events": [], "plate_passages": [], "observing": []}

    def add(self, at_us: int, device: int, share: float, number: int) -> None:
        self._id += 1
        if share < PASSAGES:
            self._person(at_us, device, number, is_known=share < PASSAGES * KNOWN)
        elif share < PASSAGES + PLATES:
            self._vehicle(at_us, device % self._crowd.gates, number)
        else:
            self._observed(at_us, device)

    def _person(self, at_us: int, device: int, number: int, *, is_known: bool) -> None:
        person = person_id(number % self._crowd.people) if is_known else None
        said = (
            f',"sighting":{{"person":"{person}","score":0.71,"margin":0.2,"frames":7,"strict":true,"embedder":"bench"}}'
            if is_known
            else ""
        )
        raw = f'{{"type":"passage",{_stamp(at_us)},"camera":"east","duration_ms":4250,"frames":31{said}}}'
        self._event(at_us, device, "passage", raw, person=person)

    def _vehicle(self, at_us: int, gate: int, number: int) -> None:
        is_listed = number % 100 < LISTED * 100
        text = plate(number % self._crowd.vehicles) if is_listed else f"粤A{number % 100_000:05}"
        verdict, way = ("known" if is_listed else "unknown"), ("in", "out")[number % 2]
        listed = f',"listed":"{text}"' if is_listed else ""
        raw = (
            f'{{"type":"plate_read",{_stamp(at_us)},"camera":"lane","direction":"{way}","duration_ms":2600,"frames":24,'
            f'"reads":9,"reading":{{"text":"{text}","kind":"blue","score":0.98,"chars":[1,1,1,1,1,1,1],'
            f'"verdict":"{verdict}"{listed}}}}}'
        )
        self._event(at_us, gate, "plate_read", raw, camera="lane")
        self._rows["plate_passages"].append(
            (
                *(self._id, self._names[gate], "lane", way, at_us, 1, 2600, 24, 9),
                *(text, "blue", 0.98, verdict, text if is_listed else None),
            )
        )

    def _observed(self, at_us: int, device: int) -> None:
        began_us = self._observed_us[device] or at_us
        self._observed_us[device] = at_us
        raw = (
            f'{{"type":"observing","camera":"east","began":{_moment(began_us)},"ended":{_moment(at_us)},'
            f'"state":"watching"}}'
        )
        self._event(at_us, device, "observing", raw)
        self._rows["observing"].append(
            (
                *(self._id, self._names[device], "east", "watching", "", BOOT, began_us, at_us, 1),
                *(at_us + 300_000, began_us, at_us),
            )
        )

    def _event(
        self, at_us: int, device: int, kind: str, text: str, *, person: str | None = None, camera: str = "east"
    ) -> None:
        raw = text.encode()
        self._seqs[device] += 1
        self._hashes[device] = digest = hashlib.sha256(raw).hexdigest()
        seq, known = self._seqs[device], person is not None
        self._rows["events"].append(
            (
                *(self._id, self._names[device], EPOCH, seq, seq, digest, kind, at_us + 300_000, raw, BOOT, at_us, 1),
                *(at_us, 1, camera, person, 0.71 if known else None, known, known, known, ""),
            )
        )

    def flush(self) -> None:
        for table, rows in self._rows.items():
            if rows:
                _insert(self._db, _COLUMNS[table], table, rows)
                rows.clear()

    def end(self) -> None:
        for device, (seq, digest) in enumerate(zip(self._seqs, self._hashes, strict=True)):
            if seq:
                name = self._names[device]
                self._db.execute("UPDATE devices SET epoch = ? WHERE id = ?", (EPOCH, name))
                self._db.execute(
                    "INSERT INTO journals (device, epoch, high, high_hash, last, created_us) VALUES (?, ?, ?, ?, ?, 0)",
                    (name, EPOCH, seq, digest, seq),
                )


_COLUMNS: Final = {
    "events": (
        "id, device, epoch, seq, last_seq, hash, type, received_us, raw, boot, mono_us, synced, captured_us,"
        " clock_trusted, camera, person, score, strict, qualifies, counts, reason"
    ),
    "plate_passages": (
        "event, device, camera, direction, at_us, clock_trusted, duration_ms, frames, reads, text, kind, score,"
        " verdict, listed"
    ),
    "observing": (
        "event, device, camera, state, cause, boot, began_mono_us, ended_mono_us, synced, received_us, began_us,"
        " ended_us"
    ),
}


def _insert(db: sqlite3.Connection, columns: str, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    places = ", ".join("?" * len(rows[0]))
    db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)  # noqa: S608 our own names


def _moment(at_us: int) -> str:
    return f'{{"boot":"{BOOT}","mono_us":{at_us},"wall_us":{at_us},"synced":true}}'


def _stamp(at_us: int) -> str:
    return f'"captured":{_moment(at_us)}'
