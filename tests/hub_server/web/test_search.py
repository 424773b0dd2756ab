import pytest
from web_hub import WebHub, problem, value


def furnish(hub: WebHub) -> None:
    hub.person("p-li", "李秀兰", area="桂花村", address="桂花村 3 组 12 号", phone="138 0013 0001")
    hub.person("p-wang", "王芳", area="柳荫村", address="柳荫村 12 号")
    value(hub.post("/api/v1/households", {"address": "桂花村 3 组 12 号", "area": "桂花村"}), 201)
    car = {"plate": "粤B12345", "owner": "household", "label": "3 组", "household": 1}
    value(hub.post("/api/v1/vehicles", car), 201)
    value(hub.post("/api/v1/devices", {"id": "east-gate", "place": "东大门", "area": "桂花村"}), 201)


def found(hub: WebHub, q: str) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["id"]) for hit in value(hub.get("/api/v1/search", query_string={"q": q}))["items"]]


@pytest.mark.parametrize(
    ("q", "hits"),
    [
        ("lxl", [("person", "p-li")]),
        ("0001", [("person", "p-li"), ("household", "1")]),
        ("12 号", [("person", "p-li"), ("person", "p-wang"), ("household", "1")]),
        ("b1234", [("vehicle", "1")]),
        ("东大", [("place", "东大门"), ("device", "east-gate")]),
        ("", []),
        ("%", []),
    ],
)
def test_one_question_finds_everything_that_is_meant(hub: WebHub, q: str, hits: list[tuple[str, str]]) -> None:
    furnish(hub)
    assert sorted(found(hub, q)) == sorted(hits)


def test_every_hit_leads_to_a_page(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in()
    for q in ("lxl", "12", "b1234", "东大"):
        for hit in value(hub.get("/api/v1/search", query_string={"q": q}))["items"]:
            assert browser.get(hit["path"]).status_code == 200, hit


def test_an_account_finds_its_own_masked_and_nobody_elses(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account(areas=["桂花村"]))
    hits = value(browser.get("/api/v1/search?q=12"))["items"]
    assert [hit["id"] for hit in hits if hit["kind"] == "person"] == ["p-li"]
    text = browser.get("/api/v1/search?q=12").text
    assert "138****0001" in text
    assert "0013" not in text
    assert "3 组 12" not in text


def test_who_was_removed_is_not_found(hub: WebHub) -> None:
    furnish(hub)
    value(hub.post("/api/v1/people/p-li/remove", {}))
    assert found(hub, "lxl") == []


def test_what_is_no_search_is_refused_by_name(hub: WebHub) -> None:
    assert set(problem(hub.get("/api/v1/search"), 422)["errors"]) == {"q"}
    assert set(problem(hub.get("/api/v1/search?q=" + "x" * 61), 422)["errors"]) == {"q"}
    assert set(problem(hub.get("/api/v1/search?q=a%00b"), 422)["errors"]) == {"q"}


def test_a_search_is_a_row_of_the_audit_without_the_words(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account(areas=["桂花村"]))
    assert browser.get("/api/v1/search?q=lxl").status_code == 200
    with hub.store.read() as db:
        ((action, payload),) = db.execute(
            "SELECT action, payload FROM audit WHERE actor = 'account wangmin'"
        ).fetchall()
    assert action == "search.find"
    assert b"lxl" not in payload
