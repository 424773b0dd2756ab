"""/api/v1/passages and /api/v1/traffic: who and what passed, and how many."""

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, problem, value

from edge_agent.wire.messages import Direction
from hub_server.web.times import rfc3339


def put(hub: WebHub, device: str, area: str) -> None:
    hub.store.write(lambda db: db.execute("UPDATE devices SET area = ? WHERE id = ?", (area, device)))


@pytest.fixture
def office(hub: WebHub) -> WebHub:
    """Two gates in two villages; Mrs Li walks by, a stranger, a vehicle that is listed, one that is not."""
    for device, place, area in (("east-gate", "东门", "桂花村"), ("west-gate", "西门", "柳树湾")):
        hub.device(device, place)
        put(hub, device, area)
    hub.person("p-li", area="桂花村")
    value(hub.post("/api/v1/vehicles", {"plate": "粤B12345", "owner": "household", "label": "3 栋"}), 201)
    hub.passage("p-li")
    hub.clock.now_us += 1
    hub.passage(device_id="west-gate")
    hub.clock.now_us += 1
    hub.vehicle("粤B12345", listed="粤B12345", direction=Direction.OUT)
    hub.clock.now_us += 1
    hub.vehicle("粤B99999", device_id="west-gate")
    return hub


def kinds(hub: WebHub, query: str = "") -> list[str]:
    return [row["kind"] for row in value(hub.get(f"/api/v1/passages{query}"))["items"]]


def test_the_newest_come_first_people_and_vehicles_together(office: WebHub) -> None:
    rows = value(office.get("/api/v1/passages"))["items"]
    assert [row["kind"] for row in rows] == ["vehicle_unknown", "vehicle_known", "stranger", "known"]
    assert [row["place"] for row in rows] == ["西门", "东门", "西门", "东门"]
    assert (rows[3]["person"], rows[3]["person_name"], rows[3]["counts"]) == ("p-li", "李秀兰", True)
    assert (rows[1]["vehicle"], rows[1]["direction"], rows[0]["vehicle"]) == (1, "out", None)
    assert rows[0]["person"] is rows[0]["score"] is rows[3]["text"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?kind=vehicle", ["vehicle_unknown", "vehicle_known"]),
        ("?kind=known", ["known"]),
        ("?kind=person&device=west-gate", ["stranger"]),
        ("?place=东门", ["vehicle_known", "known"]),
        ("?area=柳树湾", ["vehicle_unknown", "stranger"]),
        ("?person=p-li", ["known"]),
        ("?plate=粤B·12345", ["vehicle_known"]),
        ("?until=2026-11-20T00:00:00Z", []),
        ("?since=2026-11-20T00:00:00Z&limit=1", ["vehicle_unknown"]),
    ],
)
def test_each_filter(office: WebHub, query: str, expected: list[str]) -> None:
    assert kinds(office, query) == expected


def test_pages_follow_one_another(office: WebHub) -> None:
    first = value(office.get("/api/v1/passages?limit=3"))
    assert [row["kind"] for row in value(office.get(f"/api/v1/passages?limit=3&before={first['next']}"))["items"]] == [
        "known"
    ]


@pytest.mark.parametrize("query", ["kind=ghost", "plate=x", "before=99", "since=yesterday", "limit=0", "what=1"])
def test_what_is_no_filter_is_refused(office: WebHub, query: str) -> None:
    problem(office.get(f"/api/v1/passages?{query}"), 422)


def test_a_look_at_the_list_is_a_row_of_the_audit(office: WebHub) -> None:
    def looks() -> int:
        with office.store.read() as db:
            return int(db.execute("SELECT count(*) FROM audit WHERE action = 'traffic.passages'").fetchone()[0])

    before = looks()
    kinds(office, "?person=p-li")
    assert looks() == before + 1


def test_a_worker_sees_the_cameras_of_their_areas_and_their_people_everywhere(office: WebHub) -> None:
    office.passage("p-li", device_id="west-gate")
    office.account("wangmin", areas=["桂花村"])
    browser = office.log_in_as("wangmin")

    def seen(query: str = "") -> list[tuple[str, str]]:
        return [(row["kind"], row["device"]) for row in value(browser.get(f"/api/v1/passages{query}"))["items"]]

    assert seen() == [("vehicle_known", "east-gate"), ("known", "east-gate")]
    assert seen("?person=p-li") == [("known", "west-gate"), ("known", "east-gate")]
    assert seen("?device=west-gate") == []
    assert [row["id"] for row in value(browser.get("/api/v1/traffic/gates"))["items"]] == ["east-gate"]
    (count,) = value(browser.get("/api/v1/traffic/counts?bucket=day"))["items"]
    assert (count["known"], count["strangers"], count["in"], count["out"]) == (1, 0, 0, 1)


def test_counts_by_each_bucket(office: WebHub) -> None:
    hour_us = office.clock.now_us // HOUR_US * HOUR_US
    (by_hour,) = value(office.get("/api/v1/traffic/counts"))["items"]
    assert by_hour == {
        "at": rfc3339(hour_us),
        "weekday": None,
        "hour": None,
        "known": 1,
        "strangers": 1,
        "in": 1,
        "out": 1,
        "unknown": 0,
    }
    for bucket, name, expected in (("weekday", "weekday", 2), ("hour_of_day", "hour", 6)):
        (one,) = value(office.get(f"/api/v1/traffic/counts?bucket={bucket}"))["items"]
        assert (one[name], one["at"]) == (expected, None)
    (one,) = value(office.get("/api/v1/traffic/counts?bucket=day&device=west-gate"))["items"]
    assert (one["known"], one["strangers"], one["in"]) == (0, 1, 1)
    assert value(office.get("/api/v1/traffic/counts?place=nowhere"))["items"] == []


def test_the_gates_with_what_each_counted(office: WebHub) -> None:
    rows = value(office.get("/api/v1/traffic/gates"))["items"]
    assert [(row["id"], row["known"], row["strangers"], row["in"], row["out"]) for row in rows] == [
        ("east-gate", 1, 0, 0, 1),
        ("west-gate", 0, 1, 1, 0),
    ]
    first = value(office.get("/api/v1/traffic/gates?limit=1"))
    assert first["next"] == "east-gate"
    assert [row["id"] for row in value(office.get("/api/v1/traffic/gates?after=east-gate"))["items"]] == ["west-gate"]


def test_yesterday_is_not_today(office: WebHub) -> None:
    office.clock.now_us += DAY_US
    assert value(office.get("/api/v1/traffic/counts"))["items"] == []
    assert value(office.get("/api/v1/traffic/gates"))["items"] == []


@pytest.mark.parametrize(
    "path", ["counts?bucket=year", "counts?since=2024-01-01T00:00:00Z", "clinics?until=2020-01-01T00:00:00Z"]
)
def test_counts_that_cannot_be_are_refused(office: WebHub, path: str) -> None:
    problem(office.get(f"/api/v1/traffic/{path}"), 422)


def test_clinics_count_different_people(office: WebHub) -> None:
    assert value(office.get("/api/v1/traffic/clinics"))["items"] == []
    office.store.write(lambda db: db.execute("UPDATE places SET kind = 'clinic' WHERE name = '东门'"))
    office.passage("p-li")
    (day,) = value(office.get("/api/v1/traffic/clinics"))["items"]
    assert (day["place"], day["people"], day["passages"]) == ("东门", 1, 2)
