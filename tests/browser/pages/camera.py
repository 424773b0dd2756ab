"""A device as any program may be one: by what PROTOCOL.md says, and nothing of the agent's inside."""

import hashlib
import json
import queue
import secrets
import time
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from office_hub import OfficeHub
from paho.mqtt.enums import CallbackAPIVersion

_PATIENCE_S = 10
_UPTIME_US = 90 * 24 * 3600 * 1_000_000  # of the device; so that yesterday is of the same boot


class Camera:
    """One of the seeded devices, connected while the block lasts: what it says is at the hub when the call returns."""

    def __init__(self, office: OfficeHub, device: str) -> None:
        self._device = device
        self._epoch, self._boot = secrets.token_hex(16), secrets.token_hex(16)
        self._topic = f"shouwang/v1/{office.hub.site}/{device}"
        self._next = 1
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device)
        self._client.username_pw_set(device, office.device_secrets[device])
        self._client.on_connect = self._connected
        self._client.on_message = lambda _client, _data, message: self._answers.put(json.loads(message.payload))
        self._client.connect("127.0.0.1", office.hub.broker_port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._hear("welcome")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def saw(self, person: str | None, *, s_ago: float = 0) -> None:
        """Somebody walked by: this person, sure enough for the watch; None: a stranger."""
        sighting = {"score": 0.97, "margin": 0.2, "frames": 12, "strict": True, "embedder": "example"}
        self._say({
            "type": "passage", "camera": "door", "duration_ms": 4250, "frames": 31, "captured": self._stamp(s_ago),
            "sighting": None if person is None else {"person": person, **sighting},
        })  # fmt: skip

    def watched(self, state: str, *, began_s_ago: float, ended_s_ago: float = 0, cause: str | None = None) -> None:
        """What the camera did in that time: watching, blind, covered, frozen or no_inference."""
        self._say({
            "type": "observing", "camera": "door", "state": state, "cause": cause,
            "began": self._stamp(began_s_ago), "ended": self._stamp(ended_s_ago),
        })  # fmt: skip

    def proved(self) -> None:
        """A technician has stood there and filed a pass sheet, one finding of which is bad."""
        self._say({
            "type": "pass_sheet", "camera": "door", "at": self._stamp(60), "by": "王师傅", "findings": [
                {"check": "light", "outcome": "ok", "found": "112 of 255", "found_zh": "亮度 112（满 255）"},
                {"check": "relay", "outcome": "fail", "found": "no gpiozero", "advice": "install python3-gpiozero"},
            ],
        })  # fmt: skip

    def _say(self, event: dict[str, Any]) -> None:
        body = json.dumps(event)
        item = {"seq": self._next, "hash": hashlib.sha256(body.encode()).hexdigest(), "event": json.loads(body)}
        self._next += 1
        self._send({"type": "batch", "device": self._device, "epoch": self._epoch, "items": [item]})
        answer = self._hear("ack")
        assert answer["high"] == item["seq"], answer

    def _stamp(self, s_ago: float) -> dict[str, Any]:
        back_us = int(s_ago * 1_000_000)
        wall_us = time.time_ns() // 1000 - back_us
        return {"boot": self._boot, "mono_us": _UPTIME_US - back_us, "synced": True, "wall_us": wall_us}

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(f"{self._topic}/ack", qos=1)
        status = {"type": "status", "device": self._device, "state": "online", "agent": "example/1"}
        client.publish(f"{self._topic}/status", json.dumps(status), qos=1, retain=True)
        hello = {"type": "hello", "oldest": 1, "last": 0, "agent": "example/1"}
        self._send({**hello, "device": self._device, "epoch": self._epoch})

    def _send(self, message: dict[str, Any]) -> None:
        self._client.publish(f"{self._topic}/up", json.dumps(message), qos=1)

    def _hear(self, kind: str) -> dict[str, Any]:
        while True:
            answer = self._answers.get(timeout=_PATIENCE_S)
            if answer["type"] == kind:
                return answer
            assert answer["type"] in {"ack", "welcome"}, answer
