"""The hub's side: batches with all that has effects, and what the store does beside them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_model import DAY_US, DEVICE, EPOCH, HOUR_US, SITE, batch, observing, passage, plate_read, stamp
from scene import State, program, rows
from sqlite_utils import Database

from edge_agent.wire.messages import Ack, DownMessage, wire_bytes
from hub_server.ingest.inbox import Arrival, Inbox
from hub_server.ingest.worker import Worker
from hub_server.store import alerts, devices, people, verify, watches
from hub_server.store.errors import StoreFailingError
from hub_server.store.store import Store

FILE: Final = "hub.sqlite3"
PROGRAM: Final = "hub_scenes:main"
NOW_US: Final = 1_795_471_200_000_000
PEOPLE: Final = ("zhao", "qian", "sun", "li")
FRAME_BYTES: Final = 4096 + 24
CHECKPOINT_FRAMES: Final = 1000
BATCH_EVENTS: Final = 5
AGAIN: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class HubScene:
    """`before` batches are stored when it begins; then everybody is overdue. A step is one more batch."""

    name: str
    before: int = 2
    steps: int = 1
    frames_to_checkpoint: int | None = None  # so many are missing in the WAL for one
    opens_inside: bool = False
    refusal: type[Exception] = StoreFailingError

    def prepare(self, folder: Path) -> Store:
        store = Store.open(folder, clock=lambda: NOW_US)
        store.write(_furnish)
        side = _Open(self, store)
        for number in range(self.before):
            side.take(number)
        store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=100))
        if self.frames_to_checkpoint is not None:
            self._fill_log(store, folder)
        return store

    @contextmanager
    def open(self, folder: Path) -> Iterator["_Open"]:
        with closing(Store.open(folder, clock=lambda: NOW_US)) as store:
            yield _Open(self, store)

    def read(self, folder: Path) -> State:
        """Also asks all that `hub-server verify` asks."""
        with closing(Store.open(folder, clock=lambda: NOW_US)) as store:
            with store.read() as db:
                wrong = [f"{check.name}: {check.detail}" for check in verify.checks(db) if not check.ok]
            found = rows(folder / FILE)
        assert wrong == []
        return found

    def send_again(self, folder: Path, done: int) -> None:
        """The last batches once more, as from a device that heard no ack: the duplicates alone are counted."""
        before = self.read(folder)
        with self.open(folder) as side:
            for number in range(self.before + done)[-AGAIN:]:
                side.take(number)
        after = self.read(folder)
        for name in before.keys() - {"devices", "journals"}:
            assert after[name] == before[name], f"{name} has changed"

    def _fill_log(self, store: Store, folder: Path) -> None:
        assert self.frames_to_checkpoint is not None
        for number in range(CHECKPOINT_FRAMES):
            if self._frames_missing(folder) <= self.frames_to_checkpoint:
                return
            store.write(lambda db, note=str(number): db.execute("UPDATE people SET note = ?", [note]))  # type: ignore[misc]
        raise AssertionError("the log does not grow")

    def _frames_missing(self, folder: Path) -> int:
        return CHECKPOINT_FRAMES - (folder / f"{FILE}-wal").stat().st_size // FRAME_BYTES


class _Open:
    def __init__(self, scene: HubScene, store: Store) -> None:
        self._scene = scene
        self._store = store
        self._said: list[DownMessage] = []
        self._worker = Worker(
            store=store, inbox=Inbox(), publish=lambda _device, message: self._said.append(message), site=SITE
        )

    def do(self, step: int) -> None:
        self.take(self._scene.before + step)

    def take(self, number: int) -> None:
        """The batch with this number, to its ack."""
        self._said.clear()
        first = number * BATCH_EVENTS + 1
        payload = wire_bytes(batch(*_events(number), first_seq=first))
        topic = f"shouwang/v1/{SITE}/{DEVICE}/up"
        self._worker.handle([Arrival(topic=topic, payload=payload, retained=False, received_us=NOW_US + number)])
        (ack,) = self._said
        assert isinstance(ack, Ack)
        assert ack.epoch == EPOCH

    def synchronous(self, mode: str) -> None:
        self._store._writer._db.execute(f"PRAGMA synchronous = {mode}")


def _furnish(db: Database) -> None:
    devices.create(db, id=DEVICE, place="", now_us=NOW_US - 3 * DAY_US)
    for person in PEOPLE:
        people.create(db, id=person, name=person, address="", phone="", note="", now_us=NOW_US - 3 * DAY_US)
        watches.create(db, person=person, period_s=86400, last_seen_us=NOW_US - 2 * DAY_US, now_us=NOW_US - 2 * DAY_US)


def _events(number: int) -> list[bytes]:
    """A sighting that counts, a stranger, a vehicle, what the camera did, and what only a later version can read.

    The sightings of the first batches are old; those after retract an alert each, as long as there is one.
    """
    at_us = NOW_US - 3 * DAY_US if number < 2 else NOW_US - HOUR_US
    began = stamp(mono_us=10 * number, wall_us=at_us)
    ended = stamp(mono_us=10 * number + 9, wall_us=at_us + 9)
    return [
        passage(wall_us=at_us + number, person=PEOPLE[number % len(PEOPLE)], mono_us=number),
        passage(wall_us=at_us + number, mono_us=number),
        plate_read(wall_us=at_us + number, mono_us=number),
        observing(began, ended),
        b'{"type":"from the future","n":%d}' % number,
    ]


SCENES: Final = {
    scene.name: scene
    for scene in (
        HubScene(name="a batch"),
        HubScene(name="a batch that moves the log into the file", frames_to_checkpoint=2),
        HubScene(name="a batch after a kill", opens_inside=True),
        HubScene(name="a long day with a bad disk", steps=6, frames_to_checkpoint=2),
        HubScene(name="a long day", steps=30, frames_to_checkpoint=300),
    )
}


def main(mode: str, name: str, folder: str, *rest: str) -> None:
    program(SCENES.__getitem__, mode, name, folder, *rest)
