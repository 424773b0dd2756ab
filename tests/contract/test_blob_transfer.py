"""Sender and receiver together over a channel that loses, doubles, reorders, delays and tampers, with restarts of both.

However it goes: what is delivered is what the hub offered, byte for byte, and once the faults stop, both agree within a
bound, on the newest version or on a named rejection.
"""

import random
import shutil
import tempfile
from pathlib import Path
from typing import Final

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.receiver import Answer, Delivery, Receiver
from edge_agent.blobs.store import BlobStoreError
from edge_agent.wire.blobs import (
    CHUNK_BYTES,
    WINDOW_CHUNKS_MAX,
    Chunk,
    Offer,
    RejectionReason,
    decode_blob_down,
    decode_blob_up,
    sha256_hex,
)
from edge_agent.wire.codec import WireError
from edge_agent.wire.messages import wire_bytes
from hub_server.ingest.blob_sender import BlobSender, BytesSource, Settled, Settlement

DEVICE: Final = "door-east"
SETTLES_WITHIN_S: Final = 900.0
MESSAGES_MAX: Final = 400  # of the run without faults; the largest blob has 6 chunks
CHANNEL_MAX: Final = 40
FATES: Final = (*["kept"] * 10, "lost", "delayed", "doubled", "flipped", "forged")


class FullDisk(FileBlobStore):
    """The real files, on a disk that a test can fill."""

    full = False

    def write_chunk(self, offer: Offer, i: int, data: bytes) -> None:
        if self.full:
            raise BlobStoreError("no space left")
        super().write_chunk(offer, i, data)


class BlobTransfer(RuleBasedStateMachine):
    """Hub, channel and device. The channel carries bytes, as MQTT does."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="blob-transfer-"))
        self.store = FullDisk(self.folder)
        self.now_s = 0.0
        self.contents: dict[int, bytes] = {}
        self.in_force = 0
        self.excuses: set[RejectionReason] = set()  # the reasons that the faults so far may have given
        self.settled: Settled | None = None
        self.down: list[bytes] = []
        self.up: list[bytes] = []

    def teardown(self) -> None:
        try:
            if self.contents:
                self.agree_once_the_faults_stop()
        finally:
            shutil.rmtree(self.folder)

    # --- what a hub and a device do ---

    @initialize()
    def start(self) -> None:
        self.restart_device()
        self.restart_hub()

    @rule()
    def restart_device(self) -> None:
        self.receiver = Receiver(store=self.store, bytes_max={"gallery": 2**20}, now_s=self.now_s)
        self.receiver.connected(self.now_s)

    @rule()
    def restart_hub(self) -> None:
        self.sender = BlobSender()
        if self.contents:
            self.sender.offer(DEVICE, self.source(), self.now_s)
        self.device_says_hello()

    @rule()
    def device_says_hello(self) -> None:
        self.settled = None
        self.sender.connected(DEVICE, self.now_s)

    @rule(
        chunks=st.sampled_from([0, 1, 2, 5]),
        tail=st.integers(1, 100),
        seed=st.integers(0, 2**32),
        step=st.integers(1, 3),
    )
    def offer(self, chunks: int, tail: int, seed: int, step: int) -> None:
        version = max(self.contents, default=0) + step
        self.contents[version] = random.Random(seed).randbytes(chunks * CHUNK_BYTES + tail)
        self.settled = None
        self.sender.offer(DEVICE, self.source(), self.now_s)

    @rule(wait_s=st.sampled_from([0.0, 0.1, 2.0, 10.0, 31.0, 300.0]))
    def work(self, wait_s: float) -> None:
        self.now_s += wait_s
        self.say(self.receiver.due(self.now_s))
        room = max(0, CHANNEL_MAX - len(self.down))
        self.down += [wire_bytes(message) for _, message in self.sender.take(self.now_s, limit=room)]

    # --- what a channel does ---

    @rule(fates=st.lists(st.sampled_from(FATES), min_size=5, max_size=25), where=st.integers(0, 2**16))
    def carry(self, fates: list[str], where: int) -> None:
        """Some messages of each direction, each with its own fate."""
        for fate in fates:
            self.work(0.1)
            if self.up:
                first = self.up.pop(0)
                if fate != "lost":
                    self.arrive_up(first)
            if self.down:
                self.carry_down(fate, where)

    def carry_down(self, fate: str, where: int) -> None:
        first = self.down.pop(0)
        if fate == "delayed":
            self.down.append(first)
        elif fate == "flipped":
            # In a hash or a length the flip may leave a valid message, which lies as a forged one does.
            self.excuses |= {RejectionReason.WRONG_HASH, RejectionReason.TOO_LARGE}
            position = where % len(first)
            self.arrive_down(first[:position] + bytes([first[position] ^ 0x04]) + first[position + 1 :])
        elif fate == "forged":
            self.arrive_down(self.forged(first, where))
        elif fate != "lost":
            self.arrive_down(first)
        if fate == "doubled":
            self.down.insert(where % (len(self.down) + 1), first)

    def forged(self, payload: bytes, where: int) -> bytes:
        """By somebody who knows the protocol: the message is valid, and a lie."""
        self.excuses.add(RejectionReason.WRONG_HASH)
        message = decode_blob_down(payload)
        if isinstance(message, Chunk):
            lie = bytes([where % 256]) * len(message.data)
            return wire_bytes(msgspec.structs.replace(message, data=lie, sha256=sha256_hex(lie)))
        version = (1, message.version, 2**53 - 1)[where % 3]
        return wire_bytes(msgspec.structs.replace(message, version=version, sha256=f"{where:064x}"))

    @rule(full=st.booleans())
    def fill_or_clear_the_disk(self, full: bool) -> None:  # noqa: FBT001 hypothesis draws it
        self.store.full = full
        self.excuses |= {RejectionReason.STORAGE} if full else set()

    # --- what must hold ---

    @invariant()
    def memory_stays_bounded(self) -> None:
        if not hasattr(self, "sender"):
            return
        for device in self.sender._devices.values():
            for shipment in device.shipments.values():
                assert 0 <= shipment.in_flight <= WINDOW_CHUNKS_MAX
        assert len(self.receiver._transfers) <= 1
        assert sum(path.stat().st_size for path in self.folder.iterdir()) <= 7 * CHUNK_BYTES

    def agree_once_the_faults_stop(self) -> None:
        self.store.full = False
        self.run_without_faults()
        assert self.settled is not None
        if self.settled.reason in self.excuses:
            self.device_says_hello()  # what had been spoilt before is gone now
            self.run_without_faults()
        newest = max(self.contents)
        assert self.settled == Settled(device=DEVICE, kind="gallery", version=newest, how=Settlement.HELD)
        assert self.in_force == newest

    def run_without_faults(self) -> None:
        ends_s = self.now_s + SETTLES_WITHIN_S
        messages = 0
        while self.settled is None:
            self.work(0.0)
            while self.down or self.up:
                messages += 1
                for channel, arrive in ((self.down, self.arrive_down), (self.up, self.arrive_up)):
                    if channel:
                        arrive(channel.pop(0))
            if self.settled is None:
                self.now_s += min(self.sender.wait_s(self.now_s), self.receiver.wait_s(self.now_s))
            assert self.now_s <= ends_s, "not settled in time"
            assert messages <= MESSAGES_MAX, "too many messages"

    # ---

    def source(self) -> BytesSource:
        newest = max(self.contents)
        return BytesSource(kind="gallery", version=newest, content=self.contents[newest])

    def arrive_down(self, payload: bytes) -> None:
        try:
            message = decode_blob_down(payload)
        except WireError:
            return
        self.say(self.receiver.heard(message, self.now_s))

    def arrive_up(self, payload: bytes) -> None:
        self.settled = self.sender.heard(DEVICE, decode_blob_up(payload), self.now_s) or self.settled

    def say(self, answers: list[Answer]) -> None:
        for answer in answers:
            if isinstance(answer, Delivery):
                assert answer.content == self.contents[answer.offer.version], "not what was offered"
                assert answer.offer.version > self.in_force, "went back"
                self.in_force = answer.offer.version
                self.say(self.receiver.applied(answer.offer))
            else:
                self.up.append(wire_bytes(answer))


BlobTransfer.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestBlobTransfer = BlobTransfer.TestCase
