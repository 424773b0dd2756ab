"""Vehicles on their way to the gates: sealed, to those that are named, made anew when they must be and only then."""

import pytest
from residents import KEYS, camera, enrolled

from edge_agent.wire.blobs import Offer
from edge_agent.wire.gallery import KIND, Purpose, WrittenGallery, WrittenVehicle, decode_gallery, encode_gallery
from edge_agent.wire.seal import Binding, unseal
from hub_server.ingest.gallery_lane import LOOK_S, GalleryLane
from hub_server.ingest.gallery_maker import GalleryMaker
from hub_server.ingest.outgoing import FileSource, Outgoing
from hub_server.store import vehicles
from hub_server.store.custody import Custody
from hub_server.store.galleries import Embedder
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner

NOW_US = 1_795_471_200_000_000
TOLD = Embedder(id="of-the-manifest", template_length=4)


class Office:
    """The maker and the lane of a hub; what is offered is opened with the key of `residents.camera`."""

    def __init__(self, store: Store, embedder: Embedder | None = TOLD) -> None:
        self.store = store
        self.custody = Custody.open(store, store.data_dir)
        self.now_s = 1000.0
        self.maker = GalleryMaker(
            store=store,
            templates=self.custody.templates,
            outgoing=Outgoing(store.data_dir / "outgoing", kind=KIND),
            site="demo",
            embedder=embedder,
        )
        self.offered: list[tuple[str, int]] = []
        self.lane = GalleryLane(store=store, maker=self.maker, publish=self._publish, now_s=lambda: self.now_s)

    def _publish(self, device: str, message: object) -> None:
        if isinstance(message, Offer):
            self.offered.append((device, message.version))

    def came(self, *names: str) -> None:
        for name in names:
            self.lane.came(name)
        self.look()

    def look(self) -> list[tuple[str, int]]:
        """A few looks of the lane; what is offered anew."""
        self.offered = []
        for _ in range(6):
            while not self.lane._news.empty():
                self.lane.step(self.lane._next(0))
            self.lane.step(None)
            self.now_s += LOOK_S
        return self.offered

    def opened(self, device: str = "east") -> WrittenGallery:
        source = self.maker.current(device)
        assert isinstance(source, FileSource)
        binding = Binding(site="demo", device=device, kind=KIND, version=source.offer.version)
        return decode_gallery(unseal(source.path.read_bytes(), private_key=KEYS.private, binding=binding))

    def add(self, plate: str, *devices: str, until_us: int | None = None) -> int:
        made = self.store.write(
            lambda db: vehicles.add(
                db,
                plate=plate,
                owner=Owner.HOUSEHOLD,
                label="3 栋",
                valid_from_us=None,
                valid_until_us=until_us,
                by="王敏",
                now_us=NOW_US,
            )
        )
        for device in devices:
            self.store.write(
                lambda db, device=device: vehicles.place(db, made.id, device=device, by="王敏", now_us=NOW_US)  # type: ignore[misc]
            )
        return made.id


@pytest.fixture
def office(store: Store) -> Office:
    camera(store, "east")
    camera(store, "west")
    return Office(store)


def written(plate: str, until_us: int | None = None) -> WrittenVehicle:
    return WrittenVehicle(plate=plate, valid_from_us=None, valid_until_us=until_us)


def test_a_gate_with_vehicles_alone_gets_them_and_no_people(office: Office) -> None:
    office.add("粤B67890", "east")
    office.add("粤B12345", "east", until_us=NOW_US + 1)
    found = office.opened()
    assert (found.embedder, found.template_length, found.version, found.entries) == (TOLD.id, 4, 1, [])
    assert found.vehicles == [written("粤B12345", NOW_US + 1), written("粤B67890")]
    assert office.maker.current("west") is None


def test_people_and_vehicles_go_in_one_gallery(office: Office) -> None:
    enrolled(office.store, office.custody, "li", Purpose.WELFARE)
    office.add("粤B12345", "east")
    assert [entry.person for entry in office.opened("east").entries] == ["li"]
    assert office.opened("east").vehicles == [written("粤B12345")]
    assert b"vehicles" not in encode_gallery(office.opened("west"))


def test_a_vehicle_that_is_placed_is_offered_to_its_gate_alone_and_one_that_is_removed_goes(office: Office) -> None:
    office.came("east", "west")
    vehicle = office.add("粤B12345", "east")
    assert office.look() == [("east", 1)]
    office.store.write(lambda db: vehicles.change(db, vehicle, by="x", now_us=1, label="4 栋"))
    assert office.look() == []
    office.store.write(lambda db: vehicles.remove(db, vehicle, by="x", now_us=1))
    assert office.look() == [("east", 2)]
    assert office.opened().vehicles == []


def test_a_vehicle_whose_time_ends_leaves_at_the_next_look_and_the_others_stay(office: Office) -> None:
    office.add("粤B12345", "east", until_us=NOW_US + 1_000_000)
    office.add("粤B67890", "east")
    office.add("粤B11111", "west")
    office.came("east", "west")
    assert len(office.opened().vehicles) == 2
    office.store._clock = lambda: NOW_US + 999_999
    assert office.look() == []
    office.store._clock = lambda: NOW_US + 1_000_000
    assert office.look() == [("east", 2)]
    assert office.opened().vehicles == [written("粤B67890")]
    assert office.look() == []


def test_a_vehicle_whose_time_ended_while_the_hub_was_down_leaves_when_it_starts(office: Office) -> None:
    office.add("粤B12345", "east", until_us=NOW_US + 1)
    office.came("east")
    office.store._clock = lambda: NOW_US + 5
    again = Office(office.store)
    again.came("east")
    assert again.opened().vehicles == []
    assert again.opened().version == 2


def test_without_an_embedder_to_name_nothing_is_made_until_somebody_is_enrolled(store: Store) -> None:
    camera(store, "east")
    office = Office(store, embedder=None)
    office.add("粤B12345", "east")
    assert office.maker.current("east") is None
    enrolled(store, office.custody, "li", Purpose.DOOR)
    assert office.opened().vehicles == [written("粤B12345")]
    assert office.opened().entries == []
