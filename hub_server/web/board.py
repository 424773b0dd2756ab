"""The office's state as streams send it: rows encoded once for all, each with the area and grid that it names.

A stream has a view: how far it reaches, and whether it shows contacts as they are. What is sent whole (alerts, alarms,
the office in a sentence) is made once for each view there is.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlite_utils import Database

from hub_server.store import alarms
from hub_server.store.alarms import OF_EQUIPMENT, Alarm
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.store import Store
from hub_server.web import ladder_resources, masking, resources, snapshot
from hub_server.web.outlook import Watching, outlook, runs
from hub_server.web.snapshot import Named

VIEWS_MAX: Final = 80  # whose whole parts are kept; one that is asked for again later is sent whole again
_ORDER: Final = ("alerts", "alarms", "devices", "watches", "gates", "office")
_OF_EQUIPMENT: Final = ("alarms", "devices")


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What a stream shows."""

    reach: Reach = EVERYWHERE
    clear: bool = True  # contacts of alerts that are not closed as they are, else masked
    people: bool = True  # False: equipment only


EVERYTHING: Final = View()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """One row of a table. `tick`: of its last change."""

    tick: int
    named: Named
    encoded: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Alert:
    """One that is not closed, as whoever handles it sees it and as the others do."""

    named: Named
    shape: resources.Alert
    clear: bytes
    masked: bytes


@dataclass(kw_only=True, slots=True)
class _Whole:
    """What is sent whole to one view: name -> (tick of change, JSON)."""

    parts: dict[str, tuple[int, bytes]]
    tick: int = -1


class Board:
    """Not for several threads at once. A tick is one look at the store; it rises from look to look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tick = 0
        self._alerts: list[_Alert] = []
        self._alarms: list[tuple[Alarm, ladder_resources.Alarm]] = []
        self._running: Counter[Named] = Counter()  # watches by area and grid
        self._devices: Counter[tuple[Named, bool]] = Counter()  # the same; True: online
        self._said: tuple[Mapping[str, object], int] = ({"status": "ok"}, 0)  # the hub's health, and when, in s
        self._tables: dict[str, dict[object, _Row]] = {}  # name -> key -> row; what changed last stands last
        self._wholes: OrderedDict[View, _Whole] = OrderedDict()  # the least recently asked for first

    def look_at_alerts(self, db: Database, *, tick: int) -> None:
        """Alerts and alarms, which must be on every page soon."""
        self._tick = tick
        self._alerts = [_alert(named, shape) for named, shape in snapshot.placed_alerts(db)]
        self._alarms = [(row, snapshot.alarm(db, row)) for row in alarms.open(db)]

    def look_at_tables(self, db: Database, *, tick: int, now_us: int, health: Mapping[str, object]) -> None:
        """Every device, watch and gate."""
        self._tick = tick
        devices, watches = snapshot.all_devices(db), snapshot.all_watches(db, now_us=now_us)
        self._put("devices", ((named, device["id"], device) for named, device in devices))
        self._put("watches", ((named, watch["id"], watch) for named, watch in watches))
        self._put("gates", ((named, gate["id"], gate) for named, gate in snapshot.all_gates(db, now_us=now_us)))
        self._running = Counter(named for named, watch in watches if runs(watch))
        self._devices = Counter((named, device["online"]) for named, device in devices)
        self._said = (health, now_us // 1_000_000)

    def changed(self, since_tick: int, view: View) -> tuple[bytes, ...]:
        """Server-sent events of what changed after that look, in parts: the rows themselves are not copied."""
        whole = self._whole(view)
        parts: list[bytes] = []
        for name in _ORDER if view.people else _OF_EQUIPMENT:
            if name not in whole:
                rows = _since(self._tables.get(name, {}), since_tick)
                news = [row.encoded for row in rows if view.reach.covers(*row.named)]
                parts += _frame(name, [b"[", *_joined(news), b"]"]) if news else []
            elif whole[name][0] > since_tick:
                parts += _frame(name, [whole[name][1]])
        return tuple(parts)

    def _put(self, name: str, found: Iterable[tuple[Named, object, object]]) -> None:
        """What is found is the whole table: nobody who comes is shown what is in it no longer."""
        rows = self._tables.setdefault(name, {})
        gone = set(rows)
        for named, key, value in found:
            gone.discard(key)
            encoded, known = msgspec.json.encode(value), rows.get(key)
            if known is None or known.encoded != encoded or known.named != named:
                rows.pop(key, None)
                rows[key] = _Row(tick=self._tick, named=named, encoded=encoded)
        for key in gone:
            del rows[key]

    def _whole(self, view: View) -> Mapping[str, tuple[int, bytes]]:
        if view not in self._wholes and len(self._wholes) >= VIEWS_MAX:
            self._wholes.popitem(last=False)
        whole = self._wholes.setdefault(view, _Whole(parts={}))
        self._wholes.move_to_end(view)
        if whole.tick != self._tick:
            whole.tick = self._tick
            for name, encoded in self._made(view).items():
                if name not in whole.parts or whole.parts[name][1] != encoded:
                    whole.parts[name] = (self._tick, encoded)
        return whole.parts

    def _made(self, view: View) -> dict[str, bytes]:
        kinds = alarms.ALL_KINDS if view.people else OF_EQUIPMENT
        troubles = [shape for row, shape in self._alarms if row.kind in kinds and row.concerns(view.reach)]
        made = {"alarms": msgspec.json.encode(troubles)}
        if not view.people:
            return made
        found = self._alerts_within(view.reach)
        health, now_s = self._said
        state = outlook(
            alerts=[alert.shape for alert in found],
            alarms=troubles,
            watching=self._watching(view.reach),
            health=health,
            now_s=now_s,
        )
        shown = [alert.clear if view.clear else alert.masked for alert in found]
        return {**made, "alerts": b"[%s]" % b",".join(shown), "office": msgspec.json.encode(state.json())}

    def _alerts_within(self, reach: Reach) -> list[_Alert]:
        if reach.areas is not None and len(self._alerts) >= PAGE_ROWS_MAX:
            # Of very many only the newest were read, and theirs may not be among them.
            with self._store.read() as db:
                return [_alert(named, shape) for named, shape in snapshot.placed_alerts(db, reach=reach)]
        return [alert for alert in self._alerts if reach.covers(*alert.named)]

    def _watching(self, reach: Reach) -> Watching:
        devices = [(online, count) for (named, online), count in self._devices.items() if reach.covers(*named)]
        return Watching(
            running=sum(count for named, count in self._running.items() if reach.covers(*named)),
            devices=sum(count for _, count in devices),
            online=sum(count for online, count in devices if online),
        )


def _alert(named: Named, shape: resources.Alert) -> _Alert:
    return _Alert(
        named=named,
        shape=shape,
        clear=msgspec.json.encode(shape),
        masked=msgspec.json.encode(masking.masked_alert(shape)),
    )


def _since(rows: dict[object, _Row], tick: int) -> list[_Row]:
    """Those that changed after it, in their order; the others are not looked at."""
    found: list[_Row] = []
    for row in reversed(rows.values()):
        if row.tick <= tick:
            break
        found.append(row)
    return found[::-1]


def _joined(rows: Iterable[bytes]) -> Iterator[bytes]:
    for place, row in enumerate(rows):
        if place:
            yield b","
        yield row


def _frame(name: str, data: Iterable[bytes]) -> list[bytes]:
    return [b"event: %s\ndata: " % name.encode(), *data, b"\n\n"]
