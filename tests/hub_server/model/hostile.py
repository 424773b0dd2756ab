"""Everything that a broken or hostile device may publish: seeded, so that each run is the same."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from device_model import (
    BOOT,
    DEVICE,
    EPOCH,
    SITE,
    anchor,
    batch,
    hello,
    lost,
    observing,
    passage,
    plate_read,
    stamp,
)

from edge_agent.wire.blobs import Want
from edge_agent.wire.codec import event_hash
from edge_agent.wire.limits import INTEGER_MAX, PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import DownMessage, Presence, Replay, Status, wire_bytes

NOW_US = 1_795_471_200_000_000
HUGE_BYTES = 10_000_000
HOSTILE = ("door-east", "door-west", "door-north")
"""Devices that the hub knows; others are made up."""
_SHOTS_PER_EPOCH = 40
_SPLINTERS = (b"\x00", b"\xff", b"\xed\xa0\x80", b'"', b"\\ud800", b"NaN", b"1e999", b"}")
_NO_PLACES = ("0", "-1", "1.5", "true", '"1"', str(2**53), str(10**30), "null")


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One message on its way to the hub."""

    topic: str
    payload: bytes
    retained: bool = False


class Hostility:
    """`shot()` after `shot()`."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._sent: list[Shot] = []
        self._next: dict[tuple[str, str], int] = {}
        self._shots = 0

    def heard(self, device: str, message: DownMessage) -> None:
        """What the hub answers: it goes on from where a place is missing."""
        if isinstance(message, Replay):
            self._next[device, message.epoch] = message.from_seq - 1

    def shot(self) -> Shot:
        rng = self._rng
        self._shots += 1
        made = rng.choices(
            (self._valid, self._mutated, self._garbage, self._bad_event, self._bad_place, self._again, self._elsewhere),
            (20, 25, 15, 15, 10, 8, 7),
        )[0]()
        if len(self._sent) < 500:
            self._sent.append(made)
        else:
            self._sent[rng.randrange(500)] = made
        return made

    def _epoch(self) -> str:
        """One of a few that are in use; now and then another one begins."""
        return f"{self._shots // _SHOTS_PER_EPOCH + self._rng.randrange(3):032x}"

    def _valid(self) -> Shot:
        rng = self._rng
        device, epoch = rng.choice(HOSTILE), self._epoch()
        kind = rng.random()
        if kind < 0.1:
            message = hello(last=rng.choice((0, 1, 5, INTEGER_MAX)), device=device, epoch=epoch)
            return _shot(device, wire_bytes(message))
        if kind < 0.2:
            status = Status(device=device, state=rng.choice(list(Presence)), agent="x")
            return _shot(device, wire_bytes(status), channel="status", retained=rng.random() < 0.5)
        if kind < 0.25:
            return _shot(device, wire_bytes(Want(kind="gallery", version=1, from_i=0)), channel="blob/up")
        return self._batch(self._event())

    def _batch(self, raw: bytes, *, step: int = 1) -> Shot:
        """One event, at the place that follows, or `step` places on."""
        device, epoch = self._rng.choice(HOSTILE), self._epoch()
        seq = self._next.get((device, epoch), 0) + step
        if step == 1:
            self._next[device, epoch] = seq
        return _shot(device, envelope(device, epoch, seq, raw))

    def _event(self) -> bytes:
        rng = self._rng
        mono_us = rng.choice((0, 1, rng.randrange(10**12), INTEGER_MAX))
        wall_us = rng.choice((0, NOW_US, NOW_US + 10**12, INTEGER_MAX))
        synced = rng.random() < 0.5
        at = stamp(mono_us=mono_us, wall_us=wall_us, synced=synced)
        makers: tuple[Callable[[], bytes], ...] = (
            lambda: passage(wall_us=wall_us, mono_us=mono_us, synced=synced, person=rng.choice(("zhao", "nobody"))),
            lambda: passage(wall_us=wall_us, mono_us=mono_us, synced=synced),
            lambda: plate_read(wall_us=wall_us, mono_us=mono_us, synced=synced),
            lambda: anchor(mono_us=mono_us, wall_us=wall_us, uncertainty_us=rng.choice((0, INTEGER_MAX))),
            lambda: observing(stamp(mono_us=0, wall_us=wall_us, synced=rng.random() < 0.5), at),
        )
        return rng.choice(makers)()

    def _mutated(self) -> Shot:
        """A valid message with some bytes flipped, lost, doubled or torn off."""
        rng, shot = self._rng, self._valid()
        payload = bytearray(shot.payload)
        for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
            at = rng.randrange(len(payload) + 1)
            length = rng.choice((1, 1, 2, 8, 64))
            change = rng.randrange(5)
            if change == 0:
                payload[at : at + length] = rng.randbytes(length)
            elif change == 1:
                del payload[at : at + length]
            elif change == 2:
                payload[at:at] = payload[at : at + length]
            elif change == 3:
                del payload[at:]
            else:
                payload[at:at] = rng.choice(
                    (b"\x00", b"\xff", b"\xed\xa0\x80", b'"', b"\\ud800", b"NaN", b"1e999", b"}")
                )
        return Shot(topic=shot.topic, payload=bytes(payload), retained=shot.retained)

    def _garbage(self) -> Shot:
        rng = self._rng
        depth = rng.choice((10, 1000, 100_000))
        payload = rng.choice(
            (
                b"",
                b"\x00",
                b"null",
                b"NaN",
                b"-Infinity",
                b"[" * depth,
                b'{"type":' * depth,
                b"[" * depth + b"]" * depth,
                b'{"type":"hello","device":' + b"9" * rng.choice((1, 5000)) + b"}",
                b'"' + b"x" * rng.choice((1, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1)) + b'"',
                b'{"type":"hello","type":"batch","type":"status"}',
                b"\xef\xbb\xbf{}",
                "{}".encode("utf-16"),
                rng.randbytes(rng.choice((1, 100, 10_000))),
            )
        )
        return _shot(
            rng.choice((*HOSTILE, "unknown-device")), payload, channel=rng.choice(("up", "up", "status", "blob/up"))
        )

    def _bad_event(self) -> Shot:
        """A good envelope around a body that is none, or says what cannot be."""
        rng = self._rng
        stamped = f'"captured":{{"boot":"{BOOT}","mono_us":1,"wall_us":1,"synced":true}},"camera":"east"'
        depth = rng.choice((5, 200, 500, 1000))
        body = rng.choice(
            (
                "{}",
                "[]",
                "0",
                '"text"',
                "null",
                '{"type":"from the future","x":[1,2,3]}',
                '{"type":["passage"]}',
                f'{{"type":"passage",{stamped},"duration_ms":-1,"frames":1}}',
                f'{{"type":"passage",{stamped},"duration_ms":1,"frames":{10 ** rng.choice((15, 16, 19, 30, 400))}}}',
                f'{{"type":"passage",{stamped},"duration_ms":1,"frames":1,"frames":"two"}}',
                f'{{"type":"passage",{stamped},"duration_ms":1e308,"frames":1e999}}',
                f'{{"type":"passage",{stamped},"duration_ms":1,"frames":1,"more":{"[" * depth}{"]" * depth}}}',
                f'{{"type":"passage",{stamped},"duration_ms":1,"frames":1,"note":"\\ud800 \\u0000"}}',
                f'{{"type":"passage",{stamped},"duration_ms":1,"frames":1,"note":"{"x" * 20_000}"}}',
                f'{{"type":"passage",{stamped},"duration_ms":1,"frames":1,"sighting":{{"person":"../../etc"}}}}',
                '{"type":"observing","camera":"east","state":"watching","began":{},"ended":[]}',
                lost(1, rng.choice((1, 3, INTEGER_MAX))).decode(),
                '{"type":"lost","first_seq":9,"last_seq":1,"counts":{},"reason":"space"}',
                '{"type":"lost","first_seq":1,"last_seq":2,"counts":{"x":-1},"reason":"fun"}',
            )
        )
        return self._batch(body.encode())

    def _bad_place(self) -> Shot:
        """A place that jumps, comes again with other bytes, or is no place at all."""
        rng = self._rng
        if rng.random() < 0.5:
            return self._batch(self._event(), step=rng.choice((2, 5, 1000, 0, -1)))
        device, seq = (
            rng.choice(HOSTILE),
            rng.choice(("0", "-1", "1.5", "true", '"1"', str(2**53), str(10**30), "null")),
        )
        raw = self._event()
        text = envelope(device, self._epoch(), 1, raw).replace(b'"seq":1', b'"seq":' + seq.encode())
        return _shot(device, text)

    def _again(self) -> Shot:
        return self._rng.choice(self._sent) if self._sent else self._valid()

    def _elsewhere(self) -> Shot:
        """A good payload where it does not belong: another device's topic, or a topic of any shape."""
        rng, shot = self._rng, self._valid()
        name = rng.choice((*HOSTILE, "unknown-device", "x" * 63))
        topic = rng.choice(
            (
                f"shouwang/v1/{SITE}/{name}/up",
                f"shouwang/v1/{SITE}/{name}/status",
                f"shouwang/v1/{SITE}/{name}/ack",
                f"shouwang/v1/{SITE}/{name}/blob/down",
                f"shouwang/v1/{SITE}/{name}/live",
                f"shouwang/v1/other/{name}/up",
                f"shouwang/v2/{SITE}/{name}/up",
                f"shouwang/v1/{SITE}/{'x' * 64}/up",
                f"shouwang/v1/{SITE}//up",
                f"shouwang/v1/{SITE}/Ä/up",
                "a" * 60_000,
                "/",
                "shouwang/v1/\n/x/up",
                f"shouwang/v1/{SITE}/{name}/up/",
            )
        )
        return Shot(topic=topic, payload=shot.payload, retained=shot.retained)


def envelope(device: str, epoch: str, seq: int, raw: bytes) -> bytes:
    """A batch of one event, with the right hash, whatever the event's bytes are."""
    head = {"type": "batch", "device": device, "epoch": epoch}
    item = f'{{"seq":{seq},"hash":"{event_hash(raw)}","event":'.encode() + raw + b"}"
    return json.dumps(head, separators=(",", ":"))[:-1].encode() + b',"items":[' + item + b"]}"


def _shot(device: str, payload: bytes, *, channel: str = "up", retained: bool = False) -> Shot:
    return Shot(topic=f"shouwang/v1/{SITE}/{device}/{channel}", payload=payload, retained=retained)


def huge() -> Shot:
    """10 MB that begin like a message."""
    payload = wire_bytes(batch(passage(wall_us=NOW_US), epoch=EPOCH))
    return _shot(DEVICE, payload + b" " * (HUGE_BYTES - len(payload)))
