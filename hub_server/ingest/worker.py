"""Takes what came in, commits it, then answers. One thread; nothing is said that is not durable."""

import logging
import threading
import time
from collections.abc import Callable

from sqlite_utils import Database

from edge_agent.wire.messages import DownMessage, Refused
from hub_server.ingest.apply import Shift
from hub_server.ingest.blob_lane import BlobLane, NoBlobs
from hub_server.ingest.command_lane import CommandLane, NoCommands
from hub_server.ingest.inbox import Entry, Inbox
from hub_server.ingest.sorter import Answer, Job, Sorter
from hub_server.store.errors import StoreClosedError, StoreFailingError
from hub_server.store.store import Store

HOLD_S = 0.014
"""How long one transaction takes up more messages. The last batch and the commit come on top: 20 ms in all."""

_log = logging.getLogger(__name__)


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
        commands: CommandLane | None = None,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._publish = publish
        self._blobs = NoBlobs() if blobs is None else blobs
        self._commands = NoCommands() if commands is None else commands
        self._sorter = Sorter(site=site)
        self.transactions = 0
        self.messages = 0
        """Messages that a transaction took in; what a device said about blobs is none of them."""
        self.failed = 0
        """Messages that the store did not take; their devices send them again."""
        self.refused = 0
        """Payloads thrown away whole, those of devices that nobody knows too."""
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    @property
    def ignored(self) -> int:
        """Messages on topics that this hub does not serve."""
        return self._sorter.ignored

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the transaction in hand."""
        self._inbox.close()
        self._thread.join()

    def handle(self, entries: list[Entry]) -> None:
        """Commits all of them, in order, in as few transactions as the holding time allows, and answers.

        What they say is decoded and read before the first transaction begins.
        """
        taken = self._sorter.sort(entries)
        for tell in taken.blob_news:
            tell(self._blobs)
        for say in taken.command_news:
            say(self._commands)
        jobs = taken.jobs
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
