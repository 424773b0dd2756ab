"""Simulated devices for scripts/bench_hub: each speaks the real protocol to a real broker, with its window full."""

import hashlib
import json
import queue
import secrets
import threading
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.wire.codec import decode_down
from edge_agent.wire.limits import WINDOW_EVENTS_MAX
from edge_agent.wire.messages import Ack, Replay, Welcome
from edge_agent.wire.topics import Address, Channel

BATCH_EVENTS: Final = 20  # what an agent sends that drains; a quiet one sends single events
RESIDENT_EVERY: Final = 4  # every fourth passage is of somebody who is watched over
WAIT_S: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the broker is, and as whom a device connects."""

    host: str
    port: int
    site: str
    device: str
    secret: str


class LoadDevice:
    """Sends passages as fast as the hub acknowledges them, until told to end. One thread, and paho's."""

    def __init__(self, place: Place, *, people: list[str], now_us: int) -> None:
        self.acked = 0
        self.failure: BaseException | None = None
        self._address = Address(site=place.site, device=place.device)
        self._place = place
        self._people = people
        self._now_us = now_us
        self._epoch = secrets.token_hex(16)
        self._boot = secrets.token_hex(16)
        self._heard: queue.Queue[Any] = queue.Queue()
        self._ending = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=place.device, reconnect_on_failure=False)
        self._client.username_pw_set(place.device, place.secret)
        self._client.max_inflight_messages_set(1000)
        self._client.on_subscribe = lambda *_: self._heard.put("subscribed")
        self._client.on_connect = lambda client, *_: client.subscribe(self._address.topic(Channel.ACK), qos=1)
        self._client.on_message = lambda _client, _data, message: self._heard.put(decode_down(bytes(message.payload)))
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Raises what went wrong."""
        self._ending.set()
        self._thread.join(WAIT_S)
        if self.failure is not None:
            raise RuntimeError(f"{self._place.device}: {self.failure!r}") from self.failure

    def _run(self) -> None:
        try:
            self._client.connect(self._place.host, self._place.port)
            self._client.loop_start()
            self._heard.get(timeout=WAIT_S)
            self._say({"type": "hello", "epoch": self._epoch, "oldest": 1, "last": 0, "agent": "bench/1"})
            self._push()
        except Exception as error:  # noqa: BLE001 the root of the thread: stop() raises it
            self.failure = error
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _push(self) -> None:
        sent, welcome = 0, self._heard.get(timeout=WAIT_S)
        if not isinstance(welcome, Welcome):
            raise TypeError(f"instead of a welcome came {welcome}")
        while not self._ending.is_set():
            while sent + BATCH_EVENTS <= self.acked + WINDOW_EVENTS_MAX:
                items = [self._item(seq) for seq in range(sent + 1, sent + 1 + BATCH_EVENTS)]
                self._say({"type": "batch", "epoch": self._epoch, "items": items})
                sent += BATCH_EVENTS
            answer = self._heard.get(timeout=WAIT_S)
            if isinstance(answer, Ack):
                self.acked = max(self.acked, answer.high)
            elif isinstance(answer, Replay):
                sent = answer.from_seq - 1
            else:
                raise TypeError(f"instead of an ack came {answer}")

    def _item(self, seq: int) -> dict[str, object]:
        stamp = {"boot": self._boot, "mono_us": seq, "wall_us": self._now_us + seq, "synced": True}
        sighting = None
        if seq % RESIDENT_EVERY == 0:
            person = self._people[seq // RESIDENT_EVERY % len(self._people)]
            sighting = {
                "person": person, "score": 0.97, "margin": 0.2, "frames": 12, "strict": True, "embedder": "bench",
            }  # fmt: skip
        event = {
            "type": "passage", "captured": stamp, "camera": "east", "duration_ms": 4250, "frames": 31,
            "sighting": sighting,
        }  # fmt: skip
        return {"seq": seq, "hash": hashlib.sha256(json.dumps(event).encode()).hexdigest(), "event": event}

    def _say(self, message: dict[str, object]) -> None:
        payload = json.dumps({"device": self._place.device, **message})
        self._client.publish(self._address.topic(Channel.UP), payload, qos=1)
