"""What scripts/bench_ingest measures the hub against: prepared payloads, a bare subscriber, bare commits, naive code.

As a program: ingest_ceilings.py belt|stock|naive PORT USERNAME SECRET SITE FOLDER subscribes, says "ready", and appends
to FOLDER/counts lines of monotonic time and messages taken, until it is ended.
"""

import json
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from fleet_wire import Loop, Place, Wire
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.wire.codec import decode_down, decode_up, encode_event, item
from edge_agent.wire.limits import WINDOW_EVENTS_MAX
from edge_agent.wire.messages import Ack, Batch, Hello, Passage, Replay, Sighting, Stamp, Welcome, wire_bytes
from edge_agent.wire.topics import Channel, all_devices
from edge_agent.wire.transport import send_at_once
from hub_server.ingest.pump import BurstClient, Pump
from hub_server.ingest.reading import Received, read
from hub_server.ingest.worker import HOLD_S
from hub_server.store.connection import open_writer
from hub_server.store.events import NewEvent
from hub_server.store.store import now_us

EPOCH: Final = "0123456789abcdef0123456789abcdef"
RESIDENT_EVERY: Final = 4  # every fourth passage is of somebody who is watched over
COUNT_EVERY_S: Final = 0.02
AHEAD_MAX: Final = 3_000  # messages that a bare subscriber has not counted yet: enough to keep it busy


class Payloads:
    """The batches of one device, each with its last place: always the same, so that any can be sent again."""

    def __init__(self, device: str, *, batch: int, residents: int, prepared: int = 0) -> None:
        """The first `prepared` events are made now, the rest when it is asked for."""
        self.device = device
        self.batch = batch
        self._residents = residents
        self._boot, self._at_us = secrets.token_hex(16), now_us() - 10**9
        self._made = [self._make(index) for index in range(prepared // batch)]

    @property
    def prepared(self) -> list[bytes]:
        return self._made

    def __getitem__(self, index: int) -> bytes:
        return self._made[index] if index < len(self._made) else self._make(index)

    def _make(self, index: int) -> bytes:
        places = range(index * self.batch + 1, (index + 1) * self.batch + 1)
        items = [item(seq, encode_event(_passage(seq, self._boot, self._at_us, self._residents))) for seq in places]
        return wire_bytes(Batch(device=self.device, epoch=EPOCH, items=items))


def _passage(seq: int, boot: str, at_us: int, people: int) -> Passage:
    sighting = None
    if seq % RESIDENT_EVERY == 0:
        person = f"resident-{seq // RESIDENT_EVERY % people}"
        sighting = Sighting(person=person, score=0.97, margin=0.2, frames=12, strict=True, embedder="bench")
    stamp = Stamp(boot=boot, mono_us=seq, wall_us=at_us + seq, synced=True)
    return Passage(captured=stamp, camera="east", duration_ms=4250, frames=31, sighting=sighting)


class Feeder:
    """Publishes as fast as the hub acknowledges; for a bare subscriber the prepared payloads, round and round."""

    def __init__(self, place: Place, loop: Loop, payloads: Payloads, *, acked: bool) -> None:
        self.ready = False
        self.done = 0  # events that the hub has acknowledged
        self.sent = 0  # payloads
        self._payloads = payloads
        self._acked = acked
        self._place = place
        self._loop = loop
        self._wire = Wire(place, on_open=self._opened, on_payload=self._heard, on_lost=self._lost)
        self._wire.open()
        loop.add(self._wire)

    @property
    def used_up(self) -> bool:
        """What is sent now has to be made first, which slows down whoever sends."""
        return self._acked and self.sent >= len(self._payloads.prepared)

    def push(self, room: int) -> None:
        """At most `room` payloads; with acks no more than the protocol's window."""
        while self.ready and room > 0 and self._in_window():
            index = self.sent if self._acked else self.sent % len(self._payloads.prepared)
            self._wire.send(self._payloads[index])
            self.sent += 1
            room -= 1

    def close(self) -> None:
        self._loop.drop(self._wire)
        self._wire.close()

    def _in_window(self) -> bool:
        return not self._acked or (self.sent + 1) * self._payloads.batch <= self.done + WINDOW_EVENTS_MAX

    def _opened(self) -> None:
        if not self._acked:
            self.ready = True
            return
        hello = Hello(device=self._place.device, epoch=EPOCH, oldest=1, last=0, agent="bench/1")
        self._wire.send(wire_bytes(hello))

    def _heard(self, payload: bytes) -> None:
        message = decode_down(payload)
        if isinstance(message, Welcome):
            self.ready = True
        elif isinstance(message, Ack):
            self.done = max(self.done, message.high)
        elif isinstance(message, Replay):
            self.sent = (message.from_seq - 1) // self._payloads.batch
        else:
            raise SystemExit(f"instead of an ack came {message}")

    def _lost(self) -> None:
        raise SystemExit(f"{self._place.device} lost its broker")


def newest_count(file: Path) -> int:
    """What the subscriber had taken when it last wrote it down."""
    lines = file.read_bytes().rsplit(b"\n", 2) if file.exists() else []
    return int(lines[-2].split()[1]) if len(lines) > 1 and b" " in lines[-2] else 0


def rows_a_second(feeds: list[Payloads], *, data: Path, seconds: float) -> float:
    """Bare commits of the rows that these payloads become, each holding the store as long as the hub may: HOLD_S.

    `data`: a store whose tables are there already. Parsing and making the rows is not counted.
    """
    db = open_writer(data / "hub.sqlite3").conn
    columns = NewEvent.__struct_fields__
    insert = f"INSERT INTO events ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    made, spent_s, held_s, began_s = 0, 0.0, 0.0, time.monotonic()
    for events in _messages(feeds):
        rows = [tuple(getattr(event, name) for name in columns) for event in events]
        started_s = time.monotonic()
        if not db.in_transaction:
            db.execute("BEGIN IMMEDIATE")
            held_s = 0.0
        db.executemany(insert, rows)
        held_s += time.monotonic() - started_s
        if held_s >= HOLD_S:
            db.commit()
        spent_s += time.monotonic() - started_s
        made += len(rows)
        if time.monotonic() - began_s > seconds and not db.in_transaction:
            break
    db.close()
    return made / spent_s


def _messages(feeds: list[Payloads]) -> Iterator[list[NewEvent]]:
    """The devices take turns, as they do at the broker."""
    at_us = now_us()
    for turn in zip(*(feed.prepared for feed in feeds), strict=True):
        for feed, payload in zip(feeds, turn, strict=True):
            yield _events(feed.device, payload, at_us)


def _events(device: str, payload: bytes, at_us: int) -> list[NewEvent]:
    batch = decode_up(payload)
    assert isinstance(batch, Batch)
    return [read(Received(device=device, epoch=EPOCH, item=one, at_us=at_us)).event for one in batch.items]


# --- as a program: the subscriber of a ceiling ---


def subscribe(take: Callable[[bytes], None], words: list[str], *, bursts: bool) -> None:
    """Hand every message to `take`, and write down how many there were, until ended. `bursts`: read as the hub does."""
    port, username, secret, site, folder = words
    count = 0

    def took(_topic: str, payload: bytes, _retained: bool) -> None:  # noqa: FBT001 as the splitter calls it
        nonlocal count
        take(payload)
        count += 1

    client = (BurstClient if bursts else mqtt.Client)(
        CallbackAPIVersion.VERSION2, client_id=username, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
    )
    client.on_message = lambda _client, _data, message: took(message.topic, bytes(message.payload), message.retain)
    if isinstance(client, BurstClient):
        client.take = took
        client.on_socket_open = send_at_once
    client.username_pw_set(username, secret)
    client.max_inflight_messages_set(1000)
    client.on_connect = lambda client, *_: client.subscribe(all_devices(site, Channel.UP), qos=1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    pump = Pump(client, on_end=lambda: None) if bursts else None
    client.connect("127.0.0.1", int(port))
    if pump is None:
        client.loop_start()
    else:
        pump.start()
    with (Path(folder) / "counts").open("a") as counts:
        while True:
            time.sleep(COUNT_EVERY_S)
            counts.write(f"{time.monotonic()} {count}\n")
            counts.flush()


def naive(folder: Path) -> Callable[[bytes], None]:
    """Parse, insert, commit: a message at a time, as durable as the hub."""
    made: list[sqlite3.Connection] = []

    def take(payload: bytes) -> None:
        if not made:  # in the thread of the callbacks
            db = sqlite3.connect(folder / "naive.sqlite3")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute(
                "CREATE TABLE events (device TEXT, epoch TEXT, seq INTEGER, hash TEXT, body TEXT,"
                " PRIMARY KEY (device, epoch, seq))"
            )
            made.append(db)
        message = json.loads(payload)
        for one in message["items"]:
            made[0].execute(
                "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)",
                (message["device"], message["epoch"], one["seq"], one["hash"], json.dumps(one["event"])),
            )
        made[0].commit()

    return take


if __name__ == "__main__":
    take = naive(Path(sys.argv[-1])) if sys.argv[1] == "naive" else lambda _: None
    subscribe(take, sys.argv[2:], bursts=sys.argv[1] == "belt")
