import pytest
from web_hub import WebHub, problem, value


def test_a_person_is_created_read_changed_and_listed(hub: WebHub) -> None:
    sent = {"id": "p-li", "name": "李秀兰", "address": "桂花村", "phone": "138", "note": "独居\n左耳听力不好"}
    sent |= {"area": "桂花村", "born": "1948-02-29"}
    response = hub.post("/api/v1/people", sent)
    made = value(response, 201)
    assert response.headers["Location"] == "/api/v1/people/p-li"
    usual: dict[str, object] = {
        "grid": "",
        "kind": "resident",
        "household": None,
        "relation": "",
        "care": [],
        "removed_at": None,
    }
    assert {**sent, **usual, "created_at": made["created_at"]} == made
    assert value(hub.patch("/api/v1/people/p-li", {"phone": "139"})) == {**made, "phone": "139"}
    assert value(hub.get("/api/v1/people/p-li"))["phone"] == "139"
    assert value(hub.get("/api/v1/people")) == {"items": [{**made, "phone": "139"}], "next": None}


def test_times_are_rfc_3339_in_utc_with_microseconds(hub: WebHub) -> None:
    hub.clock.now_us = 1_795_472_400_123_456
    made = value(hub.post("/api/v1/people", {"name": "王"}), 201)
    assert made["created_at"] == "2026-11-23T22:20:00.123456Z"


def test_without_an_id_a_random_one_is_given(hub: WebHub) -> None:
    one, other = (value(hub.post("/api/v1/people", {"name": "王"}), 201)["id"] for _ in range(2))
    assert one != other
    assert one.startswith("p-")


def test_a_second_person_of_one_id_is_a_conflict(hub: WebHub) -> None:
    hub.person("p-li")
    problem(hub.post("/api/v1/people", {"id": "p-li", "name": "另一位"}), 409)
    assert value(hub.get("/api/v1/people/p-li"))["name"] == "李秀兰"


def test_all_mistakes_are_named_at_once(hub: WebHub) -> None:
    sent = {"id": "not good", "address": "x" * 201, "phone": 5, "note": None, "age": 90}
    errors = problem(hub.post("/api/v1/people", sent), 422)["errors"]
    assert errors == {
        "age": "is not a field here",
        "id": "must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', not first '.'",
        "name": "is missing",
        "address": "must be a text of at most 200 characters on one line",
        "phone": "must be a text of at most 40 characters on one line",
        "note": "must be a text of at most 2000 characters",
    }
    assert value(hub.get("/api/v1/people"))["items"] == []


@pytest.mark.parametrize("name", ["", "   ", "两\n行", "tab\tbed", "\x00", "x" * 101, None, 7, ["王"]])
def test_a_name_is_one_line_that_says_something(hub: WebHub, name: object) -> None:
    assert set(problem(hub.post("/api/v1/people", {"name": name}), 422)["errors"]) == {"name"}


def test_a_change_leaves_what_it_does_not_name(hub: WebHub) -> None:
    hub.person("p-li", address="桂花村")
    before = value(hub.get("/api/v1/people/p-li"))
    assert value(hub.patch("/api/v1/people/p-li", {})) == before
    assert value(hub.patch("/api/v1/people/p-li", {"note": "新"})) == {**before, "note": "新"}


def test_a_change_names_every_field_that_cannot_be(hub: WebHub) -> None:
    hub.person("p-li")
    errors = problem(hub.patch("/api/v1/people/p-li", {"id": "p-x", "created_at": "now", "name": ""}), 422)["errors"]
    assert set(errors) == {"id", "created_at", "name"}


def test_nobody_is_found_by_an_unknown_id(hub: WebHub) -> None:
    problem(hub.get("/api/v1/people/p-nobody"), 404)
    problem(hub.patch("/api/v1/people/p-nobody", {"name": "王"}), 404)


def test_a_list_is_read_in_pages_without_gap_or_repetition(hub: WebHub) -> None:
    ids = [hub.person(f"p-{number}") for number in range(7)]
    seen: list[str] = []
    path = "/api/v1/people?limit=3"
    while True:
        page = value(hub.get(path))
        seen += [person["id"] for person in page["items"]]
        if page["next"] is None:
            break
        path = f"/api/v1/people?limit=3&after={page['next']}"
    assert seen == ids


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("limit=0", {"limit"}),
        ("limit=501", {"limit"}),
        ("limit=many&page=2", {"limit", "page"}),
        ("limit=1&limit=2", {"limit"}),
        ("after=not%20good", {"after"}),
    ],
)
def test_a_query_is_checked_like_a_body(hub: WebHub, query: str, wrong: set[str]) -> None:
    assert set(problem(hub.get(f"/api/v1/people?{query}"), 422)["errors"]) == wrong
