"""How long an event takes from a device to every browser that looks: viewers of the stream while devices publish.

As a program: hub_live.py HOST PORT SITE EVENTS_PER_S SECONDS DEVICE=SECRET... publishes single events, evenly, and says
"ready" when every device is welcome. Each event carries the moment of its publishing: viewers share that clock.
"""

import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

from fleet_wire import Loop, Place, Wire
from hub_pages import Visitor, percentile
from ingest_ceilings import EPOCH

from edge_agent.wire.codec import decode_down, encode_event, item
from edge_agent.wire.messages import Batch, Hello, Passage, Stamp, Welcome, wire_bytes
from hub_server.store.store import now_us
from hub_server.web.auth import COOKIE

VIEWERS: Final = 50
EVENTS_PER_S: Final = 200
DEVICES: Final = 4
P99_MS_MAX: Final = 500.0
READY_S: Final = 30.0
AFTER_S: Final = 2.0  # that viewers wait for what is still on its way
_BOOT: Final = "0000000000000000000000000000bee5"
_FRAME: Final = re.compile(rb'"boot":"' + _BOOT.encode() + rb'","mono_us":(\d+),"wall_us":(\d+)')
_CHUNK: Final = 1 << 18


class Viewer:
    """One stream as it comes over the wire; only what this measurement has sent is looked at."""

    def __init__(self, address: tuple[str, int], visitor: Visitor) -> None:
        self.seen: set[int] = set()
        self.took_ms: list[float] = []
        self._rest = b""
        self.socket = socket.create_connection(address, timeout=READY_S)
        self.socket.sendall(
            b"GET /api/v1/stream HTTP/1.1\r\nHost: %s:%d\r\nCookie: %s=%s\r\n\r\n"
            % (address[0].encode(), address[1], COOKIE.encode(), visitor.token.encode())
        )
        head = self.socket.recv(_CHUNK)
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(f"a stream was refused: {head[:200]!r}")
        self.socket.setblocking(False)

    def read(self) -> None:
        """What is there now. The moment of its coming is that of this call."""
        data = self.socket.recv(_CHUNK)
        if not data:
            raise SystemExit("a stream has ended")
        at_us = now_us()
        whole = self._rest + data
        end = 0
        for found in _FRAME.finditer(whole):
            number = int(found[1])
            if number not in self.seen:
                self.seen.add(number)
                self.took_ms.append((at_us - int(found[2])) / 1000)
            end = found.end()
        self._rest = whole[max(end, len(whole) - 200) :]


def measure(
    address: tuple[str, int],
    visitor: Visitor,
    *,
    broker: tuple[str, int],
    site: str,
    secrets: dict[str, str],
    seconds: float,
) -> dict[str, Any]:
    """VIEWERS streams of this visitor while the devices publish EVENTS_PER_S together, for so long."""
    with ExitStack() as ending:
        viewers = [Viewer(address, visitor) for _ in range(VIEWERS)]
        for viewer in viewers:
            ending.enter_context(closing(viewer.socket))
        published = _publish(ending, broker, site, secrets, seconds)
        _watch(viewers, published, seconds + AFTER_S)
    count = int(published.communicate(timeout=READY_S)[0].split()[-1])
    took = sorted(ms for viewer in viewers for ms in viewer.took_ms)
    missing = sum(count - len(viewer.seen) for viewer in viewers)
    return {
        "viewers": VIEWERS,
        "events": count,
        "events_per_s": round(count / seconds, 1),
        "missing": missing,
        "p50_ms": round(percentile(took, 50), 1),
        "p95_ms": round(percentile(took, 95), 1),
        "p99_ms": round(percentile(took, 99), 1),
        "max_ms": round(took[-1], 1),
    }


def _publish(
    ending: ExitStack, broker: tuple[str, int], site: str, secrets: dict[str, str], seconds: float
) -> "subprocess.Popen[str]":
    """The program below, once it is ready."""
    named = [f"{device}={secret}" for device, secret in secrets.items()]
    words = [broker[0], str(broker[1]), site, str(EVENTS_PER_S), str(seconds), *named]
    process = subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True)
    ending.callback(process.wait)
    ending.callback(process.terminate)
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise SystemExit("the devices could not publish")
    return process


def _watch(viewers: Sequence[Viewer], published: "subprocess.Popen[str]", seconds: float) -> None:
    with selectors.DefaultSelector() as selector:
        for viewer in viewers:
            selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            for key, _ in selector.select(0.1):
                key.data.read()
        if published.poll() not in {None, 0}:
            raise SystemExit("the devices failed")


# --- as a program: the devices ---


class _Device:
    """Sends single events; says hello first. Does not wait for acks: what is asked again would be late."""

    def __init__(self, place: Place, loop: Loop) -> None:
        self.ready = False
        self.sent = 0
        self._place = place
        self._wire = Wire(place, on_open=self._opened, on_payload=self._heard, on_lost=_lost)
        self._wire.open()
        loop.add(self._wire)

    def publish(self, number: int) -> None:
        """An event of a stranger, captured now."""
        self.sent += 1
        stamp = Stamp(boot=_BOOT, mono_us=number, wall_us=now_us(), synced=True)
        raw = encode_event(Passage(captured=stamp, camera="east", duration_ms=900, frames=9))
        self._wire.send(wire_bytes(Batch(device=self._place.device, epoch=EPOCH, items=[item(self.sent, raw)])))

    def _opened(self) -> None:
        self._wire.send(wire_bytes(Hello(device=self._place.device, epoch=EPOCH, oldest=1, last=0, agent="bench/1")))

    def _heard(self, payload: bytes) -> None:
        message = decode_down(payload)
        if isinstance(message, Welcome) and not self.ready:
            self.ready, self.sent = True, message.high


def _lost() -> None:
    raise SystemExit("a device lost its broker")


def main() -> None:
    host, port, site, rate, seconds, *named = sys.argv[1:]
    loop = Loop()
    devices = [
        _Device(Place(host=host, port=int(port), site=site, device=device, secret=secret), loop)
        for device, _, secret in (one.partition("=") for one in named)
    ]
    until_s = time.monotonic() + READY_S
    while not all(device.ready for device in devices):
        if time.monotonic() > until_s:
            raise SystemExit("the hub did not welcome the devices")
        loop.turn()
    print("ready", flush=True)
    began_s, sent, total = time.monotonic(), 0, round(float(rate) * float(seconds))
    while sent < total:
        due = min(total, int((time.monotonic() - began_s) * float(rate)))
        while sent < due:
            sent += 1
            devices[sent % len(devices)].publish(sent)
        loop.turn(0.002)
    print(sent, flush=True)
    until_s = time.monotonic() + 1
    while time.monotonic() < until_s:
        loop.turn()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
