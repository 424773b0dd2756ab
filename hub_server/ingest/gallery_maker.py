"""From who should be on a device to the sealed gallery that carries them: reads, seals, records. No MQTT."""

import base64
import logging
from collections.abc import Callable
from typing import Final

from sqlite_utils import Database

from edge_agent.wire.blobs import sha256_hex
from edge_agent.wire.gallery import (
    BYTES_MAX,
    FORMAT,
    KIND,
    LOOKALIKES_MAX,
    PERSONS_MAX,
    VEHICLES_MAX,
    WrittenEntry,
    WrittenGallery,
    WrittenLookalike,
    WrittenVehicle,
    encode_gallery,
)
from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.seal import Binding, seal
from hub_server.ingest.outgoing import FileSource, Outgoing
from hub_server.store import galleries
from hub_server.store.galleries import Embedder, Member, Plan
from hub_server.store.store import Store

_TRIES: Final = 3  # a plan that changes while its gallery is made; after that the next revision tries again
Templates = Callable[[Database, str, str, int], list[bytes] | None]
"""The templates of a row (record, key id, length); None when they are erased. `Custody.templates` is the real one."""

_log = logging.getLogger(__name__)


class GalleryMaker:
    """For one thread. Keeps no template longer than it takes to seal it."""

    def __init__(
        self,
        *,
        store: Store,
        templates: Templates,
        outgoing: Outgoing,
        site: str,
        embedder: Embedder | None = None,
    ) -> None:
        """`embedder`: named in galleries that hold vehicles alone, as long as nobody was ever enrolled here."""
        self._store = store
        self._templates = templates
        self._outgoing = outgoing
        self._site = site
        self._embedder = embedder

    def current(self, device: str) -> FileSource | None:
        """The gallery that the device should have, made anew where that is needed; None: it needs none.

        Raises StoreError, VaultError, SealError, OSError.
        """
        for _ in range(_TRIES):
            with self._store.read() as db:
                plan = galleries.plan(db, device, now_us=self._store.now_us(), fallback=self._embedder)
                made = galleries.made(db, device)
                if plan is None:
                    return None
                if made is not None and made.plan == plan.digest:
                    found = self._outgoing.find(device, made.version, made.sha256)
                    if found is not None:
                        return found
                version = 1 if made is None else made.version + 1
                content = self._content(db, plan, version)
            source = None if content is None else self._record(plan, version, content)
            if source is not None:
                return source
        return None

    def _content(self, db: Database, plan: Plan, version: int) -> bytes | None:
        """None: somebody in it was erased while we looked."""
        if len(plan.members) > PERSONS_MAX or len(plan.vehicles) > VEHICLES_MAX or version > INTEGER_MAX:
            raise ValueError(f"{_holds(plan)}, version {version}: no gallery can hold that")
        entries = [self._entry(db, plan, member) for member in plan.members]
        whole = [entry for entry in entries if entry is not None]
        if len(whole) < len(entries):
            return None
        gallery = WrittenGallery(
            format=FORMAT,
            embedder=plan.embedder,
            template_length=plan.template_length,
            version=version,
            entries=whole,
            vehicles=_written(plan),
            lookalikes=_told_apart(plan),
        )
        content = encode_gallery(gallery)
        if len(content) > BYTES_MAX:
            raise ValueError(f"{plan.device}: a gallery of {len(content)} bytes; {BYTES_MAX} is the limit")
        return content

    def _entry(self, db: Database, plan: Plan, member: Member) -> WrittenEntry | None:
        templates = self._templates(db, member.record, member.key_id, plan.template_length)
        if templates is None:
            return None
        written = [base64.b64encode(template).decode() for template in templates]
        return WrittenEntry(person=member.person, purposes=list(member.purposes), templates=written)

    def _record(self, plan: Plan, version: int, content: bytes) -> FileSource | None:
        """The file first, then the row: a row speaks of a file that is there. None: the plan has changed."""
        binding = Binding(site=self._site, device=plan.device, kind=KIND, version=version)
        sealed = seal(content, public_key=bytes.fromhex(plan.seal_key), binding=binding)
        source = self._outgoing.put(plan.device, version, sealed)
        recorded = self._store.write(
            lambda db: galleries.record(
                db, plan, version=version, sha256=sha256_hex(sealed), now_us=self._store.now_us()
            ),
            urgent=False,
        )
        if not recorded:
            return None
        self._outgoing.keep_only(plan.device, version)
        _log.info("gallery %d for %s", version, _holds(plan))
        return source


def _written(plan: Plan) -> list[WrittenVehicle]:
    return [
        WrittenVehicle(plate=one.plate, valid_from_us=one.valid_from_us, valid_until_us=one.valid_until_us)
        for one in plan.vehicles
    ]


def _told_apart(plan: Plan) -> list[WrittenLookalike]:
    """The widest margins, where there are more pairs than fit: a gallery without them is better than none at all."""
    widest = sorted(plan.lookalikes, key=lambda one: -one.wider_by)[:LOOKALIKES_MAX]
    return [WrittenLookalike(person=one.person, other=one.other, wider_by=one.wider_by) for one in widest]


def _holds(plan: Plan) -> str:
    return f"{plan.device}: {len(plan.members)} people, {len(plan.vehicles)} vehicles"
