"""The thread that keeps every device's gallery what it should be: makes, offers, sends in pieces, files receipts.

It stands beside the worker: events never wait for a gallery. Nothing here need survive: what was made and what a device
holds is in the store, what is under way the device knows.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_agent.wire.blobs import BlobDown, RejectionReason, decode_blob_up
from edge_agent.wire.codec import WireError
from edge_agent.wire.gallery import KIND
from edge_agent.wire.seal import SealError
from hub_server.ingest.blob_sender import BlobSender, Settled, Settlement
from hub_server.ingest.gallery_maker import GalleryMaker
from hub_server.ingest.release_maker import ReleaseMaker
from hub_server.ingest.release_offers import ReleaseOffers
from hub_server.store import galleries
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.store import Store

MESSAGES_MAX: Final = 2000  # that wait; more are dropped, and their device asks again
LOOK_S: Final = 0.5  # how often it is looked whether who belongs where has changed
SEND_MAX: Final = 16  # messages between two looks at what has come in
RETRY_S: Final = 30.0  # after a gallery that could not be made
STORAGE_RETRY_S: Final = 300.0  # after a device whose disk took none: it may have room again, and an erasure waits

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    device: str
    payload: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Came:
    device: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Went:
    device: str | None  # None: everybody; the broker is gone


_News = _Said | _Came | _Went


class GalleryLane:
    """`publish` must not raise; what it cannot send is asked for again."""

    def __init__(
        self,
        *,
        store: Store,
        maker: GalleryMaker,
        publish: Callable[[str, BlobDown], None],
        now_s: Callable[[], float] = time.monotonic,
        releases: ReleaseMaker | None = None,
    ) -> None:
        self._store = store
        self._maker = maker
        self._releases = None if releases is None else ReleaseOffers(store, releases)
        self._publish = publish
        self._now_s = now_s
        self._sender = BlobSender()
        self._news: queue.Queue[_News | None] = queue.Queue(MESSAGES_MAX)
        self._online: set[str] = set()
        self._offered: dict[str, int] = {}  # the version on offer
        self._stale: dict[str, float] = {}  # devices to look at, and from when on
        self._full: dict[str, float] = {}  # devices whose disk took none, and when it is offered again
        self._revision = 0
        self._looked_s = -LOOK_S
        self._ended_us = 0  # vehicles whose time ended by then have gone from their devices' plans
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="galleries", daemon=True)

    # --- for other threads ---

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._enqueue(None)
        self._thread.join()

    def heard(self, device: str, payload: bytes) -> None:
        """What came on its `blob/up`."""
        self._enqueue(_Said(device=device, payload=payload))

    def came(self, device: str) -> None:
        """It said hello; what it said is stored."""
        self._enqueue(_Came(device=device))

    def went(self, device: str | None) -> None:
        """It is offline; None: the broker is gone, and with it everybody."""
        self._enqueue(_Went(device=device))

    def _enqueue(self, news: _News | None) -> None:
        try:
            self._news.put_nowait(news)
        except queue.Full:
            _log.warning("more is said about galleries than can be looked at; one message was dropped")

    # --- the thread ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step(self._next(self._wait_s()))
            except StoreClosedError:
                return
            except (StoreError, sqlite3.Error) as error:
                _log.warning("galleries wait: %s", error)
                self._stopping.wait(LOOK_S)
            except Exception:  # noqa: BLE001 the root of the thread: one bad moment must not end what erases people
                _log.exception("galleries stumbled")
                self._stopping.wait(LOOK_S)

    def _next(self, timeout_s: float) -> _News | None:
        try:
            return self._news.get(timeout=timeout_s) if timeout_s > 0 else self._news.get_nowait()
        except queue.Empty:
            return None

    def _wait_s(self) -> float:
        now_s = self._now_s()
        return max(0.0, min(self._looked_s + LOOK_S - now_s, self._sender.wait_s(now_s)))

    def step(self, news: _News | None) -> None:
        """One piece of news, or none, and all that is due now."""
        if news is not None:
            self._handle(news)
        now_s = self._now_s()
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._look(now_s)
        for device, message in self._sender.take(self._now_s(), limit=SEND_MAX):
            self._publish(device, message)

    def _handle(self, news: _News) -> None:
        match news:
            case _Came(device=device):
                self._online.add(device)
                self._stale[device] = self._now_s()
                self._sender.connected(device, self._now_s())
                if self._releases is not None:
                    self._releases.came(device, self._now_s())
            case _Went(device=None):
                for device in self._online:
                    self._sender.disconnected(device)
                self._online.clear()
            case _Went(device=device):
                self._online.discard(device or "")
                self._sender.disconnected(device or "")
            case _Said(device=device, payload=payload):
                self._said(device, payload)

    def _said(self, device: str, payload: bytes) -> None:
        try:
            message = decode_blob_up(payload)
        except WireError as error:
            _log.warning("%s said what is no message about a blob: %s", device, error)
            return
        settled = self._sender.heard(device, message, self._now_s())
        if settled is not None:
            try:
                if settled.kind == KIND:
                    self._settle(settled)
                elif self._releases is not None:
                    self._releases.settle(settled, self._now_s())
            except (StoreError, sqlite3.Error):
                self._sender.connected(device, self._now_s())  # it will be asked again, and say it again
                raise

    def _settle(self, settled: Settled) -> None:
        device, version, now_us = settled.device, settled.version, self._store.now_us()
        match settled.how:
            case Settlement.HELD:
                self._store.write(lambda db: galleries.held(db, device, version=version, now_us=now_us), urgent=False)
                _log.info("gallery %d is in force at %s", version, device)
            case Settlement.REJECTED:
                trouble = f"{settled.reason}: {settled.detail}" if settled.detail else str(settled.reason)
                _log.warning("gallery %d was not taken by %s: %s", version, device, trouble)
                if settled.reason is RejectionReason.STORAGE:
                    self._full[device] = self._now_s() + STORAGE_RETRY_S
                self._store.write(
                    lambda db: galleries.refused(db, device, version=version, trouble=trouble), urgent=False
                )
            case Settlement.AHEAD:
                _log.warning("%s holds gallery %d, newer than ours: another is made", device, version)
                self._store.write(lambda db: galleries.make_above(db, device, version), urgent=False)
                self._stale[device] = self._now_s()

    def _offer_again(self, now_s: float) -> None:
        for device in [device for device, due_s in self._full.items() if due_s <= now_s]:
            del self._full[device]
            if device in self._online:
                self._sender.connected(device, now_s)

    def _look(self, now_s: float) -> None:
        self._offer_again(now_s)
        now_us = self._store.now_us()
        with self._store.read() as db:
            revision = galleries.revision(db)
            if revision != self._revision:
                self._stale |= dict.fromkeys(galleries.takers(db), now_s)
            else:
                self._stale |= dict.fromkeys(galleries.ending(db, after_us=self._ended_us, until_us=now_us), now_s)
        self._revision, self._ended_us = revision, now_us
        if self._releases is not None:
            self._releases.look(self._sender, self._online, now_s)
        for device in [device for device, due_s in self._stale.items() if due_s <= now_s]:
            del self._stale[device]
            self._refresh(device)
            if self._stopping.is_set() or not self._news.empty():
                return  # what came in goes first; the rest is still noted as stale

    def _refresh(self, device: str) -> None:
        try:
            source = self._maker.current(device)
        except (StoreError, sqlite3.Error, SealError, WireError, OSError, ValueError) as error:
            if isinstance(error, StoreClosedError):
                raise
            _log.error("no gallery can be made for %s: %s; trying again in %g s", device, error, RETRY_S)
            self._stale[device] = self._now_s() + RETRY_S
            return
        if source is not None and self._offered.get(device) != source.offer.version:
            self._sender.offer(device, source, self._now_s())
            self._offered[device] = source.offer.version
