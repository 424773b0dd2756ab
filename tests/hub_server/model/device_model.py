"""What a device says, for tests: events, messages, and a journal that loses and repeats."""

from dataclasses import dataclass

from edge_agent.wire.codec import encode_event, item
from edge_agent.wire.messages import (
    Batch,
    ClockAnchor,
    Direction,
    Hello,
    Item,
    LossReason,
    Lost,
    Observing,
    Passage,
    PlateRead,
    PlateReading,
    PlateVerdict,
    Sighting,
    Stamp,
    Watching,
)
from edge_agent.wire.plate import kinds_of

SITE = "demo"
DEVICE = "door-east"
EPOCH = "0123456789abcdef0123456789abcdef"
OTHER_EPOCH = "fedcba9876543210fedcba9876543210"
BOOT = "7c9d0f3e5b1a4d2c8e6f7a9b0c1d2e3f"
OTHER_BOOT = "00000000000000000000000000000002"
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def passage(
    *,
    wall_us: int,
    person: str | None = None,
    synced: bool = True,
    strict: bool = True,
    frames: int = 12,
    mono_us: int = 1,
    boot: str = BOOT,
) -> bytes:
    """A passage's bytes; of a stranger without `person`."""
    sighting = None
    if person is not None:
        sighting = Sighting(person=person, score=0.97, margin=0.2, frames=frames, strict=strict, embedder="model")
    captured = Stamp(boot=boot, mono_us=mono_us, wall_us=wall_us, synced=synced)
    return encode_event(
        Passage(captured=captured, camera="east", duration_ms=4250, frames=max(frames, 1), sighting=sighting)
    )


def plate_read(
    *,
    wall_us: int,
    text: str | None = "粤B12345",
    listed: str | None = None,
    direction: Direction = Direction.IN,
    synced: bool = True,
    mono_us: int = 1,
    boot: str = BOOT,
    camera: str = "lane",
) -> bytes:
    """A vehicle's bytes; not readable without `text`, known with `listed`."""
    reading = None
    if text is not None:
        verdict = PlateVerdict.UNKNOWN if listed is None else PlateVerdict.KNOWN
        reading = PlateReading(
            text=text,
            kind=kinds_of(text)[0],
            score=0.97,
            chars=[0.99] * len(text),
            verdict=verdict,
            listed=listed,
        )
    captured = Stamp(boot=boot, mono_us=mono_us, wall_us=wall_us, synced=synced)
    return encode_event(
        PlateRead(
            captured=captured,
            camera=camera,
            direction=direction,
            duration_ms=2600,
            frames=24,
            reads=0 if text is None else 9,
            reading=reading,
        )
    )


def lost(first_seq: int, last_seq: int) -> bytes:
    counts = {"passage": last_seq - first_seq + 1}
    return encode_event(Lost(first_seq=first_seq, last_seq=last_seq, counts=counts, reason=LossReason.EXPIRED))


def anchor(*, mono_us: int, wall_us: int, uncertainty_us: int = 0, boot: str = BOOT) -> bytes:
    """The clock has become right."""
    at = Stamp(boot=boot, mono_us=mono_us, wall_us=wall_us, synced=True)
    return encode_event(ClockAnchor(at=at, uncertainty_us=uncertainty_us))


def observing(
    began: Stamp, ended: Stamp, *, state: Watching = Watching.WATCHING, cause: str | None = None, camera: str = "east"
) -> bytes:
    """What a camera did between two stamps."""
    return encode_event(Observing(camera=camera, began=began, ended=ended, state=state, cause=cause))


def stamp(*, mono_us: int, wall_us: int, synced: bool = True, boot: str = BOOT) -> Stamp:
    return Stamp(boot=boot, mono_us=mono_us, wall_us=wall_us, synced=synced)


def batch(*events: bytes, first_seq: int = 1, device: str = DEVICE, epoch: str = EPOCH) -> Batch:
    """Events in consecutive places."""
    return Batch(device=device, epoch=epoch, items=[item(first_seq + i, raw) for i, raw in enumerate(events)])


def placed(*items: Item, device: str = DEVICE, epoch: str = EPOCH) -> Batch:
    return Batch(device=device, epoch=epoch, items=list(items))


def hello(*, last: int, oldest: int = 1, device: str = DEVICE, epoch: str = EPOCH) -> Hello:
    return Hello(device=device, epoch=epoch, oldest=oldest, last=last, agent="model/1")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An entry of the model's journal: one event, or a tombstone over a run of places."""

    seq: int
    last_seq: int
    raw: bytes


class JournalModel:
    """The agent's side of the law: places without gaps, what is lost is replaced by a tombstone."""

    def __init__(self) -> None:
        self.originals: dict[int, bytes] = {}
        self.kept: list[Kept] = []

    @property
    def last(self) -> int:
        return len(self.originals)

    def add(self, raw: bytes) -> None:
        seq = self.last + 1
        self.originals[seq] = raw
        self.kept.append(Kept(seq=seq, last_seq=seq, raw=raw))

    def lose_oldest(self, entries: int) -> None:
        """The oldest entries become one tombstone, merged with the one that may stand there."""
        gone, rest = self.kept[:entries], self.kept[entries:]
        if gone:
            first, last = gone[0].seq, gone[-1].last_seq
            self.kept = [Kept(seq=first, last_seq=last, raw=lost(first, last)), *rest]

    def from_place(self, seq: int, most: int) -> Batch | None:
        """The next batch for a hub that has all below `seq`."""
        items = [item(kept.seq, kept.raw) for kept in self.kept if kept.last_seq >= seq][:most]
        return placed(*items) if items else None
