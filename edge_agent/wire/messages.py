"""All messages of the protocol as frozen values. Times are integer microseconds; wall times count from 1970 UTC."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from edge_agent.wire.limits import BATCH_EVENTS_MAX, INTEGER_MAX, LEFT_EPOCHS_MAX, PASS_PICTURE_BYTES_MAX
from edge_agent.wire.plate import LENGTH_MAX, LENGTH_MIN, TEXT_PATTERN, PlateKind, kinds_of

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z")]
"""A site, device or camera: it stands in topics and in certificate names."""
PersonId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}\Z")]
"""A pseudonymous id; never a name, a telephone or an identity number."""
Epoch = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""128 random bits as lower-case hex, made when a journal is created."""
BootId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""SHA-256 of an event's bytes as they stand in the message, lower-case hex."""
Seq = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
Natural = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Microseconds = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Cosine = Annotated[float, Meta(ge=-1, le=1)]
Label = Annotated[str, Meta(min_length=1, max_length=128)]
PlateText = Annotated[str, Meta(pattern=TEXT_PATTERN)]
"""A licence plate as it is said: province, letter, rest; without the dot (`edge_agent.wire.plate`)."""
Probability = Annotated[float, Meta(ge=0, le=1)]
Random = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""128 random bits, lower-case hex: a challenge, a command's id."""
CommandKind = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
"""What a command wants: picture, self_test. Open, so that an older device can say `unknown_kind`."""
SealKey = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""A device's public X25519 key, lower-case hex: what is personal travels sealed to it (BLOBS.md)."""


class Stamp(Struct, frozen=True, kw_only=True):
    """A moment as the device knew it. `mono_us` counts from this boot and never jumps; `wall_us` may be wrong."""

    boot: BootId
    mono_us: Microseconds
    wall_us: Microseconds
    synced: bool  # true: wall_us was synchronised when the stamp was taken; only then the moment counts for a watch


class Sighting(Struct, frozen=True, kw_only=True):
    """Who a passage was, and how sure that is."""

    person: PersonId
    score: Cosine
    margin: Annotated[float, Meta(ge=0, le=2)] | None  # over the second-best person; null: the gallery holds no other
    frames: Annotated[int, Meta(ge=1, le=INTEGER_MAX)]  # frames of this one track whose faces made the template
    strict: bool  # the agent holds it sure enough to cancel an alarm (DESIGN section 5); at least two frames
    embedder: Label  # scores of different embedders are not comparable


class Passage(Struct, frozen=True, kw_only=True, tag="passage", tag_field="type"):
    """One person walking past one camera, once. Carries no picture and no template."""

    captured: Stamp  # of the best frame
    camera: Name
    duration_ms: Natural  # from the first frame of the track to the last
    frames: Annotated[int, Meta(ge=1, le=INTEGER_MAX)]  # frames on which the face was found
    sighting: Sighting | None = None  # null: a stranger, or not sure


class Direction(StrEnum):
    """Which way a vehicle went through the gate, as the camera's configuration or its movement says."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


class PlateVerdict(StrEnum):
    """What the list of known vehicles says to a reading."""

    KNOWN = "known"  # on the list, every character sure or the only near one
    UNSURE = "unsure"  # near one or several on the list: a person decides
    UNKNOWN = "unknown"


class PlateReading(Struct, frozen=True, kw_only=True):
    """What stands on a plate, and how sure that is."""

    text: PlateText  # as read, also when a listed plate is meant
    kind: PlateKind
    score: Probability  # that the whole text is right
    chars: Annotated[list[Probability], Meta(min_length=LENGTH_MIN, max_length=LENGTH_MAX)]  # of each character
    verdict: PlateVerdict
    listed: PlateText | None = None  # the listed plate that is meant; only when known

    def __post_init__(self) -> None:
        if len(self.chars) != len(self.text):
            raise ValueError("as many probabilities as characters")
        if self.kind not in kinds_of(self.text):
            raise ValueError(f"{self.text} cannot stand on a {self.kind.value} plate")
        if (self.listed is None) == (self.verdict is PlateVerdict.KNOWN):
            raise ValueError("listed goes with known")


class PlateRead(Struct, frozen=True, kw_only=True, tag="plate_read", tag_field="type"):
    """One vehicle passing one camera, once, however long it stood. Carries no picture."""

    captured: Stamp  # of the very frame that the evidence is of: the best reading's, or the best look's
    camera: Name
    direction: Direction
    duration_ms: Natural  # from the first frame of the track to the last
    frames: Annotated[int, Meta(ge=1, le=INTEGER_MAX)]  # frames on which the plate was found
    reads: Natural  # frames that were read and voted
    reading: PlateReading | None = None  # null: seen, not readable

    def __post_init__(self) -> None:
        if self.reads > self.frames:
            raise ValueError("more frames were read than there were")
        if self.reading is not None and self.reads == 0:
            raise ValueError("a reading without a frame that was read")


class LossReason(StrEnum):
    SPACE = "space"  # the journal was full
    EXPIRED = "expired"  # acknowledged long ago, and asked for again
    DAMAGED = "damaged"  # the stored bytes could not be read back, or the event could not be stored at all


class Lost(Struct, frozen=True, kw_only=True, tag="lost", tag_field="type"):
    """A tombstone: keeps the place of events that are no more, so that no hole blocks the belt."""

    first_seq: Seq
    last_seq: Seq
    counts: dict[Label, Natural]  # lost events by their type
    reason: LossReason

    def __post_init__(self) -> None:
        if self.last_seq < self.first_seq:
            raise ValueError("last_seq is before first_seq")


class Watching(StrEnum):
    """What a camera really did during a stretch of time, by the names of DESIGN section 4."""

    WATCHING = "watching"
    BLIND = "blind"  # black, glaring, out of focus, or turned away
    COVERED = "covered"
    FROZEN = "frozen"
    NO_INFERENCE = "no_inference"  # pictures came, but nobody looked at them


class Observing(Struct, frozen=True, kw_only=True, tag="observing", tag_field="type"):
    """Whether a camera was really watching: at each change of state, and every 15 minutes. Time not told is unknown."""

    camera: Name
    began: Stamp
    ended: Stamp  # of the same boot as began, and not before it
    state: Watching
    cause: Label | None = None  # in one word, for people: "black", "glare", "blurred", "moved", ...

    def __post_init__(self) -> None:
        if self.began.boot != self.ended.boot or self.ended.mono_us < self.began.mono_us:
            raise ValueError("ended is of another boot than began, or before it")


class ClockAnchor(Struct, frozen=True, kw_only=True, tag="clock_anchor", tag_field="type"):
    """The clock has become right: at `at.mono_us` of this boot it is `at.wall_us`, give or take `uncertainty_us`.

    The hub dates by it what the same boot stamped before with `synced` false.
    """

    at: Stamp  # synced is true
    uncertainty_us: Microseconds

    def __post_init__(self) -> None:
        if not self.at.synced:
            raise ValueError("an anchor is a moment at which the clock is synchronised")


class JournalSetAside(Struct, frozen=True, kw_only=True, tag="journal_set_aside", tag_field="type"):
    """The device's journal was damaged and put aside; what it held and the hub does not have is lost.

    The first event of the new epoch. What could not be read in the damaged file is null.
    """

    at: Stamp
    epoch: Epoch | None  # of the damaged journal
    acked: Natural | None  # what the hub had acknowledged of that epoch
    last: Natural | None  # the highest place given in it; not below acked
    file: Annotated[str, Meta(min_length=1, max_length=200)]  # how it is called now, beside the new journal
    detail: Annotated[str, Meta(max_length=200)]  # what was wrong with it

    def __post_init__(self) -> None:
        if self.acked is not None and self.last is not None and self.last < self.acked:
            raise ValueError("more was acknowledged than there was")


class CommandOutcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"  # it was not even tried
    FAILED = "failed"


class CommandResult(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="command_result", tag_field="type"):
    """What became of a command (`commands.py`), or of `times` of them that were refused for one reason."""

    at: Stamp  # of its end
    command: Random | None  # null: the hub has not signed it, so that nobody knows which it claims to be
    kind: CommandKind | None  # null: the same
    outcome: CommandOutcome
    reason: Label | None = None  # of a refusal one word (`commands.Refusal`), of a failure a sentence
    latency_ms: Natural = 0  # from its arrival at the device to its end
    times: Annotated[int, Meta(ge=1, le=INTEGER_MAX)] = 1
    facts: Annotated[dict[Label, Annotated[str, Meta(max_length=200)]], Meta(max_length=32)] = {}  # what it found

    def __post_init__(self) -> None:
        if (self.reason is None) != (self.outcome is CommandOutcome.DONE):
            raise ValueError("a reason goes with what was not done")


class Outcome(StrEnum):
    """What a check on site came to."""

    OK = "ok"
    FAIL = "fail"
    SKIPPED = "skipped"  # not fitted here, or not asked for


class SheetFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a pass sheet; each text for people in two languages, the second "" where there is none."""

    check: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
    outcome: Outcome
    found: Annotated[str, Meta(max_length=400)]
    found_zh: Annotated[str, Meta(max_length=200)] = ""
    advice: Annotated[str, Meta(max_length=400)] = ""
    advice_zh: Annotated[str, Meta(max_length=200)] = ""


class PassSheet(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="pass_sheet", tag_field="type"):
    """What a technician has proved of this device on site. Its picture is the only one that an event may carry.

    Every face and plate in it was made coarse on the device: it shows what the camera looks at, and nobody.
    """

    at: Stamp
    camera: Name
    findings: Annotated[list[SheetFinding], Meta(min_length=1, max_length=32)]
    by: Annotated[str, Meta(max_length=80)] = ""  # who stood there, as they gave their name
    picture: Annotated[bytes, Meta(max_length=PASS_PICTURE_BYTES_MAX)] | None = None  # JPEG; base64 on the wire

    def __post_init__(self) -> None:
        if self.picture is not None and not self.picture.startswith(b"\xff\xd8\xff"):
            raise ValueError("the picture is no JPEG")

    @property
    def passed(self) -> bool:
        """Nothing has failed, and something was looked at."""
        outcomes = [finding.outcome for finding in self.findings]
        return Outcome.FAIL not in outcomes and Outcome.OK in outcomes


Event = Passage | PlateRead | Observing | ClockAnchor | JournalSetAside | CommandResult | PassSheet | Lost


class Item(Struct, frozen=True, kw_only=True):
    """An event in its place. A tombstone stands at its first_seq."""

    seq: Seq
    hash: Hash
    event: Raw  # the journal's bytes, byte for byte


class LeftEpoch(Struct, frozen=True, kw_only=True):
    """An epoch that the agent has gone on from (a copied card, a conflict), and how far the hub acknowledged it."""

    epoch: Epoch
    acked: Seq


class HeldEpoch(Struct, frozen=True, kw_only=True):
    """How much of an epoch that was left is on the hub's disk: no more than it was asked for."""

    epoch: Epoch
    high: Natural  # the lower one of `acked` and what is stored
    hash: Hash | None  # of the event at high; null when high is 0


class Hello(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="hello", tag_field="type"):
    """Agent to hub on every connect, and when acks stay away: this is what I have. The hub answers with Welcome."""

    device: Name
    epoch: Epoch
    oldest: Seq  # the lowest kept place; last + 1 when nothing is kept
    last: Natural  # the highest place ever given; 0 when none
    agent: Label  # software and version
    seal_key: SealKey | None = None  # absent: this device takes no galleries from the hub
    left: Annotated[tuple[LeftEpoch, ...], Meta(max_length=LEFT_EPOCHS_MAX)] = ()


class Batch(Struct, frozen=True, kw_only=True, tag="batch", tag_field="type"):
    """Agent to hub: events in the order of their places."""

    device: Name
    epoch: Epoch
    items: Annotated[list[Item], Meta(min_length=1, max_length=BATCH_EVENTS_MAX)]


class Welcome(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="welcome", tag_field="type"):
    """Hub to agent, after hello and after the hub itself reconnects: this is durable here; go on from high + 1."""

    epoch: Epoch
    high: Natural
    hash: Hash | None  # of the event at high; null when high is 0
    left: Annotated[tuple[HeldEpoch, ...], Meta(max_length=LEFT_EPOCHS_MAX)] = ()  # as hello asked


class Ack(Struct, frozen=True, kw_only=True, tag="ack", tag_field="type"):
    """Hub to agent, after the commit: all up to and with high is on my disk."""

    epoch: Epoch
    high: Seq
    hash: Hash


class Replay(Struct, frozen=True, kw_only=True, tag="replay", tag_field="type"):
    """Hub to agent: a place is missing; send again from here."""

    epoch: Epoch
    from_seq: Seq


class Conflict(Struct, frozen=True, kw_only=True, tag="conflict", tag_field="type"):
    """Hub to agent: this place holds another event here. No more acks in this epoch; go on in a new one."""

    epoch: Epoch
    seq: Seq
    hash: Hash  # of the event that the hub holds


class RefusalReason(StrEnum):
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"  # not JSON, not a message, a field missing or out of range
    WRONG_DEVICE = "wrong_device"  # the envelope names another device than the topic
    WRONG_HASH = "wrong_hash"  # an item's hash is not that of its bytes


class Refused(Struct, frozen=True, kw_only=True, tag="refused", tag_field="type"):
    """Hub to agent: a payload was thrown away whole. Nothing in it was stored."""

    reason: RefusalReason
    detail: Annotated[str, Meta(max_length=500)]


class Challenge(Struct, frozen=True, kw_only=True, tag="challenge", tag_field="type"):
    """Device to hub, QoS 0, at connect and every 10 s: a command that quotes it within 15 s is fresh. Not journaled."""

    device: Name
    boot: BootId
    challenge: Random


UpMessage = Hello | Batch | Challenge
DownMessage = Welcome | Ack | Replay | Conflict | Refused


class Presence(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"


class Status(Struct, frozen=True, kw_only=True, tag="status", tag_field="type"):
    """Retained on the device's status topic; the last will says offline."""

    device: Name
    state: Presence
    agent: Label


Message = UpMessage | DownMessage | Status


def wire_bytes(value: Struct) -> bytes:
    """The one encoding of a message or event: compact UTF-8 JSON, fields in the order of their definition."""
    return msgspec.json.encode(value)
