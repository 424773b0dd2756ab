"""What a watchdog is told of delivery: how old the oldest unsent thing is, and nothing of what it says."""

import pytest
from sqlite_utils import Database

from hub_server.store import delivery
from hub_server.store.delivery import Backlog
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
S = 1_000_000


class Outbox:
    """Rows as the outbox writes them, all about one alarm."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.n = 0
        store.write(
            lambda db: db.execute(
                "INSERT INTO alarms (id, kind, subject, detail, since_us, raised_us) VALUES (1, 'clock', '', '', 1, 1)"
            )
        )

    def notice(self, ready_s: int, *, settled: bool = False, message: int | None = None) -> None:
        self.n += 1
        row = (f"k{self.n}", NOW_US, NOW_US + ready_s * S, message, NOW_US if settled else None)
        self.store.write(
            lambda db: db.execute(
                "INSERT INTO notices (key, kind, alarm, addressee, created_us, ready_us, message, settled_us)"
                " VALUES (?, 'alarm', 1, 'recipient/1', ?, ?, ?, ?)",
                row,
            )
        )

    def message(self, created_s: int, *, tries: int = 0, sent: bool = False, over: bool = False) -> int:
        self.n += 1
        us = NOW_US + created_s * S
        row = (f"m{self.n}", us, None if sent or over else NOW_US, tries, us if sent else None)

        def job(db: Database) -> int:
            cursor = db.execute(
                "INSERT INTO messages (key, addressee, created_us, next_us, tries, sent_us)"
                " VALUES (?, 'recipient/1', ?, ?, ?, ?)",
                row,
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

        return self.store.write(job)

    @property
    def backlog(self) -> Backlog:
        with self.store.read() as db:
            return delivery.backlog(db, now_us=NOW_US)


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store)


def test_an_empty_outbox_has_nothing_unsent(outbox: Outbox) -> None:
    assert outbox.backlog == Backlog(unsent_age_s=None, failing=0)


def test_a_notice_is_unsent_from_the_moment_on_at_which_it_may_go(outbox: Outbox) -> None:
    outbox.notice(ready_s=1)
    assert outbox.backlog.unsent_age_s is None, "it waits for others that may join it"
    outbox.notice(ready_s=-40)
    assert outbox.backlog == Backlog(unsent_age_s=40.0, failing=0)
    outbox.notice(ready_s=-90, settled=True)
    assert outbox.backlog.unsent_age_s == 40.0, "nobody needs the older one any more"


def test_a_message_is_unsent_until_it_is_out_and_failing_once_it_was_tried(outbox: Outbox) -> None:
    outbox.message(-300, tries=2, sent=True)
    outbox.message(-200, tries=5, over=True)
    assert outbox.backlog == Backlog(unsent_age_s=None, failing=0)
    waiting = outbox.message(-20)
    outbox.notice(-90, message=waiting)
    assert outbox.backlog == Backlog(unsent_age_s=20.0, failing=0)
    outbox.message(-100, tries=3)
    assert outbox.backlog == Backlog(unsent_age_s=100.0, failing=1)


def test_a_clock_that_went_back_makes_no_negative_age(outbox: Outbox) -> None:
    outbox.message(+3600)
    assert outbox.backlog.unsent_age_s == 0.0


def test_only_what_waits_is_looked_at(store: Store) -> None:
    with store.read() as db:
        for sql, values in ((delivery._OLDEST_MESSAGE, ()), (delivery._OLDEST_NOTICE, (1,))):
            steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            assert any("messages_next" in step or "notices_waiting" in step for step in steps), steps
