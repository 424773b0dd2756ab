"""One suite for every blob store: the files and the fake obey the same rules."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.memory_store import MemoryBlobStore
from edge_agent.blobs.store import BlobStore, BlobStoreError, Part
from edge_agent.wire.blobs import CHUNK_BYTES, Offer, make_offer

CONTENT = b"a" * CHUNK_BYTES + b"b" * CHUNK_BYTES + b"tail"
OFFER = make_offer(kind="gallery", version=3, content=CONTENT)
NEWER = make_offer(kind="gallery", version=4, content=CONTENT)
OTHER = make_offer(kind="config", version=1, content=b"other")
Again = Callable[[], BlobStore]


@pytest.fixture(params=["files", "memory"])
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Again:
    """Opens the store; called once more, it is the same storage after a restart."""
    if request.param == "files":
        return lambda: FileBlobStore(tmp_path / "blobs")
    memory = MemoryBlobStore(free_bytes=2**20)
    return lambda: memory


def fill(store: BlobStore, offer: Offer, chunks: int) -> None:
    store.begin(offer)
    for i in range(chunks):
        store.write_chunk(offer, i, CONTENT[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES])


def test_a_new_store_keeps_and_holds_nothing(again: Again) -> None:
    assert dict(again().kept()) == {}
    assert dict(again().held()) == {}


@pytest.mark.parametrize("chunks", [0, 1, 2, 3])
def test_a_part_is_found_again_after_a_restart_with_as_many_chunks_as_were_written(again: Again, chunks: int) -> None:
    fill(again(), OFFER, chunks)
    assert dict(again().kept()) == {"gallery": Part(offer=OFFER, chunks=chunks)}
    assert again().read_whole("gallery") == CONTENT[: chunks * CHUNK_BYTES]


def test_what_is_released_is_held_no_longer_and_releasing_nothing_is_harmless(again: Again) -> None:
    again().release("gallery")
    again().hold(OFFER)
    again().hold(OTHER)
    again().release("gallery")
    assert dict(again().held()) == {"config": OTHER}


def test_kinds_do_not_touch_one_another(again: Again) -> None:
    fill(again(), OFFER, 2)
    again().begin(OTHER)
    again().discard("config")
    assert dict(again().kept()) == {"gallery": Part(offer=OFFER, chunks=2)}


def test_a_newer_offer_takes_the_place_of_the_part(again: Again) -> None:
    fill(again(), OFFER, 2)
    again().begin(NEWER)
    assert dict(again().kept()) == {"gallery": Part(offer=NEWER, chunks=0)}


@pytest.mark.parametrize("i", [0, 2, 3])
def test_a_chunk_that_is_not_the_next_is_refused_and_changes_nothing(again: Again, i: int) -> None:
    fill(again(), OFFER, 1)
    with pytest.raises(BlobStoreError, match="not the next"):
        again().write_chunk(OFFER, i, b"x" * CHUNK_BYTES)
    assert again().read_whole("gallery") == CONTENT[:CHUNK_BYTES]


def test_a_chunk_of_an_offer_that_was_not_begun_is_refused(again: Again) -> None:
    fill(again(), OFFER, 1)
    with pytest.raises(BlobStoreError):
        again().write_chunk(NEWER, 1, b"x" * CHUNK_BYTES)
    with pytest.raises(BlobStoreError):
        again().write_chunk(OTHER, 0, b"other")


def test_what_is_held_is_remembered_and_its_part_is_gone(again: Again) -> None:
    fill(again(), OFFER, 3)
    again().hold(OFFER)
    assert dict(again().held()) == {"gallery": OFFER}
    assert dict(again().kept()) == {}


def test_to_hold_an_older_version_leaves_the_part_of_a_newer_one(again: Again) -> None:
    fill(again(), NEWER, 1)
    again().hold(OFFER)
    assert dict(again().kept()) == {"gallery": Part(offer=NEWER, chunks=1)}


def test_what_is_not_there_cannot_be_read_and_may_be_discarded(again: Again) -> None:
    again().discard("gallery")
    with pytest.raises(BlobStoreError):
        again().read_whole("gallery")
