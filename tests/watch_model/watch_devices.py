"""A camera point as the watch sees it: a clock that may be wrong, a journal, a cable that may be cut."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from watch_reference import S, Sign

from edge_agent.wire.codec import encode_event, item
from edge_agent.wire.messages import Batch, ClockAnchor, Hello, Observing, Passage, Sighting, Stamp, Watching

CAMERA: Final = "cam"
BATCH_MAX: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """A stretch of watching or not, by the device's monotonic clock, and by its wall clock where that was right."""

    boot: str
    began_mono_us: int
    ended_mono_us: int
    ended_us: int | None
    watching: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchored:
    """At `mono_us` of `boot` it was `wall_us`, give or take `uncertainty_us`."""

    boot: str
    mono_us: int
    wall_us: int
    uncertainty_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A person before the camera."""

    person: str
    sign: Sign


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A place of the journal: the bytes, and what they mean to the reference."""

    raw: bytes
    meaning: Seen | Anchored | Looked


@dataclass(kw_only=True)
class Device:
    """`true_us` is the real time; the hub's clock and the device's may show another one."""

    name: str
    true_us: Callable[[], int]
    boot: str = field(default_factory=lambda: uuid.uuid4().hex)
    epoch: str = field(default_factory=lambda: uuid.uuid4().hex)
    booted_us: int = 0
    error_us: int = 0  # of its wall clock
    synced: bool = True
    cut: bool = False
    slow: bool = False  # says hello, and tells what it has only when a rule says so
    was_wrong: bool = False  # its clock, once
    watching: bool = True
    looked_us: int = 0  # until when it has told what its camera did
    heard_us: int | None = None  # by the real time
    announced: int = 0  # how much it had when it last said hello
    greeted_us: int = 0
    journal: list[Entry] = field(default_factory=list)
    sent: int = 0

    def stamp(self, true_us: int | None = None) -> Stamp:
        at_us = self.true_us() if true_us is None else true_us
        return Stamp(
            boot=self.boot,
            mono_us=at_us - self.booted_us,
            wall_us=max(0, at_us + self.error_us),
            synced=self.synced,
        )

    def sees(self, person: str, *, strict: bool, frames: int) -> Sign:
        """Somebody passes, now."""
        at = self.stamp()
        sighting = Sighting(person=person, score=0.97, margin=0.2, frames=frames, strict=strict, embedder="model")
        raw = encode_event(
            Passage(captured=at, camera=CAMERA, duration_ms=900, frames=max(frames, 1), sighting=sighting)
        )
        sign = Sign(
            at_us=at.wall_us if at.synced else None,
            known_us=0,  # nothing is known before it comes in
            good=strict and frames >= 2,
            by=self.name,
            boot=at.boot if not at.synced else "",
            mono_us=at.mono_us,
        )
        self.journal.append(Entry(raw=raw, meaning=Seen(person=person, sign=sign)))
        return sign

    def clock_becomes_right(self, uncertainty_us: int) -> None:
        self.error_us, self.synced = 0, True
        self.anchors(uncertainty_us)

    def anchors(self, uncertainty_us: int) -> None:
        at = self.stamp()
        raw = encode_event(ClockAnchor(at=at, uncertainty_us=uncertainty_us))
        meaning = Anchored(boot=at.boot, mono_us=at.mono_us, wall_us=at.wall_us, uncertainty_us=uncertainty_us)
        self.journal.append(Entry(raw=raw, meaning=meaning))

    def tells_what_it_watched(self) -> None:
        """As every quarter of an hour and at each change."""
        now_us = self.true_us()
        if now_us <= self.looked_us:
            return
        began, ended = self.stamp(self.looked_us), self.stamp(now_us)
        state = Watching.WATCHING if self.watching else Watching.BLIND
        raw = encode_event(Observing(camera=CAMERA, began=began, ended=ended, state=state, cause=None))
        meaning = Looked(
            boot=self.boot,
            began_mono_us=began.mono_us,
            ended_mono_us=ended.mono_us,
            ended_us=ended.wall_us if self.synced else None,
            watching=self.watching,
        )
        self.journal.append(Entry(raw=raw, meaning=meaning))
        self.looked_us = now_us

    def reboots(self, *, battery: bool) -> None:
        """Dark for a moment; without a battery the clock begins in 1970."""
        self.tells_what_it_watched()
        now_us = self.true_us()
        self.boot, self.booted_us = uuid.uuid4().hex, now_us - S
        if not battery:
            self.was_wrong = True
            self.error_us, self.synced = 60 * S - now_us, False

    def hello(self) -> Hello:
        self.announced, self.greeted_us = len(self.journal), self.true_us()
        return Hello(device=self.name, epoch=self.epoch, oldest=1, last=len(self.journal), agent="model/1")

    def next_batch(self) -> tuple[Batch, list[Entry]]:
        entries = self.journal[self.sent : self.sent + BATCH_MAX]
        first = self.sent + 1
        items = [item(first + n, entry.raw) for n, entry in enumerate(entries)]
        return Batch(device=self.name, epoch=self.epoch, items=items), entries
