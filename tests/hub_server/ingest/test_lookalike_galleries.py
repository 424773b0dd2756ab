"""Lookalikes on their way to the cameras: in galleries that hold both, made anew when they must be and only then."""

import pytest
from residents import KEYS, LENGTH, camera, enrolled

from edge_agent.recognition.gallery import Gallery
from edge_agent.wire.gallery import KIND, Purpose, WrittenGallery, WrittenLookalike, decode_gallery, encode_gallery
from edge_agent.wire.seal import Binding, unseal
from hub_server.ingest.gallery_maker import GalleryMaker
from hub_server.ingest.outgoing import FileSource, Outgoing
from hub_server.store import corrections, events, galleries
from hub_server.store.custody import Custody
from hub_server.store.events import NewEvent
from hub_server.store.store import Store
from hub_server.watch.observation import LOOKALIKE_MARGIN


class Office:
    """A maker of galleries; two villages with a camera each, and a clinic that li's neighbours go to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.custody = Custody.open(store, store.data_dir)
        outgoing = Outgoing(store.data_dir / "outgoing", kind=KIND)
        self.maker = GalleryMaker(store=store, templates=self.custody.templates, outgoing=outgoing, site="demo")
        camera(store, "east")
        camera(store, "west", area="别处")
        enrolled(store, self.custody, "li", Purpose.WELFARE, n=1)
        enrolled(store, self.custody, "wang", Purpose.WELFARE, n=2)
        enrolled(store, self.custody, "far", Purpose.WELFARE, n=3, area="别处")

    def told_apart(self, person: str, other: str, margin: float = 0.1) -> None:
        sql = (
            "INSERT INTO lookalikes (person, other, margin, author, at_us) VALUES (?, ?, ?, '王敏', 1)"
            " ON CONFLICT (person, other) DO UPDATE SET margin = excluded.margin"
        )
        self.store.write(lambda db: db.execute(sql, (*sorted((person, other)), margin)))

    def forget_pairs(self) -> None:
        self.store.write(lambda db: db.execute("DELETE FROM lookalikes"))

    def opened(self, device: str = "east") -> WrittenGallery:
        source = self.maker.current(device)
        assert isinstance(source, FileSource)
        binding = Binding(site="demo", device=device, kind=KIND, version=source.offer.version)
        return decode_gallery(unseal(source.path.read_bytes(), private_key=KEYS.private, binding=binding))

    @property
    def revision(self) -> int:
        with self.store.read() as db:
            return galleries.revision(db)


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def test_a_pair_goes_to_the_cameras_that_know_both_and_an_agent_takes_it(office: Office) -> None:
    office.told_apart("wang", "li", 0.15)
    office.told_apart("far", "li")
    found = office.opened("east")
    assert found.lookalikes == [WrittenLookalike(person="li", other="wang", wider_by=0.15)]
    assert b"lookalikes" not in encode_gallery(office.opened("west"))
    read = Gallery.from_bytes(encode_gallery(found), embedder_id="test", template_length=LENGTH)
    assert list(read.lookalikes) == found.lookalikes


def test_a_gallery_is_made_anew_for_a_new_pair_a_wider_margin_and_a_pair_that_is_gone_and_for_nothing_else(
    office: Office,
) -> None:
    versions = [office.opened().version]
    office.told_apart("far", "li")
    versions.append(office.opened().version)
    for margin in (0.1, 0.15, None):
        before = office.revision
        if margin is None:
            office.forget_pairs()
        else:
            office.told_apart("li", "wang", margin)
        assert office.revision > before, "the lane would not look"
        versions.append(office.opened().version)
    assert versions == [1, 1, 2, 3, 4]
    assert office.opened().lookalikes == []


def test_the_plan_of_a_gallery_without_pairs_is_what_it_was_before_there_were_any(office: Office) -> None:
    with office.store.read() as db:
        plain = galleries.plan(db, "east", now_us=1)
    assert plain is not None
    office.told_apart("li", "wang")
    office.forget_pairs()
    with office.store.read() as db:
        again = galleries.plan(db, "east", now_us=1)
    assert again is not None
    assert again.digest == plain.digest


def test_a_worker_who_says_who_it_really_was_widens_the_margin_on_the_cameras(office: Office) -> None:
    event = NewEvent(
        device="east",
        epoch="ab" * 16,
        seq=1,
        last_seq=1,
        hash="0" * 64,
        type="passage",
        received_us=1,
        raw=b"{}",
        captured_us=1,
        camera="east",
        person="wang",
        strict=True,
    )
    stored = office.store.write(lambda db: events.add(db, event))
    office.store.write(
        lambda db: corrections.not_this_person(db, event=stored, other="li", author="王敏", note="是李奶奶", now_us=2)
    )
    assert office.opened().lookalikes == [WrittenLookalike(person="li", other="wang", wider_by=LOOKALIKE_MARGIN)]


def test_a_pair_leaves_with_the_first_of_the_two(office: Office) -> None:
    office.told_apart("li", "wang")
    assert len(office.opened().lookalikes) == 1
    office.store.write(lambda db: db.execute("DELETE FROM templates WHERE person = 'wang'"))
    found = office.opened()
    assert ([entry.person for entry in found.entries], found.lookalikes) == (["li"], [])
