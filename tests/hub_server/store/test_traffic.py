"""Passages of people and vehicles in one list: what is in it, and in which order."""

import random
from typing import Any

import pytest
from passing_office import AREAS, NOW_US, furnish, person, reach_of, vehicle

from edge_agent.wire.messages import Direction
from hub_server.store import corrections, events, traffic
from hub_server.store.errors import InvalidValueError
from hub_server.store.events import NewEvent
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.store import Store
from hub_server.store.traffic import Kind, Wanted


@pytest.fixture
def office(store: Store) -> Store:
    return furnish(store)


def ids(
    store: Store, *, before: int | None = None, limit: int = 50, reach: Reach = EVERYWHERE, **wanted: Any
) -> list[int]:
    with store.read() as db:
        return [row.id for row in traffic.page(db, Wanted(**wanted), before=before, limit=limit, reach=reach)]


def test_people_and_vehicles_stand_together_by_their_time_whatever_came_late(office: Store) -> None:
    first = person(office, 50)
    late = vehicle(office, 10)
    newest = person(office, 90, "p-li")
    assert ids(office) == [newest, first, late]
    with office.read() as db:
        rows = traffic.page(db, Wanted(), before=None, limit=9)
    assert [row.kind for row in rows] == [Kind.KNOWN, Kind.STRANGER, Kind.VEHICLE_UNKNOWN]
    assert [row.at_us for row in rows] == [90, 50, 10]
    assert rows[0].person_name == "李秀兰"
    assert (rows[2].direction, rows[2].text, rows[0].text) == (Direction.OUT, "粤B12345", None)


def test_what_is_no_passage_is_not_in_the_list(office: Store) -> None:
    seen = person(office, 5)
    office.write(
        lambda db: events.add(
            db,
            NewEvent(
                device="east",
                epoch="2" * 32,
                seq=1,
                last_seq=1,
                hash="0" * 64,
                type="observing",
                received_us=1,
                raw=b"",
            ),
        )
    )
    assert ids(office) == [seen]
    with pytest.raises(InvalidValueError, match="before"):
        ids(office, before=seen + 1)


@pytest.mark.parametrize("seed", range(4))
def test_every_filter_and_page_agrees_with_a_plain_look_at_all_of_them(office: Store, seed: int) -> None:
    chance = random.Random(seed)
    plain: list[dict[str, Any]] = []
    for _ in range(120):
        at_us, device = chance.randrange(40), chance.choice(list(AREAS))
        if chance.random() < 0.6:
            who = chance.choice([None, "p-li", "p-wang", "p-gone"])
            event = person(office, at_us, who, device=device)
            kinds = {Kind.PERSON, Kind.STRANGER if who is None else Kind.KNOWN}
            plain.append({"id": event, "at": at_us, "device": device, "kinds": kinds, "who": who, "plates": set()})
        else:
            text = chance.choice([None, "粤B12345", "粤B1234S", "粤B99999"])
            listed = chance.choice([None, "粤B12345"]) if text else None
            event = vehicle(office, at_us, text, listed=listed, device=device)
            kinds = {Kind.VEHICLE, Kind.VEHICLE_KNOWN if listed else Kind.VEHICLE_UNKNOWN}
            plain.append(
                {"id": event, "at": at_us, "device": device, "kinds": kinds, "who": None, "plates": {text, listed}}
            )
    for _ in range(60):
        wanted: dict[str, Any] = {
            name: value
            for name, value in {
                "device": chance.choice([None, None, *AREAS, "nowhere"]),
                "place": chance.choice([None, None, None, "west place", "nowhere"]),
                "area": chance.choice([None, None, None, "桂花村", "桂花村一格", "nowhere"]),
                "person": chance.choice([None, None, "p-li", "p-gone"]),
                "plate": chance.choice([None, None, None, "粤B12345"]),
                "kind": chance.choice([None, None, *Kind]),
                "from_us": chance.choice([None, None, 10]),
                "until_us": chance.choice([None, None, 25]),
            }.items()
            if value is not None
        }
        within = chance.choice(
            [EVERYWHERE, reach_of(office, "桂花村"), reach_of(office, "桂花村二格"), reach_of(office)]
        )
        expected = [
            row["id"] for row in sorted(plain, key=lambda row: (-row["at"], -row["id"])) if fits(row, wanted, within)
        ]
        found: list[int] = []
        while some := ids(office, before=found[-1] if found else None, limit=7, reach=within, **wanted):
            found += some
        assert found == expected, (wanted, within)


def fits(row: dict[str, Any], wanted: dict[str, Any], within: Reach) -> bool:
    """The rules of the list, said as plainly as can be."""
    area, grid = AREAS[row["device"]]
    their_own = wanted.get("person") == row["who"] == "p-li" and within.covers("桂花村")
    return (
        (within.covers(area, grid) or their_own)
        and wanted.get("device") in {None, row["device"]}
        and wanted.get("place") in {None, f"{row['device']} place"}
        and wanted.get("area") in {None, area, grid}
        and wanted.get("person") in {None, row["who"]}
        and ("plate" not in wanted or wanted["plate"] in row["plates"])
        and ("kind" not in wanted or wanted["kind"] in row["kinds"])
        and wanted.get("from_us", -1) <= row["at"] < wanted.get("until_us", 99)
    )


def test_a_plate_that_is_both_read_and_meant_is_one_passage_and_leads_to_its_vehicle(office: Store) -> None:
    office.write(
        lambda db: db.execute(
            "INSERT INTO vehicles (plate, owner, label, created_us, created_by)"
            " VALUES ('粤B12345', 'visitor', '', 1, '')"
        )
    )
    both = vehicle(office, 20, "粤B12345", listed="粤B12345")
    meant = vehicle(office, 10, "粤B1234S", listed="粤B12345")
    other = vehicle(office, 5, "粤B99999")
    assert ids(office, plate="粤B·12345") == [both, meant]
    with office.read() as db:
        rows = traffic.page(db, Wanted(), before=None, limit=9)
    assert [(row.id, row.vehicle) for row in rows] == [(both, 1), (meant, 1), (other, None)]
    with pytest.raises(InvalidValueError, match="plate"):
        ids(office, plate="no plate")


def test_somebody_who_was_not_there_after_all_is_marked(office: Store) -> None:
    event = person(office, 20, "p-li")
    office.write(
        lambda db: corrections.not_this_person(db, event=event, other=None, author="王敏", note="", now_us=NOW_US)
    )
    with office.read() as db:
        (row,) = traffic.page(db, Wanted(person="p-li"), before=None, limit=9)
    assert row.corrected
    assert not row.counts
