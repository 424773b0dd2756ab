"""Real sealed galleries from the hub's sender to the agent's lane, and the receipts back, over a channel of bytes."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sealing_hub import ADDRESS, SPEC, template, written

from edge_agent.blobs.device_key import device_key
from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.gallery_keeper import GalleryKeeper
from edge_agent.blobs.lane import BlobLane
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.recognition.matcher import Matcher
from edge_agent.wire.blobs import decode_blob_up
from edge_agent.wire.gallery import KIND
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.seal import Binding, generate_key_pair, seal
from hub_server.ingest.blob_sender import BlobSender, BytesSource, Settled, Settlement

DEVICE = ADDRESS.device
SETTLES_WITHIN_S = 900.0


class Street:
    """One hub, one device, and what lies between them. `loses` is asked for each payload."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = device_key(folder / "device.key")
        self.sender = BlobSender()
        self.now_s = 0.0
        self.loses: Callable[[bytes], bool] = lambda _: False
        self.settled: list[Settled] = []
        self.matcher: Matcher | None = None
        self.start_device()

    def start_device(self) -> None:
        self.slot = MatcherSlot()
        blobs = self.folder / "blobs"
        store = FileBlobStore(blobs)
        keeper = GalleryKeeper(blobs, key=self.key, address=ADDRESS, face=SPEC, slot=self.slot)
        self.lane = BlobLane(store=store, keeper=keeper, seal_key=self.key.public.hex(), now_s=self.now_s)
        first = self.lane.take_first()
        self.matcher = None if first is None else Matcher(first)
        self.lane.connected(self.now_s)
        self.sender.connected(DEVICE, self.now_s)

    def offer(self, *people: int, version: int, seal_key: bytes | None = None) -> None:
        binding = Binding(site=ADDRESS.site, device=DEVICE, kind=KIND, version=version)
        sealed = seal(written(*people, version=version), public_key=seal_key or self.key.public, binding=binding)
        self.sender.offer(DEVICE, BytesSource(kind=KIND, version=version, content=sealed), self.now_s)

    def settle(self) -> Settled:
        """Carry everything, and let time pass where nobody has anything to say, until the hub has its answer."""
        before, ends_s = len(self.settled), self.now_s + SETTLES_WITHIN_S
        while len(self.settled) == before:
            assert self.now_s < ends_s, "not settled in time"
            down = [wire_bytes(message) for _, message in self.sender.take(self.now_s, limit=16)]
            up = [said for payload in down if not self.loses(payload) for said in self.lane.heard(payload, self.now_s)]
            taken = self.slot.take()
            self.matcher = self.matcher if taken is None else taken.matcher
            up += self.lane.due(self.now_s)
            for payload in up:
                self.arrive(payload)
            if not down and not up:
                self.now_s += min(self.sender.wait_s(self.now_s), self.lane.wait_s(self.now_s))
        return self.settled[-1]

    def arrive(self, payload: bytes) -> None:
        if not self.loses(payload):
            settled = self.sender.heard(DEVICE, decode_blob_up(payload), self.now_s)
            self.settled += [settled] if settled is not None else []

    def knows(self, n: int) -> bool:
        assert self.matcher is not None
        match = self.matcher.match(template(n))
        return match is not None and match.person == f"p-{n}"


def held(version: int) -> Settled:
    return Settled(device=DEVICE, kind=KIND, version=version, how=Settlement.HELD)


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path)


def test_a_gallery_is_in_force_when_the_hub_has_its_receipt_and_an_erasure_too(street: Street) -> None:
    street.offer(*range(3000), version=1)
    assert street.settle() == held(1)
    assert street.knows(5)
    assert street.knows(2999)
    street.offer(*range(6, 3000), version=2)
    assert street.settle() == held(2)
    assert not street.knows(5)
    street.offer(version=3)
    assert street.settle() == held(3)
    assert not street.knows(2999)
    assert [path.name for path in (street.folder / "blobs").glob("gallery-*")] == ["gallery-3.sealed"]


@pytest.mark.parametrize("seed", range(5))
def test_over_a_belt_that_loses_a_third_the_device_ends_with_the_newest(street: Street, seed: int) -> None:
    rng = random.Random(seed)
    street.loses = lambda _: rng.random() < 0.33
    for version in (1, 2, 3):
        street.offer(*range(version, 2000), version=version)
        assert street.settle() == held(version)
        street.start_device()
        assert not street.knows(version - 1)
        assert street.knows(version)


def test_a_device_that_starts_again_gives_its_receipt_without_a_transfer(street: Street) -> None:
    street.offer(1, version=1)
    street.settle()
    street.start_device()
    street.loses = lambda payload: b'"chunk"' in payload or b'"want"' in payload
    assert street.settle() == held(1)


def test_a_hub_that_went_back_in_time_learns_what_the_device_holds(street: Street) -> None:
    street.offer(1, version=7)
    street.settle()
    street.sender = BlobSender()
    street.sender.connected(DEVICE, street.now_s)
    street.offer(2, version=1)
    assert street.settle() == Settled(device=DEVICE, kind=KIND, version=7, how=Settlement.AHEAD)
    assert street.knows(1)
    street.offer(2, version=8)
    assert street.settle() == held(8)
    assert street.knows(2)


def test_a_gallery_for_the_key_of_a_card_that_is_no_more_is_rejected_and_changes_nothing(street: Street) -> None:
    street.offer(1, version=1)
    street.settle()
    street.offer(2, version=2, seal_key=generate_key_pair().public)
    settled = street.settle()
    assert settled.how is Settlement.REJECTED
    assert settled.reason == "not_for_us"
    assert street.knows(1)
