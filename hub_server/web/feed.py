"""What the streams send: new events, and what changed on the board. The store is read once for all of them, at most
four times a second; of what was read each stream is given what lies within its reach.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
from sqlite_utils import Database

from hub_server.store import events
from hub_server.store.errors import StoreClosedError
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.reach import Reach
from hub_server.store.store import Store
from hub_server.web import resources, snapshot
from hub_server.web.board import EVERYTHING, Board, View
from hub_server.web.snapshot import Named

STREAMS_MAX = 80
TICK_S = 0.25  # between two frames of a stream, and between two looks at events and alerts
TABLES_S = 0.5  # between two looks at all devices and watches, at least
_TABLES_SHARE = 0.05  # of the time, at most, goes into those looks: a large office is looked at less often
RESTATE_S = 15.0  # time passes without a commit too: a pause ends, hours add up; also a stream's sign of life
RING_EVENTS = 1000  # kept encoded for everybody; a stream that is further behind reads the store itself
BACKLOG_BYTES = 512 * 1024  # of older events at once; PAGE_ROWS_MAX of them at most
_BACKLOGS = 8  # such pages are kept for the streams that stand at the same place, until the next look
_CHUNK_BYTES = 16 * 1024  # a client that reads slowly holds a copy of so much; the rest is shared
_WAIT_S = 1.0  # a stream looks this often whether it must end
_RETRY = b"retry: 2000\n\n"
_ALIVE = b": still here\n\n"


@dataclass(kw_only=True)
class Cursor:
    """How far one stream is."""

    event_id: int | None  # the last event it has; None: start with what comes from now on
    view: View = EVERYTHING
    tick: int = 0
    version: int = -1  # of the store; -1: do not wait, there is more


@dataclass(frozen=True, kw_only=True, slots=True)
class _Event:
    """One event as it goes out, and the area and grid of its device."""

    id: int
    named: Named
    frame: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Backlog:
    """Older events as frames; `through`: everything up to this id is in it, or is not within reach."""

    frames: list[bytes]
    through: int


@dataclass(kw_only=True)
class _Look:
    """When a part was read last, and what of the store it saw."""

    pace_s: float
    version: int = -1
    at_s: float = float("-inf")

    def due(self, version: int, now_s: float) -> bool:
        waited_s = now_s - self.at_s
        return waited_s >= RESTATE_S or (version != self.version and waited_s >= self.pace_s)


class Feed:
    """Shared by all streams of an application."""

    def __init__(self, store: Store, health: Callable[[], Mapping[str, object]]) -> None:
        self._store = store
        self._health = health
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._streams = 0
        self._tick = 0
        self._quick = _Look(pace_s=TICK_S)
        self._tables = _Look(pace_s=TABLES_S)
        self._ring: deque[_Event] = deque()
        self._ring_from = 0  # every event above this id, up to _ring_to, is in the ring
        self._ring_to: int | None = None
        self._board = Board(store)
        self._news_since: dict[tuple[int, View], tuple[bytes, ...]] = {}  # what changed after a tick: most ask the same
        self._reading = threading.Lock()  # older events are read and shaped for one stream at a time
        self._backlogs: dict[tuple[int, Reach], _Backlog] = {}  # event id -> what follows it

    def enter(self) -> bool:
        """Takes a place for one more stream; False when all are taken or the feed has ended."""
        with self._lock:
            if self._stopped.is_set() or self._streams >= STREAMS_MAX:
                return False
            self._streams += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._streams -= 1

    def stop(self) -> None:
        self._stopped.set()

    def frames(self, cursor: Cursor, may_stay: Callable[[], bool]) -> Iterator[bytes]:
        """Server-sent events until the hub stops or `may_stay`, asked every RESTATE_S, says no."""
        yield _RETRY
        spoke_s = asked_s = time.monotonic()
        while not (self._stopped.is_set() or self._store.changes.closed):
            if time.monotonic() - asked_s >= RESTATE_S:
                if not may_stay():
                    return
                asked_s = time.monotonic()
            try:
                news = self._news(cursor)
            except StoreClosedError:
                return
            if news or time.monotonic() - spoke_s >= RESTATE_S:
                yield from _chunks(news or [_ALIVE])
                spoke_s = time.monotonic()
            self._stopped.wait(TICK_S)
            self._store.changes.wait(cursor.version, _WAIT_S)

    def _news(self, cursor: Cursor) -> list[bytes]:
        view = cursor.view
        with self._lock:
            self._refresh()
            cursor.version = self._quick.version
            asked = (cursor.tick, view)
            if asked not in self._news_since:
                self._news_since[asked] = self._board.changed(*asked)
            board = self._news_since[asked]
            cursor.tick = self._tick
            assert self._ring_to is not None
            # Also for a start that lies ahead of us: it was taken from a store that has since been restored.
            after = min(self._ring_to if cursor.event_id is None else cursor.event_id, self._ring_to)
            behind = view.people and after < self._ring_from
            found = [] if behind else self._new_events(after, view)
            cursor.event_id = after if behind else self._ring_to
        if behind:
            backlog = self._older(cursor, after)
            found, cursor.event_id = backlog.frames, backlog.through
        return [*found, *board]

    def _new_events(self, after: int, view: View) -> list[bytes]:
        if not view.people:
            return []
        return [event.frame for event in self._ring if event.id > after and view.reach.covers(*event.named)]

    def _older(self, cursor: Cursor, after: int) -> _Backlog:
        cursor.version = -1
        asked = (after, cursor.view.reach)
        with self._reading:
            kept = self._backlogs  # _refresh, in another thread, may put a fresh one in its place
            if asked not in kept:
                if len(kept) >= _BACKLOGS:
                    kept.clear()
                kept[asked] = self._read_older(*asked)
            return kept[asked]

    def _read_older(self, after: int, reach: Reach) -> _Backlog:
        with self._store.read() as db:
            last = events.last_id(db)  # before the look: what is stored meanwhile is not passed over
            rows = events.page(db, after=after, before=None, limit=PAGE_ROWS_MAX, reach=reach)
            shaped = snapshot.shaped(db, rows)
        frames: list[bytes] = []
        bytes_ = 0
        for row in shaped:
            frames.append(_event_frame(row))
            bytes_ += len(frames[-1])
            if bytes_ >= BACKLOG_BYTES:
                break
        is_all = len(frames) == len(rows) < PAGE_ROWS_MAX
        reached = shaped[len(frames) - 1]["id"] if frames else after
        return _Backlog(frames=frames, through=max(last, reached) if is_all else reached)

    def _refresh(self) -> None:
        now_s = time.monotonic()
        version = self._store.changes.version  # before the look: what is committed meanwhile is seen twice, not never
        quick, tables = self._quick.due(version, now_s), self._tables.due(version, now_s)
        if not (quick or tables):
            return
        self._tick += 1
        self._news_since.clear()
        self._backlogs = {}
        with self._store.read() as db:
            if quick:
                self._load_events(db)
                self._board.look_at_alerts(db, tick=self._tick)
                self._quick.version, self._quick.at_s = version, now_s
            if tables:
                self._board.look_at_tables(db, tick=self._tick, now_us=self._store.now_us(), health=self._health())
                self._tables.version, self._tables.at_s = version, now_s
                self._tables.pace_s = max(TABLES_S, (time.monotonic() - now_s) / _TABLES_SHARE)

    def _load_events(self, db: Database) -> None:
        last = events.last_id(db)
        if self._ring_to is None or last - self._ring_to > RING_EVENTS:
            self._ring.clear()
            self._ring_from = self._ring_to = last
        while rows := events.page(db, after=self._ring_to, before=None, limit=PAGE_ROWS_MAX):
            for row, shape in zip(rows, snapshot.shaped(db, rows), strict=True):
                named = (row.device_area, row.device_grid)
                self._ring.append(_Event(id=row.id, named=named, frame=_event_frame(shape)))
            self._ring_to = rows[-1].id
        while len(self._ring) > RING_EVENTS:
            self._ring_from = self._ring.popleft().id


def _event_frame(event: resources.Event) -> bytes:
    return b"id: %d\nevent: event\ndata: %s\n\n" % (event["id"], msgspec.json.encode(event))


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in pieces that are worth a write each and no larger than they must be."""
    gathered: list[bytes] = []
    bytes_ = 0
    for part in parts:
        gathered.append(part)
        bytes_ += len(part)
        if bytes_ >= _CHUNK_BYTES:
            yield b"".join(gathered)
            gathered, bytes_ = [], 0
    if gathered:
        yield b"".join(gathered)
