"""The hub's way from "due" to "told": alerts are raised, joined into messages, sent, recorded; each in its turn."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from scene import State, program, rows
from sqlite_utils import Database

from hub_server.notify.channel import Letter
from hub_server.notify.courier import Courier
from hub_server.store import alerts, outbox, people, recipients, verify, watches
from hub_server.store.errors import StoreFailingError
from hub_server.store.outbox import Message
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

PROGRAM: Final = "outbox_scenes:main"
LETTERS: Final = "letters.jsonl"
NOW_US: Final = 1_795_471_200_000_000
LATER_US: Final = NOW_US + 60_000_000  # what waits for companions has waited
DAY_US: Final = 86_400_000_000
PEOPLE: Final = ("zhao", "qian", "sun")


class OutboxScene:
    """Three people are overdue, two workers hear of it. The one step is everything, from the look at the clock on."""

    steps = 1
    opens_inside = False
    refusal: type[Exception] = StoreFailingError

    def __init__(self, name: str, *, careless: bool = False) -> None:
        """`careless`: it records before it sends."""
        self.name = name
        self._careless = careless

    def prepare(self, folder: Path) -> Store:
        store = Store.open(folder, clock=lambda: NOW_US)
        store.write(_furnish)
        return store

    @contextmanager
    def open(self, folder: Path) -> Iterator["_Open"]:
        now = [NOW_US]
        with closing(Store.open(folder, clock=lambda: now[0])) as store:
            yield _Open(store, now, folder / LETTERS, careless=self._careless)

    def read(self, folder: Path) -> State:
        with closing(Store.open(folder, clock=lambda: NOW_US)) as store, store.read() as db:
            wrong = [f"{check.name}: {check.detail}" for check in verify.checks(db) if not check.ok]
        assert wrong == []
        return rows(folder / "hub.sqlite3")

    def send_again(self, folder: Path, done: int) -> None:
        """Nothing comes in here from elsewhere."""

    def letters(self, folder: Path) -> list[dict[str, str]]:
        """What arrived, in order; a death in the middle of a line left no letter."""
        file = folder / LETTERS
        lines = file.read_bytes().split(b"\n") if file.exists() else []
        return [json.loads(line) for line in lines if line.endswith(b"}")]


class _Open:
    def __init__(self, store: Store, now: list[int], letters: Path, *, careless: bool) -> None:
        self._careless = careless
        self._letters = letters
        self._store = store
        self._now = now
        self._courier = Courier(store=store, open_channel=lambda url: _Letterbox(url, letters), page_url=lambda: "")

    def do(self, step: int) -> None:  # noqa: ARG002 there is one
        self._now[0] = NOW_US
        self._store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=100))
        self._now[0] = LATER_US
        self._store.write(lambda db: outbox.form(db, now_us=LATER_US))
        with self._store.read() as db:
            messages = outbox.due(db, now_us=LATER_US, limit=100)
        for message in messages:
            if self._careless:
                self._forget(message)
            else:
                self._courier.deliver(message)

    def _forget(self, message: Message) -> None:
        self._store.write(lambda db: outbox.sent(db, message.id, by="", now_us=LATER_US))
        letter = Letter(key=message.key, title="", body=" ".join(PEOPLE), spoken="")
        _Letterbox(f"box://{message.id}", self._letters).send(letter)

    def synchronous(self, mode: str) -> None:
        self._store._writer._db.execute(f"PRAGMA synchronous = {mode}")


class _Letterbox:
    """Somebody's telephone: what has arrived stays there, whatever becomes of the hub."""

    def __init__(self, url: str, file: Path) -> None:
        self._url = url
        self._file = file

    def send(self, letter: Letter) -> None:
        line = json.dumps({"to": self._url, "key": letter.key, "body": letter.body}, ensure_ascii=False)
        box = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(box, b"\n" + line.encode())
        finally:
            os.close(box)


def _furnish(db: Database) -> None:
    began_us = NOW_US - 3 * DAY_US
    for person in PEOPLE:
        people.create(db, id=person, name=person, address="", phone="", note="", now_us=began_us)
        watches.create(db, person=person, period_s=86400, last_seen_us=began_us, now_us=began_us)
    for number in (1, 2):
        recipients.add(
            db, area="", rung=Rung.WORKER, name=f"王{number}", phone="", urls=[f"box://{number}"], now_us=began_us
        )


SCENES: Final = {
    scene.name: scene for scene in (OutboxScene("the way to a worker"), OutboxScene("a careless way", careless=True))
}


def main(mode: str, name: str, folder: str, *rest: str) -> None:
    program(SCENES.__getitem__, mode, name, folder, *rest)
