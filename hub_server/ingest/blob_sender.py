"""The hub's side of blob transfer without any I/O: a few chunks in flight, every device in its turn.

See `edge_agent/wire/BLOBS.md`. Nothing here is durable and nothing need be: the device knows what it holds, and after a
restart of the hub an offer and the device's answer say where to go on.
"""

import logging
import math
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from edge_agent.wire.blobs import (
    CHUNK_BYTES,
    WINDOW_CHUNKS_MAX,
    BlobDown,
    BlobUp,
    Chunk,
    Have,
    Offer,
    Rejected,
    RejectionReason,
    Want,
    make_chunk,
    make_offer,
)
from edge_agent.wire.codec import WireError

IN_FLIGHT_CHUNKS_MAX: Final = 64  # to all devices together: about 6 MB on the belt
KINDS_MAX: Final = 8  # of one device
ANSWER_WAIT_S: Final = 15.0  # an offer without an answer is repeated, each time after twice the pause
ANSWER_WAIT_MAX_S: Final = 300.0
STALL_S: Final = 30.0  # without a want in the middle of a transfer: the window closes, and it is offered again
REPEAT_WAIT_S: Final = 2.0  # the same want again within this time is the same question

_log = logging.getLogger(__name__)


class BlobSource(Protocol):
    """What is offered, and where its bytes are."""

    @property
    def offer(self) -> Offer: ...

    def chunk(self, i: int) -> bytes:
        """Chunk `i`, from 0: 64 KiB, the last one what is left. Raises OSError when it cannot be read."""
        ...


class BytesSource:
    """A blob in memory; for the small ones."""

    def __init__(self, *, kind: str, version: int, content: bytes) -> None:
        """Raises WireError for what cannot be offered."""
        self.offer = make_offer(kind=kind, version=version, content=content)
        self._content = content

    def chunk(self, i: int) -> bytes:
        return self._content[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES]


class Settlement(StrEnum):
    HELD = "held"  # in force on the device: the receipt
    REJECTED = "rejected"  # not taken; offered again when the device connects again
    AHEAD = "ahead"  # it holds a newer version, or this one with other bytes: make a version above `version`


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """How an offer ended. `version` is what the device holds, or what it rejected."""

    device: str
    kind: str
    version: int
    how: Settlement
    reason: RejectionReason | None = None
    detail: str = ""


@dataclass(kw_only=True, slots=True)
class _Shipment:
    """One blob on its way to one device."""

    source: BlobSource
    offer_due_s: float
    offered_s: float = -math.inf
    offers: int = 0  # without an answer
    open: bool = False  # the device has asked: acked and sent tell the window
    acked: int = 0
    sent: int = 0
    went_back_s: float = -math.inf
    settled: bool = False

    @property
    def in_flight(self) -> int:
        return self.sent - self.acked if self.open and not self.settled else 0

    @property
    def may_send(self) -> bool:
        return self.open and self.in_flight < WINDOW_CHUNKS_MAX and self.sent < self.source.offer.n

    def start_over(self, now_s: float) -> None:
        self.settled = self.open = False
        self.offers = 0
        self.offer_due_s = now_s

    def say_offer(self, now_s: float) -> Offer:
        self.open = False
        self.offered_s = now_s
        self.offer_due_s = now_s + min(ANSWER_WAIT_S * 2**self.offers, ANSWER_WAIT_MAX_S)
        self.offers = min(self.offers + 1, 10)
        return self.source.offer

    def wanted(self, from_i: int, now_s: float) -> None:
        """The window follows the device. A want that goes back, or repeats, makes us send again from there."""
        self.offer_due_s = now_s + STALL_S
        self.offers = 0
        if not self.open or from_i > self.acked:
            self.sent = max(from_i, self.sent) if self.open else from_i
        elif now_s - self.went_back_s >= REPEAT_WAIT_S:
            self.went_back_s = now_s
            self.sent = from_i
        else:
            return
        self.open = True
        self.acked = from_i


@dataclass(kw_only=True, slots=True)
class _Device:
    shipments: dict[str, _Shipment] = field(default_factory=dict)
    online: bool = False

    @property
    def busy(self) -> bool:
        return self.online and any(not shipment.settled for shipment in self.shipments.values())


class BlobSender:
    """Not for several threads. `now_s` is monotonic. The owner publishes what `take` returns, then asks it again."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}
        self._turns: OrderedDict[str, None] = OrderedDict()  # busy devices, the one that waited longest first

    # --- what happens ---

    def offer(self, device: str, source: BlobSource, now_s: float) -> None:
        """From now on this is the kind's blob for the device; an older one on its way is given up.

        Raises ValueError for a version below the current one, for one version with two contents, for too many kinds.
        """
        shipments = self._devices.setdefault(device, _Device()).shipments
        offer = source.offer
        current = shipments.get(offer.kind)
        if current is None and len(shipments) >= KINDS_MAX:
            raise ValueError(f"{device}: more than {KINDS_MAX} kinds")
        if current is not None:
            known = current.source.offer
            if offer.version < known.version or (offer.version == known.version and offer != known):
                raise ValueError(f"{device}: {offer.kind} {offer.version} comes after {known.version}")
        shipments[offer.kind] = _Shipment(source=source, offer_due_s=now_s)
        self._take_up(device)

    def withdraw(self, device: str, kind: str) -> None:
        """Nothing of this kind is on offer to the device any more."""
        if device in self._devices and self._devices[device].shipments.pop(kind, None) is not None:
            self._take_up(device)

    def forget(self, device: str) -> None:
        """The device is no more."""
        self._devices.pop(device, None)
        self._turns.pop(device, None)

    def connected(self, device: str, now_s: float) -> None:
        """It said hello: everything is offered, also what it held once; the card may be another one."""
        known = self._devices.setdefault(device, _Device())
        known.online = True
        for shipment in known.shipments.values():
            shipment.start_over(now_s)
        self._take_up(device)

    def disconnected(self, device: str) -> None:
        """Nothing is sent until it connects again."""
        if device in self._devices:
            self._devices[device].online = False
            self._turns.pop(device, None)

    def heard(self, device: str, message: BlobUp, now_s: float) -> Settled | None:
        """A message of the device, from the wire's decoder. What is about nothing on offer changes nothing."""
        shipment = self._shipment(device, message.kind)
        if shipment is None:
            return None
        if isinstance(message, Want):
            self._wanted(shipment, message, now_s)
            return None
        settled = _had(device, shipment, message) if isinstance(message, Have) else _rejected(device, shipment, message)
        if settled is not None:
            shipment.settled = True
            self._take_up(device)
        return settled

    # --- what to do ---

    def take(self, now_s: float, *, limit: int) -> list[tuple[str, BlobDown]]:
        """At most `limit` messages to publish now, one for a device in each turn."""
        taken: list[tuple[str, BlobDown]] = []
        in_flight = self._in_flight(now_s)
        idle = 0
        while self._turns and len(taken) < limit and idle < len(self._turns):
            device = next(iter(self._turns))
            self._turns.move_to_end(device)
            message = _next_message(self._devices[device], now_s, chunks=in_flight < IN_FLIGHT_CHUNKS_MAX)
            if message is None:
                self._take_up(device)
                idle += device in self._turns
                continue
            idle = 0
            in_flight += not isinstance(message, Offer)
            taken.append((device, message))
        return taken

    def wait_s(self, now_s: float) -> float:
        """For how long `take` has nothing, unless something happens."""
        busy = self._unsettled()
        if self._in_flight(now_s) < IN_FLIGHT_CHUNKS_MAX and any(shipment.may_send for shipment in busy):
            return 0.0
        return max(0.0, min((shipment.offer_due_s for shipment in busy), default=math.inf) - now_s)

    # ---

    def _shipment(self, device: str, kind: str) -> _Shipment | None:
        known = self._devices.get(device)
        shipment = None if known is None or not known.online else known.shipments.get(kind)
        return None if shipment is None or shipment.settled else shipment

    def _take_up(self, device: str) -> None:
        """In or out of the turns, by whether there is anything left to do for it."""
        if self._devices[device].busy:
            self._turns.setdefault(device)
        else:
            self._turns.pop(device, None)

    def _unsettled(self) -> list[_Shipment]:
        return [
            shipment
            for device in self._turns
            for shipment in self._devices[device].shipments.values()
            if not shipment.settled
        ]

    def _in_flight(self, now_s: float) -> int:
        """Chunks on the belt; those of a device that has fallen silent no longer count."""
        return sum(shipment.in_flight for shipment in self._unsettled() if now_s < shipment.offer_due_s)

    @staticmethod
    def _wanted(shipment: _Shipment, want: Want, now_s: float) -> None:
        offer = shipment.source.offer
        if want.version == offer.version and want.from_i < offer.n:
            shipment.wanted(want.from_i, now_s)
        else:  # it asks for what is not on offer (any more): say what is
            shipment.offer_due_s = min(shipment.offer_due_s, max(now_s, shipment.offered_s + REPEAT_WAIT_S))


def _next_message(device: _Device, now_s: float, *, chunks: bool) -> BlobDown | None:
    for shipment in device.shipments.values():
        if shipment.settled:
            continue
        if now_s >= shipment.offer_due_s:
            return shipment.say_offer(now_s)
        if chunks and shipment.may_send and (chunk := _next_chunk(shipment)) is not None:
            return chunk
    return None


def _next_chunk(shipment: _Shipment) -> Chunk | None:
    """None when our own bytes cannot be read: the others go on, this one is offered when the device connects again."""
    offer = shipment.source.offer
    try:
        chunk = make_chunk(offer=offer, i=shipment.sent, data=shipment.source.chunk(shipment.sent))
    except (OSError, WireError):
        _log.exception("chunk %d of %s %d cannot be read", shipment.sent, offer.kind, offer.version)
        shipment.settled = True
        return None
    shipment.sent += 1
    return chunk


def _had(device: str, shipment: _Shipment, have: Have) -> Settled | None:
    offer = shipment.source.offer
    if have.version < offer.version:
        return None  # said before it heard of this offer
    same = have.version == offer.version and have.sha256 == offer.sha256
    how = Settlement.HELD if same else Settlement.AHEAD
    return Settled(device=device, kind=offer.kind, version=have.version, how=how)


def _rejected(device: str, shipment: _Shipment, rejected: Rejected) -> Settled | None:
    offer = shipment.source.offer
    if rejected.version != offer.version:
        return None
    return Settled(
        device=device,
        kind=offer.kind,
        version=offer.version,
        how=Settlement.REJECTED,
        reason=rejected.reason,
        detail=rejected.detail,
    )
