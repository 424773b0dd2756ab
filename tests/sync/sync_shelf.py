"""The hub's committed rows, read by a connection of its own and judged by their bytes alone."""

import sqlite3
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

from sync_verdict import Invariant, demand

from edge_agent.wire.codec import decode_event, event_hash
from edge_agent.wire.messages import Ack, ClockAnchor, Lost, Observing, Passage, PlateRead, Stamp, Welcome

HOUR_US: Final = 3_600_000_000
Run = tuple[int, int]


class Shelf:
    """Reads what is new after each step; all of it again after the hub has started anew."""

    def __init__(self) -> None:
        self.ever: dict[str, set[str]] = defaultdict(set)  # hashes by device, before a restore too
        self._ever_lost: dict[tuple[str, str], list[Run]] = defaultdict(list)
        self.ever_high: dict[tuple[str, str], int] = defaultdict(int)
        self.stored_total = self.lost_total = 0
        self._db: sqlite3.Connection | None = None
        self._must_hold: dict[str, set[str]] = {}
        self._forget()

    def _forget(self) -> None:
        self.held: dict[str, set[str]] = defaultdict(set)  # events, and what is kept aside as a conflict
        self._lost: dict[tuple[str, str], list[Run]] = defaultdict(list)
        self.highs: dict[tuple[str, str], tuple[int, str]] = {}
        self.rows: Counter[str] = Counter()  # of events, by device
        self._places_lost: Counter[str] = Counter()
        self._last_id = self._last_conflict = 0
        self._version = -1
        self._anchors: dict[tuple[str, str], tuple[int, int]] = {}  # (uncertainty, wall - mono) by device and boot
        self._sightings: list[tuple[str, str, Stamp, int]] = []  # person, device, captured, received
        self._plates: list[tuple[str, str, Stamp, int]] = []  # device, direction, captured, received
        self._stretches = 0

    def turn_to(self, file: Path, *, restored: bool) -> None:
        """The hub works on this file now. Unless it was restored from a backup it holds all that it held."""
        self.close()
        self._must_hold = {} if restored else self.held
        self._db = sqlite3.connect(
            f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._forget()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = None

    def lost(self, device: str, epoch: str, seq: int) -> bool:
        return any(first <= seq <= last for first, last in self._lost[device, epoch])

    def ever_lost(self, device: str, epoch: str, seq: int) -> bool:
        return any(first <= seq <= last for first, last in self._ever_lost[device, epoch])

    def check_answer(self, device: str, answer: Ack | Welcome) -> None:
        """Asked at the very moment at which the hub says it: all up to `high` is committed."""
        if self._db is None:
            return
        if answer.high > 0:
            self._check_said(device, answer.epoch, answer.high, answer.hash)
        for held in answer.left if isinstance(answer, Welcome) else ():
            if held.high > 0:
                self._check_said(device, held.epoch, held.high, held.hash)

    def _check_said(self, device: str, epoch: str, high: int, digest: str | None) -> None:
        assert self._db is not None
        row = self._db.execute(
            "SELECT high, high_hash FROM journals WHERE device = ? AND epoch = ?", (device, epoch)
        ).fetchone()
        demand(
            row is not None and row[0] >= high and (row[0] > high or row[1] == digest),
            Invariant.ACK_SAFETY,
            f"the hub tells {device} that {epoch[:6]}/{high} is stored; committed is {row}",
        )

    def look(self, *, captured: dict[str, set[str]]) -> set[str]:
        """Take in what was committed since; the devices whose events are new."""
        if self._db is None or not self._moved():
            return set()
        new = self._db.execute(
            "SELECT id, device, epoch, seq, last_seq, hash, raw, received_us FROM events WHERE id > ? ORDER BY id",
            (self._last_id,),
        ).fetchall()
        for row in new:
            self._take(row, captured)
        for number, device, digest in self._db.execute(
            "SELECT id, device, hash FROM conflicts WHERE id > ?", (self._last_conflict,)
        ):
            self._last_conflict = number
            self.held[device].add(digest)
            self.ever[device].add(digest)
        for device, digests in self._must_hold.items():
            missing = digests - self.held[device]
            demand(not missing, Invariant.ACK_SAFETY, f"the hub died and forgot {len(missing)} committed of {device}")
        self._must_hold = {}
        self._check_journals()
        self._check_counters()
        self._check_effects()
        return {row[1] for row in new}

    def standing(self, device: str) -> Any:
        """Everything that is keyed by a device, in a form to compare; what it shares with nobody."""
        assert self._db is not None
        asked = (
            "SELECT * FROM journals WHERE device = ?",
            "SELECT * FROM devices WHERE id = ?",
            "SELECT count(*), max(id) FROM events WHERE device = ?",
            "SELECT * FROM clock_anchors WHERE device = ?",
            "SELECT * FROM vehicle_hours WHERE device = ?",
        )
        return [self._db.execute(question, (device,)).fetchall() for question in asked]

    def counts(self) -> tuple[int, int]:
        """Duplicates and conflicts that the hub has counted."""
        if self._db is None:
            return 0, 0
        return tuple(self._db.execute("SELECT sum(duplicates), sum(conflicts) FROM devices").fetchone())

    # ---

    def _moved(self) -> bool:
        assert self._db is not None
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        moved = bool(version != self._version)
        self._version = version
        return moved

    def _take(self, row: Any, captured: dict[str, set[str]]) -> None:
        number, device, epoch, seq, last_seq, digest, raw, received_us = row
        self._last_id = number
        key = (device, epoch)
        high = self.highs.get(key, (0, ""))[0]
        demand(seq == high + 1, Invariant.ONCE, f"{device}: {epoch[:6]}/{seq} was stored after {high}")
        demand(event_hash(raw) == digest, Invariant.NO_LOSS, f"{device}: {epoch[:6]}/{seq} has other bytes than hash")
        self.highs[key] = (last_seq, digest)
        self.ever_high[key] = max(self.ever_high[key], last_seq)
        self.rows[device] += 1
        event = decode_event(raw)
        if isinstance(event, Lost):
            self.lost_total += not self.ever_lost(device, epoch, seq)
            self._lost[key].append((seq, last_seq))
            self._ever_lost[key].append((seq, last_seq))
            self._places_lost[device] += last_seq - seq + 1
            counted = sum(event.counts.values()) == event.last_seq - event.first_seq + 1
            demand(counted, Invariant.NO_LOSS, f"{device}: the loss record {event} counts other than its places")
            return
        demand(
            digest in captured[device], Invariant.NO_LOSS, f"{device}: the hub holds {epoch[:6]}/{seq}, nobody saw that"
        )
        self.stored_total += digest not in self.ever[device]
        self.held[device].add(digest)
        self.ever[device].add(digest)
        self._note_effects(device, event, received_us)

    def _note_effects(self, device: str, event: Any, received_us: int) -> None:
        match event:
            case Passage(sighting=sighting, captured=captured) if sighting is not None:
                if sighting.strict and sighting.frames >= 2:
                    self._sightings.append((sighting.person, device, captured, received_us))
            case PlateRead(captured=captured, direction=direction):
                self._plates.append((device, direction.value, captured, received_us))
            case ClockAnchor(at=at, uncertainty_us=uncertainty_us):
                rank = (uncertainty_us, at.wall_us - at.mono_us)
                self._anchors[device, at.boot] = min(self._anchors.get((device, at.boot), rank), rank)
            case Observing():
                self._stretches += 1

    def _at_us(self, device: str, stamp: Stamp, received_us: int) -> int | None:
        """When it counts; None while nobody knows."""
        if stamp.synced:
            return min(stamp.wall_us, received_us)
        anchor = self._anchors.get((device, stamp.boot))
        return None if anchor is None else max(0, min(anchor[1] + stamp.mono_us - anchor[0], received_us))

    def _check_journals(self) -> None:
        assert self._db is not None
        rows = self._db.execute("SELECT device, epoch, high, high_hash FROM journals WHERE high > 0").fetchall()
        said = {(device, epoch): (high, digest) for device, epoch, high, digest in rows}
        demand(said == self.highs, Invariant.ONCE, f"journals say {said}, stored is {self.highs}")

    def _check_counters(self) -> None:
        assert self._db is not None
        for device, lost, conflicts, quarantined, kept_aside in self._db.execute(
            "SELECT id, lost, conflicts, quarantined, (SELECT count(*) FROM conflicts WHERE device = d.id)"
            " FROM devices d"
        ):
            due = (self._places_lost[device], kept_aside, 0)
            demand(
                (lost, conflicts, quarantined) == due,
                Invariant.ONCE,
                f"{device} counts {lost} lost, {conflicts} conflicts, {quarantined} quarantined; in the rows are {due}",
            )

    def _check_effects(self) -> None:
        assert self._db is not None
        seen: dict[str, int] = {}
        for person, device, stamp, received_us in self._sightings:
            at_us = self._at_us(device, stamp, received_us)
            if at_us is not None:
                seen[person] = max(seen.get(person, at_us), at_us)
        for person, last_seen_us in self._db.execute("SELECT person, last_seen_us FROM watches"):
            due = seen.get(person)
            # After a retraction that proved wrong a watch stands 1 us earlier, for a due time of its own.
            right = last_seen_us == due or (due is not None and last_seen_us == due - 1 and self._retracted(person))
            demand(right, Invariant.ONCE, f"{person} was last seen {due}, the watch says {last_seen_us}")
        hours: Counter[tuple[str, int, str]] = Counter()
        for device, direction, stamp, received_us in self._plates:
            at_us = self._at_us(device, stamp, received_us)
            if at_us is not None:
                hours[device, at_us // HOUR_US * HOUR_US, direction] += 1
        counted = {row[:3]: row[3] for row in self._db.execute("SELECT * FROM vehicle_hours")}
        demand(counted == hours, Invariant.ONCE, f"the hours count {counted}, passed have {dict(hours)}")
        stretches = self._db.execute("SELECT count(*) FROM observing").fetchone()[0]
        demand(stretches == self._stretches, Invariant.ONCE, f"{stretches} stretches, {self._stretches} were told")
        many = self._db.execute(
            "SELECT person FROM alerts GROUP BY person, due_us HAVING count(*) > 1"
            " UNION SELECT person FROM alerts WHERE state <> 'closed' GROUP BY person HAVING count(*) > 1"
        ).fetchall()
        demand(not many, Invariant.ONCE, f"more than one alert for one due time: {many}")

    def _retracted(self, person: str) -> bool:
        assert self._db is not None
        return bool(
            self._db.execute(
                "SELECT count(*) FROM alerts WHERE person = ? AND outcome = 'retracted'", (person,)
            ).fetchone()[0]
        )
