import pytest
from web_hub import WebHub, problem, value


def ids(hub: WebHub, query: str = "") -> list[int]:
    return [event["id"] for event in value(hub.get(f"/api/v1/events?{query}"))["items"]]


def test_an_event_is_shown_with_the_body_that_the_device_wrote(hub: WebHub) -> None:
    hub.person("p-li")
    hub.device("east-gate", "东门")
    event = hub.passage("p-li")
    shown = value(hub.get(f"/api/v1/events/{event}"))
    assert shown["place"] == "东门"
    assert shown["person_name"] == "李秀兰"
    assert shown["score"] == 0.71
    assert shown["counts"] is True
    assert shown["captured_at"] == shown["received_at"]
    assert shown["body"]["sighting"]["frames"] == 7
    assert value(hub.get("/api/v1/events"))["items"] == [shown]


@pytest.mark.parametrize(
    ("strict", "frames", "synced", "counts"),
    [(True, 2, True, True), (False, 9, True, False), (True, 1, True, False), (True, 9, False, False)],
)
def test_only_a_sure_sighting_by_a_right_clock_counts(
    hub: WebHub, *, strict: bool, frames: int, synced: bool, counts: bool
) -> None:
    hub.device()
    event = hub.passage("p-li", strict=strict, frames=frames, synced=synced)
    assert value(hub.get(f"/api/v1/events/{event}"))["counts"] is counts


def test_a_stranger_has_no_name_and_does_not_count(hub: WebHub) -> None:
    hub.device()
    shown = value(hub.get(f"/api/v1/events/{hub.passage()}"))
    assert [shown["person"], shown["person_name"], shown["score"], shown["counts"]] == [None, None, None, False]


@pytest.mark.parametrize(
    "raw",
    [b"\xff\xfe", b"not json", b"[" * 16000, b'"a text"', b"null", b'{"sighting": {"frames": "many"}}', b"\x00", b""],
)
def test_what_could_not_be_understood_is_still_shown(hub: WebHub, raw: bytes) -> None:
    hub.device()
    event = hub.stored(raw, "quarantined")
    shown = value(hub.get(f"/api/v1/events/{event}"))
    assert shown["type"] == "quarantined"
    assert shown["counts"] is False
    assert value(hub.get("/api/v1/events"))["items"] == [shown]


def test_events_come_newest_first_and_page_back(hub: WebHub) -> None:
    hub.device()
    made = [hub.passage() for _ in range(5)]
    page = value(hub.get("/api/v1/events?limit=2"))
    assert [event["id"] for event in page["items"]] == [made[4], made[3]]
    assert page["next"] == made[3]
    assert ids(hub, f"before={page['next']}&limit=2") == [made[2], made[1]]


def test_a_program_follows_with_after_oldest_first(hub: WebHub) -> None:
    hub.device()
    made = [hub.passage() for _ in range(3)]
    assert ids(hub, "after=0") == made
    assert ids(hub, f"after={made[0]}&limit=1") == [made[1]]
    assert ids(hub, f"after={made[2]}") == []
    assert ids(hub, f"after={made[0]}&before={made[2]}") == [made[1]]


def test_events_are_filtered_by_device_person_and_type(hub: WebHub) -> None:
    hub.device("east-gate")
    hub.device("west-gate")
    known, stranger = hub.passage("p-li"), hub.passage(device_id="west-gate")
    strange = hub.stored(b"?", "quarantined")
    assert ids(hub, "device=west-gate") == [stranger]
    assert ids(hub, "person=p-li") == [known]
    assert ids(hub, "type=quarantined") == [strange]
    assert ids(hub, "type=passage&device=east-gate") == [known]


def test_a_wrong_query_names_every_field(hub: WebHub) -> None:
    query = "after=-1&before=x&limit=0&device=A&person=%20&type=P!&colour=red"
    errors = problem(hub.get(f"/api/v1/events?{query}"), 422)["errors"]
    assert set(errors) == {"after", "before", "limit", "device", "person", "type", "colour"}


def test_nobody_posts_an_event(hub: WebHub) -> None:
    response = hub.post("/api/v1/events", {"type": "passage"})
    assert "MQTT" in problem(response, 405)["detail"]
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_an_event_that_is_not_there_is_not_found(hub: WebHub) -> None:
    problem(hub.get("/api/v1/events/1"), 404)
