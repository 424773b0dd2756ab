"""The device's side of blob transfer without any I/O: in order, resumed after a restart, whole or not at all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.blobs.store import BlobStore, BlobStoreError
from edge_agent.wire.blobs import (
    DETAIL_CHARS_MAX,
    WINDOW_CHUNKS_MAX,
    BlobDown,
    Chunk,
    Have,
    Offer,
    Rejected,
    RejectionReason,
    Want,
    chunk_length,
    sha256_hex,
)

WANT_EVERY_CHUNKS: Final = WINDOW_CHUNKS_MAX // 2  # so the window moves before it is empty
STALL_S: Final = 10.0  # without the next chunk for so long: ask again, each time after twice the pause
STALL_MAX_S: Final = 300.0
ASKS_MAX: Final = 8  # in vain; then silence until the hub offers again
REPEAT_WAIT_S: Final = 2.0  # a lost chunk makes all behind it come out of order: that is one question, not four
FAULTY_WHOLES_MAX: Final = 2  # the first is fetched again, this one is rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """Every byte that was offered, checked. The owner opens and applies it, then says `applied` or `refused`."""

    offer: Offer
    content: bytes


Answer = Want | Have | Rejected | Delivery


class _Transfer:
    """What is coming in of one kind."""

    def __init__(self, offer: Offer, *, chunks: int, now_s: float) -> None:
        self.offer = offer
        self.next_i = chunks
        self.asks = 0  # since the last chunk
        self.ask_due_s = now_s
        self.asked_s = -math.inf
        self.faulty_wholes = 0

    def whole(self) -> bool:
        return self.next_i == self.offer.n

    @property
    def stalled(self) -> bool:
        return self.asks > 1 and not self.whole()

    def about(self, chunk: Chunk) -> bool:
        offered = (self.offer.kind, self.offer.version, self.offer.n)
        return (chunk.kind, chunk.version, chunk.n) == offered and len(chunk.data) == chunk_length(self.offer, chunk.i)

    def want(self, now_s: float) -> Want:
        self.asked_s = now_s
        self.ask_due_s = now_s + min(STALL_S * 2**self.asks, STALL_MAX_S)
        self.asks += 1
        return Want(kind=self.offer.kind, version=self.offer.version, from_i=self.next_i)


class Receiver:
    """Not for several threads. `now_s` is monotonic. What it returns is to be published, or applied, in that order."""

    def __init__(
        self,
        *,
        store: BlobStore,
        bytes_max: Mapping[str, int],
        now_s: float,
        refused: Sequence[tuple[Offer, RejectionReason, str]] = (),
    ) -> None:
        """`bytes_max`: the kinds this device knows, and how much it takes of each. Raises BlobStoreError.

        `refused`: what an earlier start refused; it gets the same answer, without a transfer.
        """
        self._store = store
        self._bytes_max = dict(bytes_max)
        self._online = False
        self._held = dict(store.held())
        self._unusable: dict[str, tuple[Offer, Rejected]] = {
            offer.kind: (offer, _rejected(offer, reason, detail)) for offer, reason, detail in refused
        }
        self._transfers: dict[str, _Transfer] = {}
        self._undelivered: set[str] = set()
        for kind, part in store.kept().items():
            if self._obsolete(part.offer):
                store.discard(kind)
                continue
            self._transfers[kind] = _Transfer(part.offer, chunks=part.chunks, now_s=now_s)
            if self._transfers[kind].whole():
                self._undelivered.add(kind)

    # --- what happens ---

    def connected(self, now_s: float) -> None:
        """What is not whole is due to be asked for."""
        self._online = True
        for transfer in self._transfers.values():
            transfer.asks = 0
            transfer.ask_due_s = now_s

    def disconnected(self) -> None:
        self._online = False

    def heard(self, message: BlobDown, now_s: float) -> list[Answer]:
        """A message of the hub, from the wire's decoder."""
        if isinstance(message, Offer):
            return self._offered(message, now_s)
        return self._arrived(message, now_s)

    def applied(self, offer: Offer) -> list[Answer]:
        """What was delivered is in force. Raises BlobStoreError; the hub's next offer then delivers it again."""
        held = self._held.get(offer.kind)
        if held is None or offer.version > held.version:
            self._store.hold(offer)
            self._held[offer.kind] = offer
        self._drop(offer)
        return [self._have(offer.kind)]

    def refused(self, offer: Offer, *, reason: RejectionReason, detail: str) -> list[Answer]:
        """What was delivered cannot be used here. The same offer again gets the same answer, without a transfer.

        Except after `storage`: a disk that was full may have room the next time.
        """
        rejected = _rejected(offer, reason, detail)
        if reason is not RejectionReason.STORAGE:
            self._unusable[offer.kind] = (offer, rejected)
        self._discard(offer)
        return [rejected]

    # --- what to do ---

    def due(self, now_s: float) -> list[Answer]:
        """What a restart left whole, and questions about transfers that stand still."""
        answers: list[Answer] = []
        for kind in sorted(self._undelivered & self._transfers.keys()):
            answers += self._check(self._transfers[kind], now_s)
        self._undelivered.clear()
        for transfer in self._transfers.values():
            if self._asks_again(transfer) and now_s >= transfer.ask_due_s:
                answers.append(transfer.want(now_s))
        return answers

    def wait_s(self, now_s: float) -> float:
        """For how long there is nothing due, unless something happens."""
        if self._undelivered:
            return 0.0
        dues = [transfer.ask_due_s for transfer in self._transfers.values() if self._asks_again(transfer)]
        return max(0.0, min(dues, default=math.inf) - now_s)

    # --- offers ---

    def _offered(self, offer: Offer, now_s: float) -> list[Answer]:
        refusal = self._refusal(offer)
        if refusal is not None:
            return [refusal]
        held = self._held.get(offer.kind)
        if held is not None and offer.version <= held.version:
            return [self._have(offer.kind)]
        current = self._transfers.get(offer.kind)
        if current is None:
            return self._begin(offer, now_s)
        if current.offer == offer:
            return self._offered_again(current, now_s)
        if offer.version < current.offer.version and not current.stalled:
            return []  # an old offer that came late
        return self._begin(offer, now_s)

    def _refusal(self, offer: Offer) -> Rejected | None:
        limit_bytes = self._bytes_max.get(offer.kind)
        if limit_bytes is None:
            return _rejected(offer, RejectionReason.UNSUPPORTED, "")
        if offer.bytes > limit_bytes:
            return _rejected(offer, RejectionReason.TOO_LARGE, f"{limit_bytes} bytes is the limit here")
        known = self._unusable.get(offer.kind)
        return known[1] if known is not None and known[0] == offer else None

    def _offered_again(self, transfer: _Transfer, now_s: float) -> list[Answer]:
        transfer.asks = 0
        if transfer.whole():
            return self._check(transfer, now_s)
        return [transfer.want(now_s)]

    def _begin(self, offer: Offer, now_s: float, *, faulty_wholes: int = 0) -> list[Answer]:
        self._undelivered.discard(offer.kind)
        try:
            self._store.begin(offer)
        except BlobStoreError as error:
            return self._cannot_keep(offer, error)
        transfer = _Transfer(offer, chunks=0, now_s=now_s)
        transfer.faulty_wholes = faulty_wholes
        self._transfers[offer.kind] = transfer
        return [transfer.want(now_s)]

    # --- chunks ---

    def _arrived(self, chunk: Chunk, now_s: float) -> list[Answer]:
        transfer = self._transfers.get(chunk.kind)
        if transfer is None or transfer.whole() or not transfer.about(chunk):
            return []
        if chunk.i != transfer.next_i:
            return [transfer.want(now_s)] if now_s - transfer.asked_s >= REPEAT_WAIT_S else []
        try:
            self._store.write_chunk(transfer.offer, chunk.i, chunk.data)
        except BlobStoreError as error:
            return self._cannot_keep(transfer.offer, error)
        transfer.next_i += 1
        transfer.asks = 0
        transfer.ask_due_s = now_s + STALL_S
        if transfer.whole():
            return self._check(transfer, now_s)
        return [transfer.want(now_s)] if transfer.next_i % WANT_EVERY_CHUNKS == 0 else []

    def _check(self, transfer: _Transfer, now_s: float) -> list[Answer]:
        """Hands over what is whole and right; fetches again, once, what is whole and wrong."""
        offer = transfer.offer
        try:
            content = self._store.read_whole(offer.kind)
        except BlobStoreError as error:
            return self._cannot_keep(offer, error)
        if len(content) == offer.bytes and sha256_hex(content) == offer.sha256:
            return [Delivery(offer=offer, content=content)]
        if transfer.faulty_wholes + 1 < FAULTY_WHOLES_MAX:
            return self._begin(offer, now_s, faulty_wholes=transfer.faulty_wholes + 1)
        self._discard(offer)
        return [_rejected(offer, RejectionReason.WRONG_HASH, "")]

    # ---

    def _obsolete(self, offer: Offer) -> bool:
        held = self._held.get(offer.kind)
        return self._refusal(offer) is not None or (held is not None and offer.version <= held.version)

    def _have(self, kind: str) -> Have:
        held = self._held[kind]
        return Have(kind=kind, version=held.version, sha256=held.sha256)

    def _cannot_keep(self, offer: Offer, error: BlobStoreError) -> list[Answer]:
        self._discard(offer)
        return [_rejected(offer, RejectionReason.STORAGE, str(error))]

    def _discard(self, offer: Offer) -> None:
        if self._drop(offer):
            try:
                self._store.discard(offer.kind)
            except BlobStoreError:
                return  # a disk that cannot even delete: a restart finds the part, and offers go over it

    def _drop(self, offer: Offer) -> bool:
        """Forgets the transfer of this very offer; a newer one of the kind goes on."""
        current = self._transfers.get(offer.kind)
        if current is None or current.offer.version > offer.version:
            return False
        del self._transfers[offer.kind]
        self._undelivered.discard(offer.kind)
        return True

    def _asks_again(self, transfer: _Transfer) -> bool:
        return self._online and not transfer.whole() and transfer.asks < ASKS_MAX


def _rejected(offer: Offer, reason: RejectionReason, detail: str) -> Rejected:
    return Rejected(kind=offer.kind, version=offer.version, reason=reason, detail=detail[:DETAIL_CHARS_MAX])
