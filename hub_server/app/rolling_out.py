"""The thread that takes rollouts from stage to stage. What it knows is in the store: a restart goes on where it was."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlite_utils import Database

from hub_server.app.rollout_rules import Advance, Fail, Finish, Move, Wait, gone, judge
from hub_server.store import courses, observing, rollout_steps, rollouts
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.rollouts import Part, PartState, Rollout
from hub_server.store.store import Store
from hub_server.watch.coverage import WATCHING

LOOK_S: Final = 5.0
_log = logging.getLogger(__name__)


class RollingOut:
    """`listening_since_s`: since when the broker passes on what devices say; None: not, and then nobody is judged."""

    def __init__(self, *, store: Store, listening_since_s: Callable[[], float | None], look_s: float = LOOK_S) -> None:
        self._store = store
        self._listening_since_s = listening_since_s
        self._look_s = look_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rollouts", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def look(self) -> None:
        """At every rollout that runs. Raises StoreError."""
        with self._store.read() as db:
            found = rollouts.running(db)
        for row in found:
            self._look_at(row)

    def _look_at(self, row: Rollout) -> None:
        now_us = self._store.now_us()
        listening = self._listening_since_s() is not None
        with self._store.read() as db:
            parts = rollouts.parts(db, row.id)
            blind_us = _blind_us(db, parts, now_us)
        if not listening:  # nobody knows who is there: the time does not run
            here = {part.device: None for part in parts if part.gone_us is not None}
            if here:
                self._store.write(lambda db: rollout_steps.note_gone(db, row.id, here), urgent=False)
            return
        changed = gone(parts, now_us)
        move = judge(row, parts, blind_us=blind_us, now_us=now_us)
        if changed or not (isinstance(move, Wait) and move.since_us == row.since_us):
            self._store.write(lambda db: _make(db, row, changed, move, now_us), urgent=False)

    def _run(self) -> None:
        while not self._stopping.wait(self._look_s):
            try:
                self.look()
            except StoreClosedError:
                return
            except (StoreError, sqlite3.Error) as error:
                _log.warning("rollouts wait: %s", error)
            except Exception:  # noqa: BLE001 the root of the thread: one bad moment must not leave rollouts unwatched
                _log.exception("rollouts stumbled; they go on")


def _make(db: Database, row: Rollout, changed: Mapping[str, int | None], move: Move, now_us: int) -> None:
    rollout_steps.note_gone(db, row.id, changed)
    if rollouts.get(db, row.id) != row:
        return  # somebody was faster: the next look sees how it stands
    match move:
        case Wait(since_us=since_us):
            rollout_steps.note_well(db, row.id, since_us=since_us)
        case Advance():
            rollout_steps.advance(db, row.id, now_us=now_us)
            _log.info("rollout %d: stage %d begins", row.id, row.stage + 1)
        case Finish():
            rollout_steps.finish(db, row.id, now_us=now_us)
            _log.info("rollout %d is done", row.id)
        case Fail(detail=detail):
            rollout_steps.fail(db, row.id, detail=detail, now_us=now_us)
            _log.error("rollout %d stops: %s", row.id, detail)


def _blind_us(db: Database, parts: Sequence[Part], now_us: int) -> dict[str, int]:
    """For how long, since each has it, the cameras of a device told that they do not watch; the worst of them."""
    since = {part.device: part.held_us for part in parts if part.state is PartState.HELD and part.held_us is not None}
    found: dict[str, int] = {}
    for device, words in courses.last_words(db, since, now_us=now_us).items():
        for word in words:
            told = observing.between(db, device=device, camera=word.camera, from_us=since[device], until_us=now_us)
            spent_us = sum(part.ended_us - max(part.began_us, since[device]) for part in told if part.state != WATCHING)
            found[device] = max(found.get(device, 0), spent_us)
    return found
