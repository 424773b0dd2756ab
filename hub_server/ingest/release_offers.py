"""What of settings and models is on offer to whom: the lane's part for the kinds config and model."""

import logging
import sqlite3
from collections.abc import Collection
from typing import Final

from edge_agent.wire.codec import WireError
from hub_server.ingest.blob_sender import BlobSender, Settled
from hub_server.ingest.release_maker import ReleaseMaker
from hub_server.store import releases
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.store import Store

RETRY_S: Final = 30.0  # after something that could not be made
_log = logging.getLogger(__name__)


class ReleaseOffers:
    """For the lane's thread. A device is looked at when it says hello, and when what it should have has changed."""

    def __init__(self, store: Store, maker: ReleaseMaker) -> None:
        self._store = store
        self._maker = maker
        self._revision = 0
        self._stale: dict[str, float] = {}  # devices to look at, and from when on
        self._offered: dict[tuple[str, str], int] = {}  # the version on offer, by device and kind

    def came(self, device: str, now_s: float) -> None:
        self._stale[device] = now_s

    def settle(self, settled: Settled, now_s: float) -> None:
        """Raises StoreError, sqlite3.Error."""
        if self._maker.settle(settled):
            self._stale[settled.device] = now_s

    def look(self, sender: BlobSender, online: Collection[str], now_s: float) -> None:
        """Puts on offer what has changed. Raises StoreError, sqlite3.Error."""
        with self._store.read() as db:
            revision = releases.revision(db)
        if revision != self._revision:
            self._stale |= dict.fromkeys(online, now_s)
        self._revision = revision
        for device in [device for device, due_s in self._stale.items() if due_s <= now_s]:
            del self._stale[device]
            self._refresh(sender, device, now_s)

    def _refresh(self, sender: BlobSender, device: str, now_s: float) -> None:
        try:
            sources, nothing = self._maker.current(device)
        except StoreClosedError:
            raise
        except (StoreError, sqlite3.Error, WireError, OSError, ValueError) as error:
            _log.error("nothing can be made for %s: %s; trying again in %g s", device, error, RETRY_S)
            self._stale[device] = now_s + RETRY_S
            return
        for source in sources:
            offer = source.offer
            if self._offered.get((device, offer.kind)) != offer.version:
                sender.offer(device, source, now_s)
                self._offered[device, offer.kind] = offer.version
        for kind in nothing:
            sender.withdraw(device, kind)
            self._offered.pop((device, kind), None)
