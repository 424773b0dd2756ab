"""Makes of what came in what a transaction is to do: decoded and read before it begins, so that it holds less long."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.wire.codec import WireError, decode_status, decode_up
from edge_agent.wire.commands import is_piece
from edge_agent.wire.messages import Batch, Challenge, DownMessage, Hello, Presence, RefusalReason, Refused, Status
from edge_agent.wire.topics import READ_BY_DEVICE, Channel, parse
from hub_server.ingest.apply import Shift
from hub_server.ingest.blob_lane import BlobLane
from hub_server.ingest.command_lane import CommandLane
from hub_server.ingest.inbox import Arrival, Entry, Listening, Opened
from hub_server.ingest.reading import Reading, read_all

_KINDS_MAX = 16  # of foreign topics are told in the log
_KIND_CHARS_MAX = 100
_REFUSALS_TOLD_EVERY = 1000
_DEVICES_TOLD_MAX = 4096

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A message for a device, to be published after the commit."""

    device: str
    message: DownMessage
    greets: bool = False  # to a hello: the device is there, and listens


Job = Callable[[Shift], list[Answer]]


@dataclass(kw_only=True, slots=True)
class Sorted:
    """What one take of the inbox is to become, in its order."""

    jobs: list[Job] = field(default_factory=list)
    blob_news: list[Callable[[BlobLane], None]] = field(default_factory=list)  # told before the jobs are done
    command_news: list[Callable[[CommandLane], None]] = field(default_factory=list)  # the same


class Sorter:
    """Decides by topic and content. Touches no store; counts and logs what is nothing of ours."""

    def __init__(self, *, site: str) -> None:
        self._site = site
        self.ignored = 0
        """Messages on topics that this hub does not serve."""
        self._refusals_of: Counter[str] = Counter()
        self._kinds_ignored: set[str] = set()

    def sort(self, entries: list[Entry]) -> Sorted:
        """All of them, in order."""
        found = Sorted()
        for entry in entries:
            if isinstance(entry, Arrival):
                self._arrival(entry, found)
            elif isinstance(entry, Opened):
                found.blob_news.append(lambda lane: lane.went(None))
                found.jobs.append(_forget_who_is_there)
            elif isinstance(entry, Listening):
                found.jobs.append(_welcome_all)
        return found

    def _arrival(self, arrival: Arrival, found: Sorted) -> None:
        parsed = parse(arrival.topic)
        if parsed is None or parsed[0].site != self._site or parsed[1] in READ_BY_DEVICE:
            self._ignore(arrival.topic)
            return
        device, channel = parsed[0].device, parsed[1]
        if channel is Channel.BLOB_UP:
            payload = arrival.payload
            if is_piece(payload):
                found.command_news.append(lambda lane: lane.piece(device, payload))
            else:
                found.blob_news.append(lambda lane: lane.heard(device, payload))
            return
        try:
            message = decode_up(arrival.payload) if channel is Channel.UP else decode_status(arrival.payload)
        except WireError as error:
            self._tell_refusal(device, arrival, error)
            found.jobs.append(_refusal_job(device, error, arrival.received_us))
            return
        if isinstance(message, Challenge):
            self._challenge(device, message, arrival, found)
        elif isinstance(message, Batch):
            found.jobs.append(_batch_job(device, message, arrival.received_us))
        elif isinstance(message, Hello):
            found.jobs.append(_hello_job(device, message, arrival.received_us))
        else:
            if message.state is Presence.OFFLINE:
                found.blob_news.append(lambda lane: lane.went(device))
            found.jobs.append(_status_job(device, message, arrival))

    def _challenge(self, device: str, said: Challenge, arrival: Arrival, found: Sorted) -> None:
        """The store hears nothing of it: it is worth something for 15 s."""
        if said.device == device:
            found.command_news.append(lambda lane: lane.challenged(said))
            return
        error = WireError(RefusalReason.WRONG_DEVICE, f"on the topic of {device} came a challenge of {said.device}")
        self._tell_refusal(device, arrival, error)
        found.jobs.append(_refusal_job(device, error, arrival.received_us))

    def _tell_refusal(self, device: str, arrival: Arrival, error: WireError) -> None:
        """In the log: the first of each device and then one of many, so that nobody can fill the disk with them."""
        known = device in self._refusals_of or len(self._refusals_of) < _DEVICES_TOLD_MAX
        self._refusals_of[device if known else ""] += 1
        times = self._refusals_of[device if known else ""]
        if times % _REFUSALS_TOLD_EVERY == 1:
            _log.warning(
                "refused a payload of %d bytes from %s (its number %d): %s", len(arrival.payload), device, times, error
            )

    def _ignore(self, topic: str) -> None:
        """Another version of the protocol, or nothing of ours: counted always, said once for each kind."""
        self.ignored += 1
        kind = "/".join(topic.split("/")[:2])[:_KIND_CHARS_MAX]
        if kind not in self._kinds_ignored and len(self._kinds_ignored) < _KINDS_MAX:
            self._kinds_ignored.add(kind)
            _log.warning("ignored a message on the topic %.200r; more like it are only counted", topic)


def _batch_job(device: str, batch: Batch, now_us: int) -> Job:
    readings = _readings(batch, now_us)

    def job(shift: Shift) -> list[Answer]:
        said = shift.up(device, batch, now_us=now_us, readings=readings)
        return [Answer(device=device, message=answer) for answer in said] if said else []

    return job


def _readings(batch: Batch, now_us: int) -> list[Reading] | None:
    """None: it cannot be read. The transaction tries again, and fails for this message alone."""
    try:
        return read_all(batch, at_us=now_us)
    except Exception:  # noqa: BLE001 whatever it was, the other messages must not suffer from it
        return None


def _hello_job(device: str, hello: Hello, now_us: int) -> Job:
    return lambda shift: [
        Answer(device=device, message=answer, greets=not isinstance(answer, Refused))
        for answer in shift.up(device, hello, now_us=now_us)
    ]


def _status_job(device: str, status: Status, arrival: Arrival) -> Job:
    return lambda shift: [
        Answer(device=device, message=answer)
        for answer in shift.status(device, status, retained=arrival.retained, now_us=arrival.received_us)
    ]


def _refusal_job(device: str, error: WireError, now_us: int) -> Job:
    return lambda shift: [Answer(device=device, message=shift.refuse(device, error, now_us=now_us))]


def _forget_who_is_there(shift: Shift) -> list[Answer]:
    shift.forget_who_is_there()
    return []


def _welcome_all(shift: Shift) -> list[Answer]:
    """The hub has been away: every device hears how far its journal is stored here, and goes on from there."""
    return [Answer(device=device, message=message) for device, message in shift.welcome_all()]
