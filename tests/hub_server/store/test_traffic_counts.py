"""How many people and vehicles passed: by hour, day, weekday, camera; visits of clinics."""

from typing import Any

import pytest
from passing_office import AREAS, DAY_US, HOUR_US, NOW_US, ZONE_US, furnish, person, reach_of, vehicle

from hub_server.store import corrections, traffic_counts
from hub_server.store.errors import InvalidValueError
from hub_server.store.reach import EVERYWHERE, Reach, of_areas
from hub_server.store.store import Store
from hub_server.store.traffic_counts import Bucket


@pytest.fixture
def office(store: Store) -> Store:
    return furnish(store)


def counted(store: Store, bucket: Bucket, **asked: Any) -> list[tuple[int, ...]]:
    times = {"since_us": NOW_US - 8 * DAY_US, "until_us": NOW_US + DAY_US}
    with store.read() as db:
        rows = traffic_counts.series(db, bucket=bucket, zone_us=ZONE_US, **times | asked)
    return [
        (row.value, row.counts.known, row.counts.strangers, row.counts.into, row.counts.out, row.counts.unknown)
        for row in rows
    ]


def test_counts_by_hour_day_weekday_and_hour_of_the_day_are_of_the_offices_clock(office: Store) -> None:
    person(office, NOW_US, "p-li")  # Tuesday 06:00
    person(office, NOW_US + HOUR_US // 2)
    person(office, NOW_US - 7 * HOUR_US)  # Monday 23:00
    vehicle(office, NOW_US - 7 * DAY_US)  # the Tuesday before
    tuesday_us = NOW_US - 6 * HOUR_US
    assert counted(office, Bucket.HOUR) == [
        (NOW_US - 7 * DAY_US, 0, 0, 0, 1, 0),
        (NOW_US - 7 * HOUR_US, 0, 1, 0, 0, 0),
        (NOW_US, 1, 1, 0, 0, 0),
    ]
    assert counted(office, Bucket.DAY) == [
        (tuesday_us - 7 * DAY_US, 0, 0, 0, 1, 0),
        (tuesday_us - DAY_US, 0, 1, 0, 0, 0),
        (tuesday_us, 1, 1, 0, 0, 0),
    ]
    assert counted(office, Bucket.WEEKDAY) == [(0, 0, 1, 0, 0, 0), (1, 1, 1, 0, 1, 0)]
    assert counted(office, Bucket.HOUR_OF_DAY) == [(6, 1, 1, 0, 1, 0), (23, 0, 1, 0, 0, 0)]


def test_counts_are_of_the_cameras_that_are_asked_for_and_within_reach(office: Store) -> None:
    for device in AREAS:
        person(office, NOW_US, device=device)
    vehicle(office, NOW_US, device="west")
    assert counted(office, Bucket.DAY)[0][2:5] == (4, 0, 1)
    assert counted(office, Bucket.DAY, device="east")[0][2:5] == (1, 0, 0)
    assert counted(office, Bucket.DAY, place="west place")[0][2:5] == (1, 0, 1)
    assert counted(office, Bucket.DAY, reach=reach_of(office, "桂花村"))[0][2:5] == (2, 0, 1)
    assert counted(office, Bucket.DAY, reach=reach_of(office)) == []
    times: dict[str, Any] = {"since_us": NOW_US - DAY_US, "until_us": NOW_US + 1}
    with office.read() as db:
        rows = traffic_counts.by_device(db, **times, after=None, limit=9, reach=of_areas(db, ["桂花村"]))
        assert [(row.device, row.counts.people, row.counts.vehicles) for row in rows] == [
            ("east", 1, 0),
            ("west", 1, 1),
        ]
        assert [row.device for row in traffic_counts.by_device(db, **times, after="clinic", limit=1)] == ["east"]


def test_of_many_cameras_the_same_is_counted_as_of_few(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for device in AREAS:
        person(office, NOW_US, device=device)
        vehicle(office, NOW_US - DAY_US, device=device)
    reach = reach_of(office, "桂花村", "柳树湾")
    few = counted(office, Bucket.HOUR, reach=reach)
    monkeypatch.setattr(traffic_counts, "_FEW", 0)
    assert (
        counted(office, Bucket.HOUR, reach=reach)
        == few
        == [
            (NOW_US - DAY_US, 0, 0, 0, 3, 0),
            (NOW_US, 0, 3, 0, 0, 0),
        ]
    )


def test_too_long_a_time_and_one_that_ends_before_it_begins_are_refused(office: Store) -> None:
    for asked in ({"until_us": NOW_US - 9 * DAY_US}, {"since_us": NOW_US - 400 * DAY_US}):
        with pytest.raises(InvalidValueError, match="until"):
            counted(office, Bucket.DAY, **asked)
    with pytest.raises(InvalidValueError, match="800"):
        counted(office, Bucket.HOUR, since_us=NOW_US - 40 * DAY_US)


def test_a_clinics_visits_are_different_people_a_day(office: Store) -> None:
    office.write(lambda db: db.execute("UPDATE places SET kind = 'clinic' WHERE name = 'clinic place'"))
    for at_us, who in ((0, "p-li"), (1, "p-li"), (2, "p-wang"), (3, None), (-DAY_US, "p-li")):
        person(office, NOW_US + at_us, who, device="clinic")
    wrong = person(office, NOW_US + 5, "p-wang", device="clinic")
    undated = person(office, NOW_US + 6, "p-wang", device="clinic", synced=False)
    assert undated
    person(office, NOW_US, "p-wang", device="east")
    office.write(
        lambda db: corrections.not_this_person(db, event=wrong, other=None, author="王敏", note="", now_us=NOW_US)
    )

    def visits(reach: Reach = EVERYWHERE) -> list[tuple[str, int, int]]:
        with office.read() as db:
            rows = traffic_counts.clinics(
                db, since_us=NOW_US - 8 * DAY_US, until_us=NOW_US + DAY_US, zone_us=ZONE_US, reach=reach
            )
        return [(row.place, row.people, row.passages) for row in rows]

    assert visits() == [("clinic place", 2, 3), ("clinic place", 1, 1)]
    assert visits(reach_of(office, "桂花村")) == []
