"""A hub's store with somebody overdue, and a postbox that behaves as it is told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hook_server import Server, hook_server

from hub_server.notify.channel import Channel, DeliveryError, Letter
from hub_server.notify.courier import Courier
from hub_server.store import alerts, outbox, people, recipients, watches
from hub_server.store.rows import Alert
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

S_US = 1_000_000
DAY_US = 86_400 * S_US
START_US = 1_795_471_200 * S_US


@dataclass(kw_only=True)
class Post:
    """A store whose clock is ours, and a courier whose letters come here."""

    store: Store
    now: list[int]
    arrived: list[tuple[str, Letter]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # URLs that take nothing

    def __post_init__(self) -> None:
        self.courier = Courier(
            store=self.store, open_channel=self._open, page_url=lambda: "https://hub.lan", jitter=lambda: 0.0
        )

    def _open(self, url: str) -> Channel:
        return _Box(post=self, url=url)

    def worker(self, *urls: str, name: str = "王敏", area: str = "", rung: Rung = Rung.WORKER) -> int:
        made = self.store.write(
            lambda db: recipients.add(
                db, area=area, rung=rung, name=name, phone="", urls=urls, now_us=self.now[0] - DAY_US
            )
        )
        return made.id

    def overdue(self, *persons: str) -> list[Alert]:
        """Alerts about these people, unseen for a day and an hour."""
        now_us = self.now[0]

        def job(db: Any) -> list[Alert]:
            for person in persons:
                people.create(db, id=person, name=person, address="3 栋 502", phone="", note="", now_us=now_us)
                watches.create(
                    db, person=person, period_s=86400, last_seen_us=now_us - DAY_US - 3600 * S_US, now_us=now_us
                )
            return alerts.raise_due(db, now_us=now_us, limit=100)

        return self.store.write(job)

    def go_on(self, seconds: float = 0.0) -> int:
        """So much later: joins what is ready, tries what is due, in this thread. How many it tried."""
        self.now[0] += round(seconds * S_US)
        now_us = self.now[0]
        self.store.write(lambda db: outbox.form(db, now_us=now_us))
        with self.store.read() as db:
            due = outbox.due(db, now_us=now_us, limit=100)
        for message in due:
            self.courier.deliver(message)
        return len(due)


@dataclass(frozen=True, kw_only=True)
class _Box:
    post: Post
    url: str

    def send(self, letter: Letter) -> None:
        if self.url in self.post.broken:
            raise DeliveryError(f"{self.url} is broken")
        self.post.arrived.append((self.url, letter))


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    now = [START_US]
    store = Store.open(tmp_path / "hub", clock=lambda: now[0])
    yield Post(store=store, now=now)
    store.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with hook_server() as running:
        yield running
