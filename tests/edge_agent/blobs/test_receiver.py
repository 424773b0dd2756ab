"""The device's side of blob transfer: whole or not at all, and silent only when it may be."""

import itertools

import pytest

from edge_agent.blobs import receiver as rules
from edge_agent.blobs.memory_store import MemoryBlobStore
from edge_agent.blobs.receiver import Delivery, Receiver
from edge_agent.blobs.store import BlobStoreError
from edge_agent.wire.blobs import (
    CHUNK_BYTES,
    Chunk,
    Have,
    Offer,
    Rejected,
    RejectionReason,
    Want,
    make_chunk,
    make_offer,
    sha256_hex,
)

CONTENT = b"".join(bytes([i]) * CHUNK_BYTES for i in range(4)) + b"tail"
LIMITS = {"gallery": 2**20, "config": 1000}


def offer_of(version: int, content: bytes = CONTENT, kind: str = "gallery") -> Offer:
    return make_offer(kind=kind, version=version, content=content)


def chunk_of(offer: Offer, i: int, content: bytes = CONTENT) -> Chunk:
    return make_chunk(offer=offer, i=i, data=content[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES])


def want(version: int, from_i: int) -> Want:
    return Want(kind="gallery", version=version, from_i=from_i)


def forged(chunk: Chunk) -> Chunk:
    data = b"!" * len(chunk.data)
    return Chunk(kind=chunk.kind, version=chunk.version, i=chunk.i, n=chunk.n, sha256=sha256_hex(data), data=data)


@pytest.fixture
def store() -> MemoryBlobStore:
    return MemoryBlobStore(free_bytes=2**20)


@pytest.fixture
def receiver(store: MemoryBlobStore) -> Receiver:
    return restarted(store)


def restarted(store: MemoryBlobStore) -> Receiver:
    fresh = Receiver(store=store, bytes_max=LIMITS, now_s=0.0)
    fresh.connected(0.0)
    return fresh


def test_an_offer_is_wanted_from_its_beginning(receiver: Receiver) -> None:
    assert receiver.heard(offer_of(1), 0.0) == [want(1, 0)]


def test_the_window_moves_every_second_chunk_and_the_end_is_a_delivery(receiver: Receiver) -> None:
    offer = offer_of(1)
    receiver.heard(offer, 0.0)
    said = [receiver.heard(chunk_of(offer, i), 0.0) for i in range(5)]
    assert said == [[], [want(1, 2)], [], [want(1, 4)], [Delivery(offer=offer, content=CONTENT)]]
    assert receiver.applied(offer) == [Have(kind="gallery", version=1, sha256=offer.sha256)]


@pytest.mark.parametrize("again", [False, True], ids=["running", "restarted"])
def test_what_is_held_is_said_again_at_each_offer_and_not_fetched(store: MemoryBlobStore, *, again: bool) -> None:
    receiver, offer = restarted(store), offer_of(2)
    receiver.heard(offer, 0.0)
    for i in range(5):
        receiver.heard(chunk_of(offer, i), 0.0)
    have = receiver.applied(offer)
    receiver = restarted(store) if again else receiver
    assert receiver.heard(offer, 1.0) == have
    assert receiver.heard(offer_of(1), 1.0) == have  # a hub that has gone back in time
    assert receiver.heard(offer_of(2, b"other bytes"), 1.0) == have
    assert receiver.heard(offer_of(3), 1.0) == [want(3, 0)]


def test_a_restart_goes_on_where_it_stood(store: MemoryBlobStore) -> None:
    before, offer = restarted(store), offer_of(1)
    before.heard(offer, 0.0)
    for i in range(3):
        before.heard(chunk_of(offer, i), 0.0)
    after = restarted(store)
    assert after.due(0.0) == [want(1, 3)]
    assert after.heard(chunk_of(offer, 3), 0.0) == [want(1, 4)]
    assert after.heard(chunk_of(offer, 4), 0.0) == [Delivery(offer=offer, content=CONTENT)]


def test_a_restart_between_delivery_and_application_delivers_again(store: MemoryBlobStore) -> None:
    before, offer = restarted(store), offer_of(1)
    before.heard(offer, 0.0)
    for i in range(5):
        before.heard(chunk_of(offer, i), 0.0)
    after = Receiver(store=store, bytes_max=LIMITS, now_s=0.0)  # not even connected
    assert after.wait_s(0.0) == 0.0
    assert after.due(0.0) == [Delivery(offer=offer, content=CONTENT)]
    assert after.due(0.0) == []
    assert after.heard(offer, 0.0) == [Delivery(offer=offer, content=CONTENT)]


def test_a_newer_offer_supersedes_and_the_older_ones_chunks_are_foreign_then(receiver: Receiver) -> None:
    old, new = offer_of(1), offer_of(2, CONTENT[::-1])
    receiver.heard(old, 0.0)
    receiver.heard(chunk_of(old, 0), 0.0)
    assert receiver.heard(new, 0.0) == [want(2, 0)]
    assert receiver.heard(chunk_of(old, 1), 9.0) == []
    assert receiver.heard(old, 0.0) == []  # an old offer that came late
    for i in range(4):
        receiver.heard(chunk_of(new, i, CONTENT[::-1]), 0.0)
    assert receiver.heard(chunk_of(new, 4, CONTENT[::-1]), 0.0) == [Delivery(offer=new, content=CONTENT[::-1])]


def test_an_older_version_applied_late_is_receipted_and_the_newer_transfer_goes_on(receiver: Receiver) -> None:
    old, new = offer_of(1), offer_of(2)
    receiver.heard(old, 0.0)
    for i in range(5):
        receiver.heard(chunk_of(old, i), 0.0)
    receiver.heard(new, 0.0)
    assert receiver.applied(old) == [Have(kind="gallery", version=1, sha256=old.sha256)]
    assert receiver.heard(new, 0.0) == [want(2, 0)]


def test_doubled_reordered_and_foreign_chunks_change_nothing(receiver: Receiver) -> None:
    offer = offer_of(1)
    receiver.heard(offer, 0.0)
    receiver.heard(chunk_of(offer, 0), 0.0)
    shorter = offer_of(1, CONTENT[: 2 * CHUNK_BYTES])
    unasked = offer_of(1, b"settings", kind="config")
    for stray in (chunk_of(offer, 0), chunk_of(offer, 3), chunk_of(shorter, 1), chunk_of(unasked, 0, b"settings")):
        assert receiver.heard(stray, 0.0) == []
    assert receiver.heard(chunk_of(offer, 1), 0.0) == [want(1, 2)]


def test_a_gap_is_asked_about_once_and_not_for_every_chunk_behind_it(receiver: Receiver) -> None:
    offer = offer_of(1)
    receiver.heard(offer, 0.0)
    assert receiver.heard(chunk_of(offer, 1), 2.0) == [want(1, 0)]
    assert receiver.heard(chunk_of(offer, 2), 2.1) == []
    assert receiver.heard(chunk_of(offer, 3), 4.2) == [want(1, 0)]


def test_a_forged_chunk_with_a_right_hash_of_its_own_is_found_at_the_end_and_all_is_fetched_again(
    receiver: Receiver,
) -> None:
    offer = offer_of(1)
    receiver.heard(offer, 0.0)
    for i in range(4):
        receiver.heard(forged(chunk_of(offer, i)) if i == 2 else chunk_of(offer, i), 0.0)
    assert receiver.heard(chunk_of(offer, 4), 0.0) == [want(1, 0)]
    for i in range(4):
        receiver.heard(chunk_of(offer, i), 0.0)
    assert receiver.heard(chunk_of(offer, 4), 0.0) == [Delivery(offer=offer, content=CONTENT)]


def test_the_second_faulty_whole_is_rejected_and_a_later_offer_tries_anew(receiver: Receiver) -> None:
    offer = offer_of(1)
    receiver.heard(offer, 0.0)
    for _ in range(2):
        said = [receiver.heard(forged(chunk_of(offer, i)), 0.0) for i in range(5)]
    assert said[-1] == [Rejected(kind="gallery", version=1, reason=RejectionReason.WRONG_HASH)]
    assert receiver.heard(offer, 0.0) == [want(1, 0)]


def test_a_kind_nobody_knows_and_a_blob_too_large_are_rejected_by_name(receiver: Receiver) -> None:
    def reason(offer: Offer) -> RejectionReason:
        (said,) = receiver.heard(offer, 0.0)
        assert isinstance(said, Rejected)
        return said.reason

    assert reason(offer_of(1, b"x", kind="parcel")) is RejectionReason.UNSUPPORTED
    assert reason(offer_of(1, bytes(1001), kind="config")) is RejectionReason.TOO_LARGE


@pytest.mark.parametrize("free_chunks", [0, 2])
def test_a_full_disk_is_a_rejection_that_keeps_nothing(store: MemoryBlobStore, free_chunks: int) -> None:
    receiver, offer = restarted(store), offer_of(1)
    store.free_bytes = free_chunks * CHUNK_BYTES
    receiver.heard(offer, 0.0)
    said = [answer for i in range(free_chunks + 1) for answer in receiver.heard(chunk_of(offer, i), 0.0)]
    assert said[-1] == Rejected(kind="gallery", version=1, reason=RejectionReason.STORAGE, detail="no space left")
    assert store.kept() == {}
    store.free_bytes = 2**20
    assert receiver.heard(offer, 0.0) == [want(1, 0)]


def test_what_was_refused_is_refused_again_without_a_transfer(store: MemoryBlobStore) -> None:
    receiver, offer = restarted(store), offer_of(1)
    receiver.heard(offer, 0.0)
    for i in range(5):
        receiver.heard(chunk_of(offer, i), 0.0)
    rejected = receiver.refused(offer, reason=RejectionReason.UNUSABLE, detail="x" * 500)
    assert store.kept() == {}
    assert receiver.heard(offer, 0.0) == rejected
    assert receiver.heard(offer_of(2), 0.0) == [want(2, 0)]


def test_a_stalled_transfer_is_asked_for_with_growing_pauses_and_then_waits_for_an_offer(receiver: Receiver) -> None:
    offer = offer_of(1)
    receiver.heard(offer, 0.0)
    asked, now_s = [], 0.0
    while (wait_s := receiver.wait_s(now_s)) < 1e6:
        now_s += wait_s
        assert receiver.due(now_s) == [want(1, 0)]
        asked.append(now_s)
    assert asked[:3] == [10.0, 30.0, 70.0]
    assert len(asked) == rules.ASKS_MAX - 1
    assert max(b - a for a, b in itertools.pairwise(asked)) <= rules.STALL_MAX_S
    assert receiver.heard(offer, now_s) == [want(1, 0)]
    assert receiver.wait_s(now_s) == rules.STALL_S


def test_nothing_is_asked_while_there_is_no_connection(receiver: Receiver) -> None:
    receiver.heard(offer_of(1), 0.0)
    receiver.disconnected()
    assert receiver.due(1000.0) == []
    receiver.connected(1000.0)
    assert receiver.due(1000.0) == [want(1, 0)]


def test_an_offer_from_nowhere_with_a_great_version_does_not_block_the_true_one_for_ever(receiver: Receiver) -> None:
    receiver.heard(offer_of(2**53 - 1, b"never comes"), 0.0)
    true = offer_of(7)
    assert receiver.heard(true, 1.0) == []
    assert receiver.due(10.0) == [want(2**53 - 1, 0)]
    assert receiver.heard(true, 11.0) == [want(7, 0)]


def test_a_part_of_a_kind_that_is_no_longer_known_is_thrown_away(store: MemoryBlobStore) -> None:
    restarted(store).heard(offer_of(1), 0.0)
    Receiver(store=store, bytes_max={"config": 1000}, now_s=0.0)
    assert store.kept() == {}


@pytest.mark.parametrize("broken", ["begin", "read_whole"])
def test_a_disk_that_cannot_even_delete_is_a_rejection_and_no_crash(
    store: MemoryBlobStore, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def refuse(*_: object) -> None:
        raise BlobStoreError("read-only file system")

    receiver, offer = restarted(store), offer_of(1)
    monkeypatch.setattr(store, broken, refuse)
    monkeypatch.setattr(store, "discard", refuse)
    said = receiver.heard(offer, 0.0)
    for i in range(5):
        said += receiver.heard(chunk_of(offer, i), 0.0)
    assert said[-1] == Rejected(
        kind="gallery", version=1, reason=RejectionReason.STORAGE, detail="read-only file system"
    )
    assert receiver.wait_s(0.0) == float("inf")
