"""The agent's side: captures, acknowledgements, and what the journal does beside them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scene import State, program, rows

from edge_agent.clock import FakeClock
from edge_agent.errors import JournalError
from edge_agent.journal import Journal
from edge_agent.wire.codec import decode_event, event_hash
from edge_agent.wire.messages import Lost, Passage, Stamp

FILE: Final = "journal.sqlite3"
PROGRAM: Final = "journal_scenes:main"
FRAME_BYTES: Final = 4096 + 24
CHECKPOINT_FRAMES: Final = 1000  # SQLite's own wal_autocheckpoint
WEEK_S: Final = 7 * 86400.0
HOUR_S: Final = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalScene:
    """`before` events are there when it begins, the first `acked` of them acknowledged."""

    name: str
    before: int = 30
    acked: int = 12
    steps: int = 1
    ack_every: int | None = None  # this many steps apart, a step is an acknowledgement instead of a capture
    later_s: float = 0.0  # how much later than the events of before it all happens
    kept_bytes_max: int | None = None  # less than what is there: a capture makes room
    frames_to_checkpoint: int | None = None  # so many are missing in the WAL for one
    opens_inside: bool = False
    careless: bool = False  # takes the place in a transaction of its own: for a proof that the sweep finds it
    refusal: type[Exception] = JournalError

    def prepare(self, folder: Path) -> Journal | None:
        if not self.before:
            return None
        journal = Journal(folder / FILE, clock=FakeClock())
        for place in range(1, self.before + 1):
            journal.append(passage(place))
        acknowledge(journal, self.acked)
        while self.frames_to_checkpoint is not None and self._frames_missing(folder) > self.frames_to_checkpoint:
            journal.append(passage(journal.position().last + 1))
        return journal

    @contextmanager
    def open(self, folder: Path) -> Iterator["_Open"]:
        clock = FakeClock()
        with closing(self._journal(folder, clock)) as journal:
            clock.advance(self.later_s)
            yield _Open(self, journal)

    def read(self, folder: Path) -> State:
        """Also proves that each place up to the last is held by an event or a loss record."""
        clock = FakeClock()
        clock.advance(self.later_s)  # so that what is due to go is gone, whether before the kill or after
        with closing(self._journal(folder, clock)):
            found = rows(folder / FILE)
        with closing(sqlite3.connect(f"{(folder / FILE).as_uri()}?mode=ro", uri=True)) as db:
            ((last, acked),) = db.execute("SELECT last, acked FROM epoch").fetchall()
            places = db.execute(
                "SELECT seq, last_seq FROM event UNION ALL SELECT first_seq, last_seq FROM gone ORDER BY 1"
            ).fetchall()
        assert _covers(places, last), f"places {places[:9]}... do not cover 1 to {last}"
        assert acked <= last
        assert not set_aside(folder), "a journal was set aside"
        return found if self.before else _nameless(found)

    def send_again(self, folder: Path, _done: int) -> None:
        """Everything from the first place on, as for a hub that has nothing: no gap, and each hash is its own."""
        with closing(self._journal(folder, FakeClock())) as journal:
            last = journal.position().last
            items, place = journal.unsent(0, limit=last + 1), 1
        for item in items:
            event = decode_event(bytes(item.event))
            assert item.seq == place
            assert event_hash(bytes(item.event)) == item.hash
            place = event.last_seq + 1 if isinstance(event, Lost) else place + 1
        assert place == last + 1

    def _journal(self, folder: Path, clock: FakeClock) -> Journal:
        if self.kept_bytes_max is None:
            return Journal(folder / FILE, clock=clock, keep_s=WEEK_S)
        return Journal(folder / FILE, clock=clock, keep_s=WEEK_S, bytes_max=self.kept_bytes_max)

    def _frames_missing(self, folder: Path) -> int:
        return CHECKPOINT_FRAMES - (folder / f"{FILE}-wal").stat().st_size // FRAME_BYTES


class _Open:
    def __init__(self, scene: JournalScene, journal: Journal) -> None:
        self._scene = scene
        self._journal = journal

    def do(self, step: int) -> None:
        every = self._scene.ack_every
        position = self._journal.position()
        if every is not None and step % every == every - 1:
            acknowledge(self._journal, position.acked + 1)
            return
        if self._scene.careless:
            for change in ("+ 1", "- 1"):
                self._journal._db.execute(f"UPDATE epoch SET last = last {change}")  # noqa: S608 - ours
        self._journal.append(passage(position.last + 1))

    def synchronous(self, mode: str) -> None:
        self._journal._db.execute(f"PRAGMA synchronous = {mode}")


def passage(place: int) -> Passage:
    stamp = Stamp(boot="b" * 32, mono_us=place, wall_us=1_800_000_000_000_000 + place, synced=True)
    return Passage(captured=stamp, camera="east", duration_ms=4250, frames=place)


def set_aside(folder: Path) -> list[Path]:
    return list(folder.glob("*damaged*"))


def acknowledge(journal: Journal, high: int) -> None:
    """As the hub would."""
    if high:
        (item,) = journal.unsent(high - 1, limit=1)
        assert journal.apply_ack(journal.position().epoch, high, item.hash).settled


def _covers(places: list[tuple[int, int]], last: int) -> bool:
    """Tombstones that were sent stand beside the runs that they tell of: places may be covered twice, never not."""
    reached = 0
    for first, end in places:
        if first > reached + 1:
            return False
        reached = max(reached, end)
    return reached == last


def _nameless(state: State) -> State:
    """A new journal draws its name."""
    return state | {"epoch": [(number, "", *rest) for number, _, *rest in state["epoch"]]}


SCENES: Final = {
    scene.name: scene
    for scene in (
        JournalScene(name="a capture"),
        JournalScene(name="a capture that makes room", before=400, acked=12, kept_bytes_max=110_000),
        JournalScene(name="a capture that lets the old ones go", later_s=WEEK_S + 2 * HOUR_S),
        JournalScene(name="a capture that moves the log into the file", frames_to_checkpoint=2),
        JournalScene(name="an acknowledgement", ack_every=1),
        JournalScene(name="the first capture of all", before=0, acked=0, opens_inside=True),
        JournalScene(name="a capture after a kill", opens_inside=True),
        JournalScene(name="a careless capture", careless=True),
        JournalScene(name="a long day", steps=30, ack_every=5, frames_to_checkpoint=40),
        JournalScene(name="a long day with a bad disk", steps=6, frames_to_checkpoint=2),
        JournalScene(name="a first day", before=0, acked=0, steps=4, opens_inside=True),
    )
}


def main(mode: str, name: str, folder: str, *rest: str) -> None:
    program(SCENES.__getitem__, mode, name, folder, *rest)
