"""The hub: the real store and the real ingest worker without its thread; it may die at any commit, or be restored."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlite_utils import Database
from sync_disks import Disk, Killed
from sync_network import SITE, Broker, Message

from edge_agent.wire.messages import DownMessage, wire_bytes
from hub_server.ingest.inbox import Arrival, Entry, Inbox, Listening, Opened
from hub_server.ingest.worker import Worker
from hub_server.store import alerts, backup, devices, people, restore, watches
from hub_server.store.errors import DataFolderError, StoreFailingError
from hub_server.store.store import Store

DAY_S: Final = 86400
BACKUPS_MAX: Final = 3


def furnish(folder: Path, *, names: tuple[str, ...], persons: tuple[str, ...], now_us: int) -> None:
    """A store as an administrator leaves it: devices, people, watches."""
    store = Store.open(folder, clock=lambda: now_us)

    def job(db: Database) -> None:
        for name in names:
            devices.create(db, id=name, place="", now_us=now_us)
        for person in persons:
            people.create(db, id=person, name=person, address="", phone="", note="", now_us=now_us)
            watches.create(db, person=person, period_s=DAY_S, last_seen_us=None, now_us=now_us)

    store.write(job)
    store.close()


class Hub:
    """`said` is called for each answer, when it is on its way and not before."""

    def __init__(
        self, *, disk: Disk, broker: Broker, now_us: Callable[[], int], said: Callable[[str, DownMessage], None]
    ) -> None:
        self.disk = disk
        self.store: Store | None = None
        self.opened: Callable[[Path], None] = lambda _: None
        self.backups: list[Path] = []
        self.backed_up = 0
        self._broker = broker
        self._now_us = now_us
        self._said = said
        self._worker: Worker | None = None

    def start(self) -> None:
        """Open the store, connect, hear what is retained, welcome everybody."""
        try:
            self.store = Store.open(self.disk.folder, clock=self._now_us)
        except DataFolderError:  # a full disk: systemd tries again
            return
        except Killed:
            self.disk.live_again()
            return
        self.opened(self.disk.folder / backup.DATABASE_NAME)
        self._worker = Worker(store=self.store, inbox=Inbox(), publish=self._publish, site=SITE)
        self._broker.hub_listens = True
        self.hear_marks()

    def hear_marks(self) -> None:
        """A connection to the broker begins."""
        retained = [self._arrival(message) for message in self._broker.retained.values()]
        self._handle([Opened(), *retained, Listening()])

    def hear(self, messages: list[Message]) -> None:
        """What the broker passes on, in one transaction as far as the hub likes."""
        if self.store is None:
            self.start()
        else:
            self._handle([self._arrival(message) for message in messages])

    def judge(self) -> None:
        """The watch looks who is overdue."""
        if self.store is not None:
            store, now_us = self.store, self._now_us()
            self._surviving(lambda: store.write(lambda db: alerts.raise_due(db, now_us=now_us, limit=10)))

    def stop(self) -> None:
        self._broker.hub_listens = False
        self._broker.up.clear()
        if self.store is not None:
            self.store.close()
        self.store = self._worker = None

    def back_up(self, folder: Path) -> None:
        """With the product's own backup, while it runs."""
        self.backed_up += 1
        to = folder / f"backup-{self.backed_up}.sqlite3"
        backup.take(self.disk.folder, to, now_us=self._now_us())
        self.backups = [*self.backups, to][-BACKUPS_MAX:]

    def restore(self, number: int) -> None:
        """The data folder becomes that of a backup; the hub starts again."""
        self.stop()
        restore.restore(self.disk.folder, self.backups[number], force=True, now_us=self._now_us())
        for aside in self.disk.folder.parent.glob("*.before-restore-*"):
            shutil.rmtree(aside)
        self.start()

    def _handle(self, entries: list[Entry]) -> None:
        worker = self._worker
        if worker is not None and entries:
            self._surviving(lambda: worker.handle(entries))

    def _surviving(self, work: Callable[[], object]) -> None:
        try:
            work()
        except StoreFailingError:
            pass  # as the worker's thread: the messages are dropped, their devices send them again
        except Killed:
            self.stop()
            self.disk.live_again()
            self.start()

    def _publish(self, device: str, message: DownMessage) -> None:
        self._said(device, message)
        self._broker.says(device, wire_bytes(message))

    def _arrival(self, message: Message) -> Arrival:
        return Arrival(
            topic=message.topic, payload=message.payload, retained=message.retained, received_us=self._now_us()
        )
