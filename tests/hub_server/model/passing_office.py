"""An office with four cameras in two villages, past which people and vehicles go."""

from sqlite_utils import Database

from edge_agent.wire.messages import Direction, PlateVerdict
from edge_agent.wire.plate import PlateKind
from hub_server.store import devices, events, people, plate_passages
from hub_server.store.events import NewEvent
from hub_server.store.plate_passages import NewPlatePassage
from hub_server.store.reach import Reach, of_areas
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000  # 2026-11-23T22:00:00Z, Tuesday 06:00 in the office
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
ZONE_US = 8 * HOUR_US
AREAS = {"east": ("桂花村", "桂花村一格"), "west": ("桂花村", "桂花村二格"), "clinic": ("柳树湾", ""), "bare": ("", "")}


def furnish(store: Store) -> Store:
    """Four cameras and two people who live in different villages."""

    def job(db: Database) -> None:
        for device, (area, grid) in AREAS.items():
            devices.create(db, id=device, place=f"{device} place", area=area, now_us=1)
            db.execute("UPDATE devices SET grid = ? WHERE id = ?", (grid, device))
        for person, name, area in (("p-li", "李秀兰", "桂花村"), ("p-wang", "王建国", "柳树湾")):
            people.create(db, id=person, name=name, address="", phone="", note="", area=area, now_us=1)

    store.write(job)
    return store


def person(store: Store, at_us: int, who: str | None = None, *, device: str = "east", synced: bool = True) -> int:
    """A stored passage; its id."""

    def job(db: Database) -> int:
        place = events.last_id(db) + 1
        return events.add(
            db,
            NewEvent(
                device=device,
                epoch="0" * 32,
                seq=place,
                last_seq=place,
                hash=f"{place:064}",
                type="passage",
                received_us=NOW_US,
                raw=b"{}",
                boot="1" * 32,
                mono_us=at_us,
                synced=synced,
                captured_us=at_us,
                clock_trusted=synced,
                camera="front",
                person=who,
                score=None if who is None else 0.7,
                strict=who is not None,
                qualifies=who is not None,
                counts=who is not None and synced,
            ),
        )

    return store.write(job)


def vehicle(
    store: Store, at_us: int, text: str | None = "粤B12345", *, listed: str | None = None, device: str = "east"
) -> int:
    """A stored passage of a vehicle; its id."""
    verdict = None if text is None else PlateVerdict.KNOWN if listed else PlateVerdict.UNKNOWN

    def job(db: Database) -> int:
        place = events.last_id(db) + 1
        event = events.add(
            db,
            NewEvent(
                device=device,
                epoch="0" * 32,
                seq=place,
                last_seq=place,
                hash=f"{place:064}",
                type="plate_read",
                received_us=NOW_US,
                raw=b"{}",
                captured_us=at_us,
                clock_trusted=True,
            ),
        )
        read = NewPlatePassage(
            direction=Direction.OUT,
            duration_ms=1,
            frames=1,
            reads=1,
            text=text,
            kind=None if text is None else PlateKind.BLUE,
            score=None if text is None else 0.9,
            verdict=verdict,
            listed=listed,
        )
        plate_passages.add(db, read, event=event, device=device, camera="lane", at_us=at_us, clock_trusted=True)
        return event

    return store.write(job)


def reach_of(store: Store, *areas: str) -> Reach:
    with store.read() as db:
        return of_areas(db, areas)
