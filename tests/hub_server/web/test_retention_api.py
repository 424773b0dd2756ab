"""How long things are kept, over the API and on the page of privacy."""

import pytest
from web_hub import DAY_US, WebHub, csrf_of, problem, value
from werkzeug.test import TestResponse

from hub_server.store import enrolment_counts
from hub_server.store.enrolment_counts import FILING_AT, WARN_AT, Enrolled
from hub_server.store.retention import POLICIES, DataClass
from hub_server.web.retention_words import WORDS


def put(hub: WebHub, name: str, days: object, **more: object) -> TestResponse:
    return hub.call("PUT", f"/api/v1/retention/{name}", json={"days": days, **more})


def test_every_class_is_told_with_its_limits_and_has_words(hub: WebHub) -> None:
    items = value(hub.get("/api/v1/retention"))["items"]
    assert [row["name"] for row in items] == list(DataClass)
    assert set(WORDS) == set(DataClass) == set(POLICIES)
    for row in items:
        assert row["days_min"] <= row["days"] == row["days_proposed"] <= row["days_max"]
        assert row["changed_at"] is None


def test_days_are_set_by_somebody_and_refused_out_of_limits(hub: WebHub) -> None:
    row = value(put(hub, "strangers", 14, by="王敏"))
    assert (row["days"], row["changed_by"]) == (14, "王敏")
    for days in (0, 91, "14", 1.5):
        assert "days" in problem(put(hub, "strangers", days), 422)["errors"]
    problem(put(hub, "nothing", 14), 404)
    assert "days" in problem(put(hub, "audit", 365), 422)["errors"]
    (noted,) = value(hub.get("/api/v1/audit", query_string={"action": "retention.change"}))["items"]
    assert (noted["subject"], noted["detail"]) == ("kept/strangers", {"days": 14})


def test_a_run_deletes_what_is_old_and_tells_it(hub: WebHub) -> None:
    hub.device()
    for _ in range(3):
        hub.passage()
    hub.clock.now_us += 31 * DAY_US
    ran = value(hub.post("/api/v1/retention/run", {}))
    assert (ran["rows"], ran["done"]) == ([{"name": "strangers", "rows": 3}], True)
    (told,) = value(hub.get("/api/v1/deletions"))["items"]
    assert (told["name"], told["rows"]) == ("strangers", 3)
    assert value(hub.get("/api/v1/events"))["items"] == []
    page = hub.log_in().get("/privacy").text
    assert "陌生人的进出记录" in page


@pytest.mark.parametrize(
    ("role", "areas", "reads", "sets"),
    [
        ("administrator", [], 200, 200),
        ("administrator", ["桂花村"], 200, 403),
        ("community_manager", ["桂花村"], 200, 403),
        ("grid_worker", ["桂花村"], 403, 403),
        ("auditor", [], 403, 403),
    ],
)
def test_only_an_administrator_of_the_whole_office_sets_it(
    hub: WebHub, role: str, areas: list[str], reads: int, sets: int
) -> None:
    hub.account(name="shen", role=role, areas=areas)
    browser = hub.log_in_as("shen")
    assert browser.get("/api/v1/retention").status_code == reads
    assert browser.get("/privacy").status_code == reads
    headers = csrf_of(browser)
    assert browser.put("/api/v1/retention/strangers", json={"days": 7}, headers=headers).status_code == sets
    assert browser.post("/api/v1/retention/run", json={}, headers=headers).status_code == sets
    if reads == 200:
        assert ('data-api="PUT /api/v1/retention/strangers"' in browser.get("/privacy").text) is (sets == 200)


def test_an_account_sets_it_in_its_own_name_whatever_it_says(hub: WebHub) -> None:
    hub.account(name="shen", role="administrator", display="沈静")
    browser = hub.log_in_as("shen")
    headers = csrf_of(browser)
    row = value(browser.put("/api/v1/retention/strangers", json={"days": 7, "by": "别人"}, headers=headers))
    assert row["changed_by"] == "沈静"


@pytest.mark.parametrize(
    ("faces", "words"),
    [
        (WARN_AT - 1, None),
        (WARN_AT, "现在就准备材料"),
        (FILING_AT - 1, "现在就准备材料"),
        (FILING_AT, "须向省级以上网信部门备案"),
    ],
)
def test_the_counter_of_faces_warns_before_and_when_filing_is_due(
    hub: WebHub, monkeypatch: pytest.MonkeyPatch, faces: int, words: str | None
) -> None:
    def counted(_db: object) -> Enrolled:
        return Enrolled(faces=faces, door=0, welfare=0, watchlist=0, owed=0)

    monkeypatch.setattr(enrolment_counts, "count", counted)
    page = hub.log_in().get("/privacy").text
    assert str(faces) in page
    assert ('class="warning' in page) is (words is not None)
    if words is not None:
        assert words in page


def test_the_counter_counts_faces_consents_and_receipts(hub: WebHub) -> None:
    hub.device("east-gate")
    hub.person("p-li", born="1948-03-05")
    for purpose in ("welfare", "door"):
        body = {"purpose": purpose, "text_version": "1", "given_on": "2026-11-01", "collector": "王敏"}
        value(hub.post("/api/v1/people/p-li/consents", body), 201)
    value(hub.post("/api/v1/people/p-li/face", {"photos": ["AAAA"], "by": "王敏"}), 201)
    hub.store.write(lambda db: db.execute("INSERT INTO gallery_members (device, person) VALUES ('east-gate', 'p-li')"))
    with hub.store.read() as db:
        assert enrolment_counts.count(db) == Enrolled(faces=1, door=1, welfare=1, watchlist=0, owed=0)
    value(hub.call("DELETE", "/api/v1/people/p-li/face"))
    with hub.store.read() as db:
        assert enrolment_counts.count(db) == Enrolled(faces=0, door=0, welfare=0, watchlist=0, owed=1)
    page = hub.log_in().get("/privacy").text
    assert "正在制作新名单" in page
    assert "东门" in page


def test_somebody_is_found_for_consent_and_export_by_initials(hub: WebHub) -> None:
    hub.person("p-li", "李秀兰")
    page = hub.log_in().get("/privacy?q=lxl").text
    for link in ("/people/p-li/consents", "/api/v1/people/p-li/file.zip"):
        assert f'href="{link}"' in page
    assert "没有找到" in hub.log_in().get("/privacy?q=zzzz").text
