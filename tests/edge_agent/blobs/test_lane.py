"""Galleries as the device takes them: whole, its own, of its embedder; in force, or nothing has changed."""

import errno
import gc
import logging
import os
import weakref
from pathlib import Path

import pytest
from sealing_hub import ADDRESS, LENGTH, SPEC, Parcel, parcel, template, written

from edge_agent.blobs.device_key import device_key
from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.gallery_keeper import GalleryKeeper
from edge_agent.blobs.lane import BlobLane
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.blobs.receiver import REPEAT_WAIT_S, STALL_S
from edge_agent.blobs.store import BlobStoreError
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.matcher import Matcher
from edge_agent.wire.blobs import BlobUp, Have, Rejected, RejectionReason, Want, decode_blob_up
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.seal import generate_key_pair
from edge_agent.wire.topics import Address

MANY = range(1200)  # three chunks


class Device:
    """A device's card: its key and what it has received survive `start`. Its loop runs unless it is `busy`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = device_key(folder / "device.key")
        self.now_s = 100.0
        self.busy = False
        self.start()

    def start(self) -> None:
        self.slot = MatcherSlot()
        self.matcher: Matcher | None = None  # what the loop took since somebody asked
        store = FileBlobStore(self.folder / "blobs")
        keeper = GalleryKeeper(self.folder / "blobs", key=self.key, address=ADDRESS, face=SPEC, slot=self.slot)
        self.lane = BlobLane(store=store, keeper=keeper, seal_key=self.key.public.hex(), now_s=self.now_s)
        self.lane.connected(self.now_s)

    def parcel(self, *people: int, version: int, embedder: str = "test") -> Parcel:
        content = written(*people, version=version, embedder=embedder)
        return parcel(content, public_key=self.key.public, version=version)

    def hear(self, *payloads: bytes) -> list[BlobUp]:
        """The uplink's thread and the loop in turns, as after a wake-up."""
        said: list[bytes] = []
        for payload in payloads:
            said += self.lane.heard(payload, self.now_s)
            said += self.turn()
        return [decode_blob_up(payload) for payload in said]

    def turn(self) -> list[bytes]:
        """The loop looks for a new matcher; then the lane says what is due."""
        taken = None if self.busy else self.slot.take()
        self.matcher = self.matcher if taken is None else taken.matcher
        return [] if taken is None else self.lane.due(self.now_s)

    def due(self, after_s: float) -> list[BlobUp]:
        self.now_s += after_s
        return [decode_blob_up(said) for said in self.lane.due(self.now_s)]

    def known(self) -> set[int] | None:
        """Who of the first twenty people the newest matcher knows; None: no new matcher."""
        matcher, self.matcher = self.matcher, None
        if matcher is None:
            return None
        found = set()
        for n in range(20):
            match = matcher.match(template(n))
            if match is not None and match.person == f"p-{n}":
                found.add(n)
        return found

    def first_people(self) -> tuple[int, list[str]]:
        first = self.lane.take_first()
        assert first is not None
        return first.version, [entry.person for entry in first.entries]

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "blobs").glob("gallery-*"))


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def test_a_gallery_in_several_pieces_is_taken_whole_kept_sealed_and_put_in_force(device: Device) -> None:
    sent = device.parcel(*MANY, version=7)
    assert sent.offer.n == 3
    answers = device.hear(*sent.payloads())
    assert answers[0] == Want(kind="gallery", version=7, from_i=0)
    assert answers[-1] == Have(kind="gallery", version=7, sha256=sent.offer.sha256)
    assert device.known() == set(range(20))
    assert device.files() == ["gallery-7.sealed"]
    kept = (device.folder / "blobs" / "gallery-7.sealed").read_bytes()
    assert kept == sent.sealed
    assert b"p-1" not in kept


def test_nothing_is_in_force_before_the_last_piece(device: Device) -> None:
    sent = device.parcel(*MANY, version=7)
    device.hear(*sent.payloads()[:-1])
    assert device.known() is None
    assert device.files() == []


def test_a_restart_knows_its_people_without_a_hub(device: Device) -> None:
    device.hear(*device.parcel(1, 2, version=7).payloads())
    device.start()
    assert device.first_people() == (7, ["p-1", "p-2"])


def test_a_restart_in_the_middle_goes_on_where_it_stood(device: Device) -> None:
    sent = device.parcel(*MANY, version=7)
    device.hear(*sent.payloads()[:3])
    device.start()
    assert device.due(0) == [Want(kind="gallery", version=7, from_i=2)]
    assert isinstance(device.hear(wire_bytes(sent.chunk(2)))[-1], Have)


def test_erasure_is_a_gallery_without_somebody_and_the_older_one_is_gone(device: Device) -> None:
    device.hear(*device.parcel(1, 2, version=7).payloads())
    device.known()
    device.hear(*device.parcel(2, version=8).payloads())
    assert device.known() == {2}
    device.hear(*device.parcel(version=9).payloads())
    assert device.known() == set(), "nobody: everybody is a stranger"
    assert device.files() == ["gallery-9.sealed"]
    device.start()
    assert device.first_people() == (9, [])


def only(answers: list[BlobUp]) -> Rejected:
    (last,) = [answer for answer in answers if not isinstance(answer, Want)]
    assert isinstance(last, Rejected)
    return last


def test_a_gallery_of_another_embedder_is_refused_and_the_one_in_force_stays(device: Device) -> None:
    device.hear(*device.parcel(1, version=7).payloads())
    device.known()
    refused = only(device.hear(*device.parcel(2, version=8, embedder="another").payloads()))
    assert refused.reason is RejectionReason.UNUSABLE
    assert "enrol again" in refused.detail
    assert device.known() is None
    device.start()
    assert device.first_people() == (7, ["p-1"])


@pytest.mark.parametrize("wrong", ["key", "device", "version", "inside"])
def test_what_is_sealed_for_something_else_is_refused(device: Device, wrong: str) -> None:
    public = generate_key_pair().public if wrong == "key" else device.key.public
    address = Address(site="demo", device="door-west") if wrong == "device" else ADDRESS
    content = written(1, version=6 if wrong == "inside" else 7)
    sent = parcel(content, public_key=public, version=7, address=address, sealed_as=6 if wrong == "version" else None)
    expected = RejectionReason.UNUSABLE if wrong == "inside" else RejectionReason.NOT_FOR_US
    assert only(device.hear(*sent.payloads())).reason is expected
    assert device.known() is None
    assert device.files() == []


def test_a_piece_cut_short_changes_nothing_and_is_asked_for_again(device: Device) -> None:
    sent = device.parcel(*MANY, version=7)
    offer, first, second, third = sent.payloads()
    device.hear(offer, first)
    assert device.hear(second[: len(second) // 2], second[:-1], b"", b"\xff", b"{}", b'{"type":"chunk"}') == []
    device.now_s += REPEAT_WAIT_S
    assert device.hear(third) == [Want(kind="gallery", version=7, from_i=1)]
    assert device.due(STALL_S) == [Want(kind="gallery", version=7, from_i=1)]
    assert isinstance(device.hear(second, third)[-1], Have)


def test_a_full_disk_is_said_and_the_one_in_force_stays(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    device.hear(*device.parcel(1, version=7).payloads())
    device.known()
    sent = device.parcel(2, version=8)
    real = os.fsync

    def full(descriptor: int) -> None:
        if "gallery.incoming" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert only(device.hear(*sent.payloads())).reason is RejectionReason.STORAGE
    assert device.known() is None
    assert device.files() == ["gallery-7.sealed"]
    monkeypatch.setattr(os, "fsync", real)
    assert isinstance(device.hear(*sent.payloads())[-1], Have), "with room again the same offer is taken"


def test_a_damaged_card_asks_for_its_gallery_again_and_never_uses_an_older_one(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    older = device.parcel(1, version=7)
    device.hear(*older.payloads())
    newer = device.parcel(2, version=8)
    device.hear(*newer.payloads())
    (device.folder / "blobs" / "gallery-7.sealed").write_bytes(older.sealed)  # as if its removal had failed
    (device.folder / "blobs" / "gallery-8.sealed").write_bytes(newer.sealed[:-1] + b"!")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):  # however often it starts before the hub is there
            device.start()
            assert device.lane.take_first() is None
            assert device.lane.was_held, "nor the configuration's own list"
    assert "asked for it again" in caplog.text
    assert isinstance(device.hear(*newer.payloads())[-1], Have)
    assert device.known() == {2}
    assert device.files() == ["gallery-8.sealed"]


def test_a_crash_between_the_file_and_the_record_keeps_what_is_newer(device: Device) -> None:
    device.hear(*device.parcel(1, 2, version=7).payloads())
    newer = device.parcel(2, version=8)
    (device.folder / "blobs" / "gallery-8.sealed").write_bytes(newer.sealed)
    device.start()
    assert device.first_people() == (8, ["p-2"])
    assert device.files() == ["gallery-8.sealed"]
    assert device.hear(wire_bytes(newer.offer)) == [Have(kind="gallery", version=8, sha256=newer.offer.sha256)]


def test_what_is_held_is_said_again_without_a_transfer(device: Device) -> None:
    sent = device.parcel(1, version=7)
    device.hear(*sent.payloads())
    assert device.hear(wire_bytes(sent.offer)) == [Have(kind="gallery", version=7, sha256=sent.offer.sha256)]


def test_of_two_galleries_the_loop_takes_the_newer(device: Device) -> None:
    device.slot.put(Gallery(embedder_id="test", template_length=LENGTH))
    device.hear(*device.parcel(3, version=7).payloads())
    assert device.known() == {3}
    assert device.slot.is_empty()


def test_a_receipt_is_given_when_the_loop_has_taken_the_gallery_and_not_before(device: Device) -> None:
    device.hear(*device.parcel(1, 2, version=7).payloads())
    device.busy = True  # a frame is under way, judged by gallery 7
    sent = device.parcel(2, version=8)
    assert device.hear(*sent.payloads()) == [Want(kind="gallery", version=8, from_i=0)]
    assert device.due(0) == []
    assert device.hear(wire_bytes(sent.offer)) == [], "offered again meanwhile"
    assert device.files() == ["gallery-7.sealed", "gallery-8.sealed"]
    device.busy = False
    assert [decode_blob_up(said) for said in device.turn()] == [
        Have(kind="gallery", version=8, sha256=sent.offer.sha256)
    ]
    assert device.files() == ["gallery-8.sealed"]
    assert device.due(0) == []


def test_a_newer_gallery_that_overtakes_one_the_loop_has_not_taken_is_the_one_in_force(device: Device) -> None:
    device.busy = True
    device.hear(*device.parcel(1, version=7).payloads())
    newer = device.parcel(2, version=8)
    device.hear(*newer.payloads())
    device.busy = False
    said = [decode_blob_up(payload) for payload in device.turn()]
    assert said == [Have(kind="gallery", version=8, sha256=newer.offer.sha256)]
    assert device.known() == {2}
    assert device.files() == ["gallery-8.sealed"]


def test_a_power_cut_before_the_loop_has_taken_it_loses_nothing(device: Device) -> None:
    device.hear(*device.parcel(1, 2, version=7).payloads())
    device.busy = True
    sent = device.parcel(2, version=8)
    device.hear(*sent.payloads())
    device.busy = False
    device.start()
    assert device.first_people() == (8, ["p-2"])
    assert device.files() == ["gallery-8.sealed"], "who was erased is gone from the card before the receipt"
    assert device.hear(wire_bytes(sent.offer)) == [Have(kind="gallery", version=8, sha256=sent.offer.sha256)]


def test_a_record_that_cannot_be_written_is_no_receipt_and_is_tried_again_at_the_next_offer(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = device.parcel(1, version=7)

    def refuse(*_: object) -> None:
        raise BlobStoreError("no space left")

    with monkeypatch.context() as spoilt:
        spoilt.setattr(FileBlobStore, "hold", refuse)
        assert device.hear(*sent.payloads()) == [Want(kind="gallery", version=7, from_i=0)]
        assert device.known() == {1}
    assert device.hear(wire_bytes(sent.offer)) == [Have(kind="gallery", version=7, sha256=sent.offer.sha256)]


def test_a_hub_that_has_gone_back_in_time_gets_past_a_damaged_newer_gallery(device: Device) -> None:
    device.hear(*device.parcel(1, version=7).payloads())
    (device.folder / "blobs" / "gallery-7.sealed").write_bytes(b"damaged")
    device.start()
    assert isinstance(device.hear(*device.parcel(2, version=3).payloads())[-1], Have)
    assert device.files() == ["gallery-3.sealed"]
    device.start()
    assert device.first_people() == (3, ["p-2"])


def test_no_copy_of_a_gallery_stays_with_the_lane(device: Device) -> None:
    device.hear(*device.parcel(1, version=7).payloads())
    device.start()
    gallery = device.lane.take_first()
    assert gallery is not None
    gone = weakref.ref(gallery.entries[0].templates)
    matcher = Matcher(gallery)
    del gallery
    gc.collect()
    assert gone() is None
    assert matcher.match(template(1)) is not None


@pytest.mark.parametrize("name", ["gallery-0.sealed", "gallery-9999999999999999.sealed", "gallery-x.sealed"])
def test_a_file_that_no_version_can_have_is_none_of_ours(device: Device, name: str) -> None:
    device.hear(*device.parcel(1, version=7).payloads())
    (device.folder / "blobs" / name).write_bytes(b"?")
    device.start()
    assert device.first_people() == (7, ["p-1"])


def test_vehicles_come_with_the_people_are_in_force_with_them_and_survive_a_restart(device: Device) -> None:
    content = written(1, version=7, plates=("皖A12345", "皖AD12345"))
    sent = parcel(content, public_key=device.key.public, version=7)
    device.busy = True
    device.hear(*sent.payloads())
    known = device.slot.take()
    assert known is not None
    assert len(known.plates) == 2
    assert known.matcher.match(template(1)) is not None
    device.start()
    first = device.lane.take_first()
    assert first is not None
    assert [vehicle.plate for vehicle in first.vehicles] == ["皖A12345", "皖AD12345"]


def test_a_gallery_of_vehicles_alone_is_taken(device: Device) -> None:
    sent = parcel(written(version=7, plates=("皖A12345",)), public_key=device.key.public, version=7)
    answers = device.hear(*sent.payloads())
    assert answers[-1] == Have(kind="gallery", version=7, sha256=sent.offer.sha256)


@pytest.mark.parametrize("plates", [("皖A12345", "皖A12345"), ("皖A1234",)])
def test_a_gallery_with_vehicles_that_cannot_be_is_rejected_whole(device: Device, plates: tuple[str, ...]) -> None:
    device.hear(*device.parcel(1, version=7).payloads())
    assert device.known() == {1}
    sent = parcel(written(2, version=8, plates=plates), public_key=device.key.public, version=8)
    said = device.hear(*sent.payloads())[-1]
    assert isinstance(said, Rejected)
    assert said.reason is RejectionReason.UNUSABLE
    assert device.known() is None
    assert device.files() == ["gallery-7.sealed"]
