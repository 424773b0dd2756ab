"""Takes what came in, commits it, then answers. One thread; nothing is said that is not durable."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlite_utils import Database

from edge_agent.wire.codec import WireError, decode_status, decode_up
from edge_agent.wire.messages import DownMessage, Hello, Presence, Refused, Status, UpMessage
from edge_agent.wire.topics import READ_BY_DEVICE, Channel, parse
from hub_server.ingest.apply import Shift
from hub_server.ingest.inbox import Arrival, Entry, Inbox, Listening, Opened
from hub_server.store.errors import StoreClosedError, StoreFailingError
from hub_server.store.store import Store

HOLD_S = 0.014
"""How long one transaction takes up more messages. The last batch and the commit come on top: 20 ms in all."""

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


class BlobLane(Protocol):
    """Who looks after blobs; `gallery_lane.GalleryLane` is the real one. Its methods only enqueue."""

    def heard(self, device: str, payload: bytes) -> None: ...

    def came(self, device: str) -> None:
        """It said hello, and what it said is stored."""
        ...

    def went(self, device: str | None) -> None: ...


class _NoBlobs:
    """A hub without galleries."""

    def heard(self, device: str, payload: bytes) -> None: ...

    def came(self, device: str) -> None: ...

    def went(self, device: str | None) -> None: ...


class Worker:
    """The ingest thread. `publish` must not raise; what it cannot send is lost, and the device says hello again."""

    def __init__(
        self,
        *,
        store: Store,
        inbox: Inbox,
        publish: Callable[[str, DownMessage], None],
        site: str,
        blobs: BlobLane | None = None,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._publish = publish
        self._site = site
        self._blobs = _NoBlobs() if blobs is None else blobs
        self.ignored = 0
        """Messages on topics that this hub does not serve."""
        self.transactions = 0
        self.messages = 0
        """Messages that a transaction took in; what a device said about blobs is none of them."""
        self.failed = 0
        """Messages that the store did not take; their devices send them again."""
        self.refused = 0
        """Payloads thrown away whole, those of devices that nobody knows too."""
        self._refusals_of: Counter[str] = Counter()
        self._kinds_ignored: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the transaction in hand."""
        self._inbox.close()
        self._thread.join()

    def handle(self, entries: list[Entry]) -> None:
        """Commits all of them, in order, in as few transactions as the holding time allows, and answers."""
        jobs = [job for entry in entries if (job := self._job(entry)) is not None]
        while jobs:
            jobs = jobs[self._commit(jobs) :]

    def _run(self) -> None:
        while (entries := self._inbox.take()) is not None:
            try:
                self.handle(entries)
            except StoreClosedError:
                return
            except StoreFailingError as error:
                _log.warning("%d messages are dropped: %s; their devices will send them again", len(entries), error)
            except Exception:  # noqa: BLE001 the root of the thread: one bad moment must not end ingest
                _log.exception("messages could not be stored; their devices will send them again")

    def _commit(self, jobs: list[Job]) -> int:
        """One transaction; how many of the jobs are done with. When it fails, its first job is tried alone."""
        try:
            done, answers = self._store.write(lambda db: _perform(db, jobs), urgent=False)
        except (StoreClosedError, StoreFailingError):
            self.failed += len(jobs)
            raise
        except Exception:  # noqa: BLE001 whatever it was, the other messages must not suffer from it
            if len(jobs) == 1:
                self.failed += 1
                _log.exception("a message could not be stored; its device will send it again")
                return 1
            return self._commit(jobs[:1])
        self.transactions += 1
        self.messages += done
        self.refused += sum(isinstance(answer.message, Refused) for answer in answers)
        for answer in answers:
            self._publish(answer.device, answer.message)
            if answer.greets:
                self._blobs.came(answer.device)
        return done

    def _job(self, entry: Entry) -> Job | None:
        if isinstance(entry, Opened):
            self._blobs.went(None)
            return _forget_who_is_there
        if isinstance(entry, Listening):
            return _welcome_all
        parsed = parse(entry.topic)
        if parsed is None or parsed[0].site != self._site or parsed[1] in READ_BY_DEVICE:
            self._ignore(entry.topic)
            return None
        address, channel = parsed
        if channel is Channel.BLOB_UP:
            self._blobs.heard(address.device, entry.payload)
            return None
        return self._arrival_job(address.device, channel, entry)

    def _arrival_job(self, device: str, channel: Channel, arrival: Arrival) -> Job:
        """Decodes at once, outside the transaction."""
        try:
            message = decode_up(arrival.payload) if channel is Channel.UP else decode_status(arrival.payload)
        except WireError as error:
            self._tell_refusal(device, arrival, error)
            return _refusal_job(device, error, arrival.received_us)
        if isinstance(message, Status) and message.state is Presence.OFFLINE:
            self._blobs.went(device)
        return _message_job(device, message, arrival)

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


def _perform(db: Database, jobs: list[Job]) -> tuple[int, list[Answer]]:
    """As many of the jobs as the holding time allows, one at least; how many, and what there is to say."""
    ends_s = time.monotonic() + HOLD_S
    shift = Shift(db)
    answers = jobs[0](shift)
    done = 1
    for job in jobs[1:]:
        if time.monotonic() >= ends_s:
            break
        answers += job(shift)
        done += 1
    answers += [Answer(device=device, message=message) for device, message in shift.close()]
    return done, answers


def _message_job(device: str, message: UpMessage | Status, arrival: Arrival) -> Job:
    def job(shift: Shift) -> list[Answer]:
        now_us = arrival.received_us
        if isinstance(message, Status):
            said = shift.status(device, message, retained=arrival.retained, now_us=now_us)
        else:
            said = shift.up(device, message, now_us=now_us)
        greets = isinstance(message, Hello)
        return [
            Answer(device=device, message=answer, greets=greets and not isinstance(answer, Refused)) for answer in said
        ]

    return job


def _refusal_job(device: str, error: WireError, now_us: int) -> Job:
    return lambda shift: [Answer(device=device, message=shift.refuse(device, error, now_us=now_us))]


def _forget_who_is_there(shift: Shift) -> list[Answer]:
    shift.forget_who_is_there()
    return []


def _welcome_all(shift: Shift) -> list[Answer]:
    """The hub has been away: every device hears how far its journal is stored here, and goes on from there."""
    return [Answer(device=device, message=message) for device, message in shift.welcome_all()]
