"""Galleries and events on one connection: the belt never waits for a gallery, and a gallery finds its way back."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_hub import ScriptedHub, ScriptedLink
from sealing_hub import ADDRESS, SPEC, Parcel, parcel, written

from edge_agent.blobs.device_key import device_key
from edge_agent.blobs.gallery_keeper import GalleryKeeper
from edge_agent.blobs.lane import BlobLane
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.blobs.memory_store import MemoryBlobStore
from edge_agent.clock import FakeClock
from edge_agent.journal import Journal
from edge_agent.uplink.mqtt import Inbox, MqttVersion
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire.blobs import BlobUp, Have, Want, decode_blob_up
from edge_agent.wire.messages import Passage, wire_bytes


class Stage:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(mono_us=1_000_000_000)
        self.journal = Journal(folder / "journal.sqlite3", clock=self.clock)
        self.key = device_key(folder / "device.key")
        self.hub = ScriptedHub()
        self.links: list[ScriptedLink] = []
        self.slot = MatcherSlot()
        keeper = GalleryKeeper(folder, key=self.key, address=ADDRESS, face=SPEC, slot=self.slot)
        lane = BlobLane(
            store=MemoryBlobStore(free_bytes=2**24),
            keeper=keeper,
            seal_key=self.key.public.hex(),
            now_s=self.clock.monotonic_s(),
        )
        self.uplink = Uplink(
            self.journal,
            device="door-east",
            agent="test/1",
            make_link=self._make_link,
            now_s=self.clock.monotonic_s,
            jitter=lambda: 1.0,
            lane=lane,
        )
        self.settle()

    def _make_link(self, _version: MqttVersion, inbox: Inbox) -> ScriptedLink:
        self.links.append(ScriptedLink(self.hub, inbox))
        return self.links[-1]

    def settle(self) -> None:
        self.uplink.step(None)
        while True:
            if self.slot.take() is not None:  # the loop, between two frames
                self.uplink.wake()
            try:
                event = self.uplink._inbox.get_nowait()
            except queue.Empty:
                return
            self.uplink.step(event)

    def hear(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.links[-1].say_of_blob(payload)
        self.settle()

    def said(self) -> list[BlobUp]:
        return [decode_blob_up(payload) for payload in self.links[-1].published_of_blobs]

    def append(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(0.01)
            self.journal.append(Passage(captured=self.clock.stamp(), camera="east", duration_ms=1, frames=1))

    def parcel(self, *, version: int) -> Parcel:
        return parcel(written(*range(1200), version=version), public_key=self.key.public, version=version)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.journal.close()


def test_hello_says_to_which_key_the_hub_may_seal(stage: Stage) -> None:
    assert stage.hub.hellos[-1].seal_key == stage.key.public.hex()


def test_an_uplink_without_a_lane_takes_no_galleries(tmp_path: Path) -> None:
    clock, hub = FakeClock(mono_us=1_000_000_000), ScriptedHub()
    journal = Journal(tmp_path / "journal.sqlite3", clock=clock)
    links: list[ScriptedLink] = []

    def make_link(_version: MqttVersion, inbox: Inbox) -> ScriptedLink:
        links.append(ScriptedLink(hub, inbox))
        return links[-1]

    uplink = Uplink(journal, device="door-east", agent="test/1", make_link=make_link, now_s=clock.monotonic_s)
    uplink.step(None)
    uplink.step(uplink._inbox.get_nowait())
    links[-1].say_of_blob(b"{}")
    while not uplink._inbox.empty():
        uplink.step(uplink._inbox.get_nowait())
    assert hub.hellos[-1].seal_key is None
    assert links[-1].published_of_blobs == []
    journal.close()


def test_a_gallery_comes_in_while_events_go_out(stage: Stage) -> None:
    sent = stage.parcel(version=3)
    offer, *chunks = sent.payloads()
    stage.hear(offer)
    for chunk in chunks:
        stage.append(2)
        stage.uplink.wake()
        stage.hear(chunk)
    assert stage.said()[-1] == Have(kind="gallery", version=3, sha256=sent.offer.sha256)
    assert len(stage.hub.passages()) == 2 * len(chunks)


def test_a_connection_that_breaks_in_the_middle_resumes_at_the_piece_that_is_missing(stage: Stage) -> None:
    sent = stage.parcel(version=3)
    offer, first, second, third = sent.payloads()
    stage.hear(offer, first, second)
    stage.links[-1].breaks()
    stage.settle()
    stage.clock.advance(60)
    stage.settle()
    assert len(stage.links) == 2
    assert stage.said() == [Want(kind="gallery", version=3, from_i=2)]
    stage.hear(third)
    assert isinstance(stage.said()[-1], Have)


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"[]", b'{"type":"offer"}', b"x" * 300_000])
def test_garbage_on_the_blobs_topic_harms_nothing(stage: Stage, garbage: bytes) -> None:
    stage.append(1)
    stage.hear(garbage)
    assert stage.said() == []
    assert len(stage.hub.passages()) == 1
    sent = stage.parcel(version=3)
    stage.hear(*sent.payloads())
    assert isinstance(stage.said()[-1], Have)


def test_a_want_that_got_lost_is_said_again_by_the_clock(stage: Stage) -> None:
    stage.hear(wire_bytes(stage.parcel(version=3).offer))
    before = len(stage.said())
    stage.clock.advance(11)
    stage.settle()
    assert stage.said()[before:] == [Want(kind="gallery", version=3, from_i=0)]
