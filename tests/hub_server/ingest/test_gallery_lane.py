"""Galleries from the store to a device and the receipt back: sent in pieces, made anew only when they must be."""

import logging
import sqlite3
from pathlib import Path

import pytest
from residents import KEYS, camera, enrolled

from edge_agent.blobs.memory_store import MemoryBlobStore
from edge_agent.blobs.receiver import Delivery, Receiver
from edge_agent.wire.blobs import BlobDown, Chunk, Have, Offer, RejectionReason
from edge_agent.wire.gallery import KIND, Purpose, WrittenGallery, decode_gallery
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.seal import Binding, generate_key_pair, unseal
from hub_server.ingest.gallery_lane import LOOK_S, RETRY_S, STORAGE_RETRY_S, GalleryLane
from hub_server.ingest.gallery_maker import GalleryMaker
from hub_server.ingest.outgoing import Outgoing
from hub_server.store import devices, faces, galleries, people
from hub_server.store.custody import Custody
from hub_server.store.errors import StoreFailingError
from hub_server.store.rows import Device
from hub_server.store.store import Store
from hub_server.store.vault import VaultError

SITE = "demo"
WELFARE = Purpose.WELFARE


class Card:
    """A device's receiver and what it holds; it opens what it gets with the key of `residents.camera`."""

    def __init__(self) -> None:
        self.store = MemoryBlobStore(free_bytes=2**26)
        self.gallery: WrittenGallery | None = None
        self.refuses: RejectionReason | None = None
        self.start(0.0)

    def start(self, now_s: float) -> None:
        self.receiver = Receiver(store=self.store, bytes_max={KIND: 2**26}, now_s=now_s)
        self.receiver.connected(now_s)

    def hear(self, device: str, message: BlobDown, now_s: float) -> list[bytes]:
        said = []
        for answer in self.receiver.heard(message, now_s):
            if not isinstance(answer, Delivery):
                said.append(wire_bytes(answer))
                continue
            version = answer.offer.version
            if self.refuses is not None:
                said += [wire_bytes(a) for a in self.receiver.refused(answer.offer, reason=self.refuses, detail="no")]  # type: ignore[arg-type]
                continue
            binding = Binding(site=SITE, device=device, kind=KIND, version=version)
            self.gallery = decode_gallery(unseal(answer.content, private_key=KEYS.private, binding=binding))
            assert self.gallery.version == version
            said += [wire_bytes(a) for a in self.receiver.applied(answer.offer)]  # type: ignore[arg-type]
        return said

    @property
    def people(self) -> list[str]:
        return [] if self.gallery is None else [entry.person for entry in self.gallery.entries]


class Office:
    """The lane, stepped by hand, and the cards of the devices it speaks to."""

    def __init__(self, store: Store, custody: Custody) -> None:
        self.store = store
        self.custody = custody
        self.cards: dict[str, Card] = {}
        self.now_s = 1000.0
        self.sent: list[tuple[str, BlobDown]] = []
        self.cut: int | None = None  # after so many messages nothing arrives any more
        self.start()

    def start(self) -> None:
        """A hub that starts: what it held in memory is gone."""
        maker = GalleryMaker(
            store=self.store,
            templates=self.custody.templates,
            outgoing=Outgoing(self.store.data_dir / "outgoing", kind=KIND),
            site=SITE,
        )
        self.lane = GalleryLane(store=self.store, maker=maker, publish=self._publish, now_s=lambda: self.now_s)

    def _publish(self, device: str, message: BlobDown) -> None:
        if self.cut is not None and len(self.sent) >= self.cut:
            return
        self.sent.append((device, message))
        for payload in self.cards[device].hear(device, message, self.now_s):
            self.lane.heard(device, payload)

    def came(self, *names: str) -> None:
        for name in names:
            self.cards.setdefault(name, Card())
            self.lane.came(name)
        self.run()

    def run(self, seconds: float = 3.0) -> None:
        """So long by the clock, and all that is said meanwhile."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            while not self.lane._news.empty() or self.lane._sender.wait_s(self.now_s) == 0:
                self.lane.step(self.lane._next(0))
            self.lane.step(None)
            self.now_s += LOOK_S

    def take_sent(self) -> list[tuple[str, BlobDown]]:
        sent, self.sent = self.sent, []
        return sent

    def row(self, device: str) -> Device:
        with self.store.read() as db:
            found = devices.get(db, device)
        assert found is not None
        return found


@pytest.fixture
def office(store: Store) -> Office:
    camera(store, "east")
    return Office(store, Custody.open(store, store.data_dir))


def chunks(sent: list[tuple[str, BlobDown]]) -> list[tuple[str, int, int]]:
    return [(device, message.version, message.i) for device, message in sent if isinstance(message, Chunk)]


def many(office: Office, count: int) -> None:
    for n in range(count):
        enrolled(office.store, office.custody, f"p-{n:04}", WELFARE, n=n)


def test_a_device_that_says_hello_gets_its_sealed_gallery_and_its_word_is_on_file(office: Office) -> None:
    made = enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    card, row = office.cards["east"], office.row("east")
    assert card.people == ["li"]
    assert card.gallery is not None
    assert card.gallery.embedder == made.embedder
    assert len(card.gallery.entries[0].templates) == 1
    assert (row.gallery_version, row.gallery_people, row.gallery_held_version) == (1, 1, 1)
    assert row.gallery_held_us == office.store.now_us()


def test_a_large_one_goes_in_pieces_and_a_restarted_hub_goes_on_with_the_same_bytes(office: Office) -> None:
    many(office, 450)
    office.cut = 3  # the offer and two chunks
    office.came("east")
    (_, offer), *pieces = office.take_sent()
    assert isinstance(offer, Offer)
    assert offer.n >= 3
    assert chunks(pieces) == [("east", 1, 0), ("east", 1, 1)]
    office.cut = None
    office.start()
    office.came("east")
    (_, again), *rest = office.take_sent()
    assert again == offer
    assert chunks(rest)[0] == ("east", 1, 2), "what has arrived is not sent again"
    assert len(office.cards["east"].people) == 450


def test_a_change_is_made_and_sent_to_the_devices_it_concerns_and_to_no_other(office: Office) -> None:
    camera(office.store, "clinic", area="别处")
    enrolled(office.store, office.custody, "li", WELFARE)
    enrolled(office.store, office.custody, "wang", WELFARE, n=1, area="别处")
    office.came("east", "clinic")
    office.take_sent()
    enrolled(office.store, office.custody, "zhao", WELFARE, n=2)
    office.run()
    assert {device for device, _ in office.take_sent()} == {"east"}
    assert office.cards["east"].people == ["li", "zhao"]
    office.store.write(lambda db: people.change(db, "wang", now_us=1, phone="138"))
    office.run()
    assert office.take_sent() == []


def test_an_erased_person_leaves_the_device_and_the_receipt_is_filed(office: Office) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    office.custody.erase_person("li")
    office.run()
    assert office.cards["east"].people == []
    assert office.cards["east"].gallery is not None
    assert office.cards["east"].gallery.entries == []
    with office.store.read() as db:
        ((receipt,),) = [erased.receipts for erased in faces.erasures(db, after=None, limit=9)]
    assert (receipt.device, receipt.version) == ("east", 2)
    assert receipt.received_us is not None
    kept = [path.name for path in (office.store.data_dir / "outgoing").iterdir()]
    assert kept == ["east.2.sealed"], "the older one, with the person in it, is gone from the hub too"


def test_what_is_held_is_not_made_nor_sent_again_when_hub_or_device_start_again(office: Office) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    office.take_sent()
    office.start()
    office.came("east")
    (only,) = office.take_sent()
    assert isinstance(only[1], Offer), "it asks whether it is still held"
    assert office.row("east").gallery_version == 1


def test_a_card_that_has_lost_everything_gets_it_again(office: Office) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    office.cards["east"] = Card()
    office.came("east")
    assert office.cards["east"].people == ["li"]


def test_a_file_that_is_lost_or_damaged_at_the_hub_is_made_anew_under_another_version(office: Office) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    for harm in (Path.unlink, lambda path: path.write_bytes(b"damaged")):
        (path,) = (office.store.data_dir / "outgoing").iterdir()
        before = office.row("east").gallery_version
        harm(path)
        office.start()
        office.came("east")
        assert office.row("east").gallery_version == (before or 0) + 1
        assert office.row("east").gallery_held_version == office.row("east").gallery_version


def test_a_hub_that_has_gone_back_in_time_makes_a_version_above_the_devices(office: Office) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    office.store.write(
        lambda db: db.execute("UPDATE galleries SET version = 1, plan = '', held_version = NULL WHERE device = 'east'")
    )
    ahead = Offer(kind=KIND, version=40, bytes=10, n=1, sha256="0" * 64)
    office.cards["east"].store.hold(ahead)
    office.cards["east"].start(office.now_s)
    office.start()
    office.came("east")
    assert office.row("east").gallery_version == 41
    assert office.row("east").gallery_held_version == 41


def test_a_gallery_that_is_not_taken_is_shown_with_its_reason_and_tried_at_the_next_hello(office: Office) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.cards["east"] = Card()
    office.cards["east"].refuses = RejectionReason.UNUSABLE
    office.came("east")
    assert office.row("east").gallery_trouble == "unusable: no"
    assert office.row("east").gallery_held_version is None
    office.take_sent()
    office.run(400)
    assert office.take_sent() == [], "it is not sent again and again"
    office.cards["east"].refuses = None
    office.cards["east"].start(office.now_s)
    office.came("east")
    assert office.row("east").gallery_trouble == ""


def test_a_new_card_with_another_key_gets_a_gallery_of_its_own(office: Office) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    other = generate_key_pair()
    office.store.write(lambda db: devices.said_hello(db, "east", agent="x", seal_key=other.public.hex(), now_us=1))
    office.cut = 0
    office.run()
    assert office.row("east").gallery_version == 2
    sealed = (office.store.data_dir / "outgoing" / "east.2.sealed").read_bytes()
    binding = Binding(site=SITE, device="east", kind=KIND, version=2)
    assert b"li" in unseal(sealed, private_key=other.private, binding=binding)


def test_a_device_that_takes_none_and_one_that_is_away_get_nothing(office: Office) -> None:
    camera(office.store, "old", takes=False)
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("old")
    assert office.take_sent() == []
    assert office.row("old").gallery_version is None
    office.came("east")
    office.take_sent()
    office.lane.went(None)
    enrolled(office.store, office.custody, "wang", WELFARE, n=1)
    office.run(60)
    assert office.take_sent() == [], "the broker is gone"
    office.came("east")
    office.lane.went("east")
    office.run()
    office.take_sent()
    enrolled(office.store, office.custody, "zhao", WELFARE, n=2)
    office.run(60)
    assert office.take_sent() == []


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"{}", b'{"type":"have"}', b"x" * 300_000])
def test_garbage_and_words_of_strangers_change_nothing(office: Office, garbage: bytes) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)
    office.came("east")
    office.lane.heard("east", garbage)
    office.lane.heard("nobody", wire_bytes(Have(kind=KIND, version=9, sha256="0" * 64)))
    office.run()
    assert office.row("east").gallery_held_version == 1


def test_a_template_that_does_not_open_holds_up_its_own_devices_only_and_is_tried_again(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    camera(office.store, "clinic", area="别处")
    broken = enrolled(office.store, office.custody, "li", WELFARE)
    enrolled(office.store, office.custody, "wang", WELFARE, n=1, area="别处")
    real = office.custody.templates

    def templates(db: object, record: str, key_id: str, length: int) -> list[bytes] | None:
        if record == broken.record:
            raise VaultError("does not open")
        return real(db, record, key_id, length)  # type: ignore[arg-type]

    office.lane._maker._templates = templates
    with caplog.at_level(logging.ERROR):
        office.came("east", "clinic")
    assert office.cards["clinic"].people == ["wang"]
    assert office.cards["east"].people == []
    assert "does not open" in caplog.text
    office.lane._maker._templates = real
    office.run(RETRY_S + 3)
    assert office.cards["east"].people == ["li"]


@pytest.mark.parametrize("error", [StoreFailingError("the disk is full"), sqlite3.OperationalError("disk I/O error")])
def test_a_failing_store_does_not_end_the_thread(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The real thread: it stumbles, waits, and goes on."""
    enrolled(office.store, office.custody, "li", WELFARE)
    office.cards["east"] = Card()
    real, left = galleries.revision, [3]

    def revision(db: object) -> int:
        if left[0]:
            left[0] -= 1
            raise error
        return real(db)  # type: ignore[arg-type]

    monkeypatch.setattr(galleries, "revision", revision)
    maker = office.lane._maker
    lane = GalleryLane(store=office.store, maker=maker, publish=office._publish)
    office.lane = lane
    lane.start()
    lane.came("east")
    version = office.store.changes.version
    while office.row("east").gallery_held_version is None:
        seen = office.store.changes.wait(version, 10)
        assert seen > version, "it has ended"
        version = seen
    lane.stop()
    assert left == [0]


def test_a_receipt_that_could_not_be_stored_is_asked_for_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(office.store, office.custody, "li", WELFARE)

    def full(*_args: object, **_named: object) -> None:
        raise StoreFailingError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(galleries, "held", full)
        with pytest.raises(StoreFailingError):
            office.came("east")
    assert office.cards["east"].people == ["li"]
    assert office.row("east").gallery_held_version is None
    office.run()
    assert office.row("east").gallery_held_version == 1


def test_a_device_whose_disk_was_full_is_offered_it_again_after_a_while(office: Office) -> None:
    """Not only at its next hello, which may be weeks away: somebody may have to be erased from it."""
    enrolled(office.store, office.custody, "li", WELFARE)
    office.cards["east"] = Card()
    office.cards["east"].refuses = RejectionReason.STORAGE
    office.came("east")
    assert office.row("east").gallery_trouble == "storage: no"
    office.cards["east"].refuses = None
    office.run(STORAGE_RETRY_S - 10)
    assert office.cards["east"].people == []
    office.run(20)
    assert office.cards["east"].people == ["li"]
    assert office.row("east").gallery_trouble == ""
