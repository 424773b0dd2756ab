"""Plate passages and what the gates counted, over the API."""

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, problem, value

from edge_agent.wire.messages import Direction

PASSAGES = "/api/v1/plate-passages"


@pytest.fixture
def hub(hub: WebHub) -> WebHub:
    hub.clock.now_us = 1_795_471_200_000_000  # 2026-11-23T22:00:00Z, 06:00 the next day in the office
    hub.device("east-gate")
    hub.device("west-gate", "西门")
    return hub


def test_a_passage_is_shown_with_what_was_read_and_what_was_meant(hub: WebHub) -> None:
    made = hub.vehicle("粤B12345", listed="粤B12346")
    assert value(hub.get(PASSAGES)) == {
        "items": [
            {
                "id": made,
                "device": "east-gate",
                "place": "东门",
                "camera": "lane",
                "direction": "in",
                "captured_at": "2026-11-23T22:00:00.000000Z",
                "clock_trusted": True,
                "received_at": "2026-11-23T22:00:00.000000Z",
                "duration_ms": 2600,
                "frames": 24,
                "reads": 9,
                "text": "粤B12345",
                "kind": "blue",
                "score": 0.97,
                "verdict": "known",
                "listed": "粤B12346",
            }
        ],
        "next": None,
    }
    event = value(hub.get(f"/api/v1/events/{made}"))
    assert (event["type"], event["counts"], event["person"]) == ("plate_read", False, None)


def test_passages_are_paged_back_in_time_and_filtered(hub: WebHub) -> None:
    made = []
    for n in range(5):
        hub.clock.now_us += HOUR_US
        made.append(hub.vehicle("粤B12345" if n else None, device_id="west-gate" if n == 2 else "east-gate"))
    first = hub.get(f"{PASSAGES}?limit=2")
    assert [row["id"] for row in value(first)["items"]] == [made[4], made[3]]
    second = hub.get(first.headers["Link"].partition(">")[0][1:])
    assert [row["id"] for row in value(second)["items"]] == [made[2], made[1]]
    for query, found in (
        ("device=west-gate", [made[2]]),
        ("plate=粤b·12345&limit=1", [made[4]]),
        ("since=2026-11-24T00:00:00Z&until=2026-11-24T02:00:00Z", [made[2], made[1]]),
        ("device=nowhere", []),
    ):
        assert [row["id"] for row in value(hub.get(f"{PASSAGES}?{query}"))["items"]] == found, query
    for query in ("plate=x", "before=999", "since=today", "limit=0", "x=1", "device=No Where"):
        problem(hub.get(f"{PASSAGES}?{query}"), 422)


def test_the_gates_say_what_they_counted_today_and_between_two_times(hub: WebHub) -> None:
    hub.vehicle()
    hub.vehicle(direction=Direction.OUT)
    hub.vehicle(direction=Direction.UNKNOWN)
    hub.vehicle(synced=False)
    assert value(hub.get("/api/v1/gates")) == {
        "items": [{"id": "east-gate", "place": "东门", "in": 1, "out": 1, "unknown": 1, "undated": 1}],
        "next": None,
    }
    hub.clock.now_us += DAY_US
    (gate,) = value(hub.get("/api/v1/gates"))["items"]
    assert (gate["in"], gate["out"], gate["unknown"]) == (0, 0, 0)
    (gate,) = value(hub.get("/api/v1/gates?since=2026-11-23T16:00:00Z"))["items"]
    assert gate["in"] == 1
    hub.vehicle(device_id="west-gate")
    page = hub.get("/api/v1/gates?limit=1")
    assert value(page)["next"] == "east-gate"
    assert [gate["id"] for gate in value(hub.get("/api/v1/gates?after=east-gate"))["items"]] == ["west-gate"]


def test_a_gate_is_counted_by_the_hour_and_by_the_offices_day(hub: WebHub) -> None:
    for hours in (0, 0, 9, 12):
        hub.clock.now_us = 1_795_471_200_000_000 + hours * HOUR_US
        hub.vehicle()
    path = "/api/v1/gates/east-gate/counts?since=2026-11-23T16:00:00Z&until=2026-11-25T16:00:00Z"
    assert [(row["at"], row["in"]) for row in value(hub.get(path))["items"]] == [
        ("2026-11-23T22:00:00.000000Z", 2),
        ("2026-11-24T07:00:00.000000Z", 1),
        ("2026-11-24T10:00:00.000000Z", 1),
    ]
    assert [(row["at"], row["in"]) for row in value(hub.get(f"{path}&per=day"))["items"]] == [
        ("2026-11-23T16:00:00.000000Z", 4)
    ]
    assert value(hub.get("/api/v1/gates/west-gate/counts")) == {"items": []}
    problem(hub.get("/api/v1/gates/nowhere/counts"), 404)


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-11-24T00:00:00Z&until=2026-11-24T00:00:00Z",
        "since=2026-01-01T00:00:00Z",
        "per=minute",
        "until=2026-11-24T00:00:00",
    ],
)
def test_times_that_cannot_be_are_refused(hub: WebHub, query: str) -> None:
    problem(hub.get(f"/api/v1/gates/east-gate/counts?{query}"), 422)
