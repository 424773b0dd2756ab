"""The job of retention: what is older than its class is kept goes, in small transactions between which ingest goes on.

Rows are looked for by a reader, in many; the writer is given few at a time, and each transaction asks again whether
they may go. How many that are follows from how long the last took.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.store import audit, expired_rows, retention
from hub_server.store.errors import NotFoundError
from hub_server.store.expired_events import EVENT_RULES, EventRule
from hub_server.store.expired_rows import ROW_RULES, RowRule
from hub_server.store.retention import DataClass, Kept
from hub_server.store.store import Store

FOUND_MAX: Final = 20_000
"""Rows that one look finds."""
TRANSACTION_S: Final = 0.008
"""What one transaction aims at; DESIGN allows ingest, and so this, 20 ms."""
AT_ONCE_MIN: Final = 8
AT_ONCE_MAX: Final = 400
STEP_US_MAX: Final = 31 * retention.DAY_US
"""So much further than the last run goes the next by itself: a clock that is years ahead must not empty the store."""
_BEGIN: Final = 32
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What one run did. `done` False: its time was over, or it was told to stop; the next one goes on.

    `held_ms_max`: the longest that one transaction held the writer, without its commit; `held_ms`: all together.
    """

    rows: dict[DataClass, int]  # those in which there was anything
    transactions: int
    held_ms: float
    held_ms_max: float
    took_ms: float
    done: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One class of one run."""

    data_class: DataClass
    before_us: int
    now_us: int

    def record(self, db: Database, rows: int = 1) -> None:
        retention.record(db, self.data_class, before_us=self.before_us, rows=rows, now_us=self.now_us)


class Expiry:
    """One run. `erase` erases a person for good, keys and all (`Custody.erase_person`)."""

    def __init__(
        self,
        store: Store,
        *,
        erase: Callable[[str], object],
        within_s: float,
        wait: Callable[[float], bool] = lambda _s: False,
        step_us_max: int | None = None,
    ) -> None:
        """`wait` waits for so many seconds at most and says whether to stop: between transactions others have a turn.

        `step_us_max`: see STEP_US_MAX; None when somebody asks for the run.
        """
        self._store = store
        self._erase = erase
        self._wait = wait
        self._step_us_max = step_us_max
        self._ends_s = time.monotonic() + within_s
        self._stopped = False
        self._at_once = _BEGIN
        self._transactions = 0
        self._held_s = self._held_s_max = 0.0

    def run(self) -> Ran:
        """Every class, in the order of `DataClass`. Raises StoreError."""
        began_s, deleted = time.monotonic(), {}
        with self._store.read() as db:
            classes = retention.in_force(db)
        now_us = self._store.now_us()
        for kept in classes:
            if self._is_over():
                break
            rows = self._expire(kept, now_us)
            if rows:
                deleted[kept.data_class] = rows
        return Ran(
            rows=deleted,
            transactions=self._transactions,
            held_ms=self._held_s * 1000,
            held_ms_max=self._held_s_max * 1000,
            took_ms=(time.monotonic() - began_s) * 1000,
            done=not self._is_over(),
        )

    def _expire(self, kept: Kept, now_us: int) -> int:
        before_us = self._before_us(kept, now_us)
        part = _Part(data_class=kept.data_class, before_us=before_us, now_us=now_us)
        if before_us < kept.before_us(now_us):
            self._store.write(lambda db: part.record(db, 0))  # so that the next run goes further
        rows = sum(self._apply(rule, part) for rule in _rules(kept.data_class))
        if kept.data_class is DataClass.REMOVED:
            rows += self._erase_removed(part)
        if kept.data_class is DataClass.AUDIT:
            rows += self._cut_audit(part)
        if rows:
            detail = {"class": kept.data_class.value, "rows": rows, "days": kept.days}
            self._store.write(
                lambda db: audit.append(
                    db, actor=audit.HUB, action="retention.delete", subject=None, detail=detail, now_us=now_us
                )
            )
            _log.info("retention: %d rows of %s older than %d days are deleted", rows, kept.data_class, kept.days)
        return rows

    def _before_us(self, kept: Kept, now_us: int) -> int:
        before_us = kept.before_us(now_us)
        if self._step_us_max is None:
            return before_us
        with self._store.read() as db:
            last_us = retention.last_before_us(db, kept)
        return before_us if last_us is None else min(before_us, last_us + self._step_us_max)

    def _apply(self, rule: EventRule | RowRule, part: _Part) -> int:
        """Until nothing is found, or nothing of what is found goes."""
        rows = 0
        while not self._is_over():
            with self._store.read() as db:
                found = rule.find(db, before_us=part.before_us, limit=FOUND_MAX)
            gone = self._delete(rule, list(found), part)
            rows += gone
            if len(found) < FOUND_MAX or gone == 0:
                break
        return rows

    def _delete(self, rule: EventRule | RowRule, found: list[int | str], part: _Part) -> int:
        rows = first = 0
        while first < len(found) and not self._is_over():
            portion = found[first : first + self._at_once]
            first += len(portion)
            rows += self._in_turn(part, lambda db, some=portion: rule.delete(db, some, before_us=part.before_us))  # type: ignore[misc]
        return rows

    def _erase_removed(self, part: _Part) -> int:
        """One after the other, each as a person's own erasure is: custody's line, keys, rows, receipts."""
        with self._store.read() as db:
            people = expired_rows.removed_people(db, before_us=part.before_us, limit=FOUND_MAX)
        rows = 0
        for person in people:
            if self._is_over():
                break
            try:
                self._erase(person)
            except NotFoundError:
                continue  # somebody else was quicker
            self._store.write(part.record)
            rows += 1
        return rows

    def _cut_audit(self, part: _Part) -> int:
        with self._store.read() as db:
            below = audit.expired_below(db, before_us=part.before_us)
        if below is not None:
            self._store.write(lambda db: audit.cut(db, below=below, now_us=part.now_us))
        rows = 0
        while not self._is_over():
            gone = self._in_turn(part, lambda db: audit.drop(db, limit=self._at_once))
            rows += gone
            if gone == 0:
                break
        return rows

    def _in_turn(self, part: _Part, job: Callable[[Database], int]) -> int:
        """One transaction behind whatever waits, and a pause as long as it held the writer."""
        held_s = 0.0

        def timed(db: Database) -> int:
            nonlocal held_s
            began_s = time.monotonic()
            rows = job(db)
            if rows:
                part.record(db, rows)
            held_s = time.monotonic() - began_s
            return rows

        rows = self._store.write(timed, urgent=False)
        self._transactions += 1
        self._held_s += held_s
        self._held_s_max = max(self._held_s_max, held_s)
        self._at_once = _next_portion(self._at_once, held_s)
        self._stopped = self._wait(held_s) or self._stopped
        return rows

    def _is_over(self) -> bool:
        return self._stopped or time.monotonic() >= self._ends_s


def _rules(data_class: DataClass) -> list[EventRule | RowRule]:
    """What of it lies in events, then in other tables."""
    event = EVENT_RULES.get(data_class)
    return [*([] if event is None else [event]), *ROW_RULES.get(data_class, ())]


def _next_portion(rows: int, held_s: float) -> int:
    """As many as would have taken TRANSACTION_S, never more than twice as many as before."""
    wanted = rows * 2 if held_s <= 0 else int(rows * min(2.0, TRANSACTION_S / held_s))
    return max(AT_ONCE_MIN, min(AT_ONCE_MAX, wanted))
