"""The audit over the API and as a page: what is written by looking and changing, found again, and whether it holds."""

from typing import Any

import pytest
from web_hub import WebHub, problem, value

from hub_server.store import audit_reading
from hub_server.web import audit_words
from hub_server.web.app import OPERATIONS, PAGES


def rows(hub: WebHub, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = value(hub.get("/api/v1/audit", query_string=asked))["items"]
    return found


def test_a_look_and_a_change_are_found_by_who_what_and_whom(hub: WebHub) -> None:
    hub.person("p-li", phone="138 0013 0001")
    value(hub.get("/api/v1/people/p-li"))
    value(hub.patch("/api/v1/people/p-li", {"phone": "138 0013 0009"}))
    found = rows(hub, subject="person/p-li")
    assert [(row["actor"], row["action"], row["subject"]) for row in found] == [
        ("token local", "people.change", "person/p-li"),
        ("token local", "people.show", "person/p-li"),
    ]
    assert found[0]["detail"]["fields"][0] == "phone"
    assert "0013" not in str(found)  # names of fields, never values
    assert rows(hub, action="people.ch", subject="person/") == found[:1]
    assert rows(hub, actor="account") == []


def test_looking_into_the_audit_is_a_row_of_it(hub: WebHub) -> None:
    rows(hub, subject="person/p-li")
    (row,) = rows(hub, action="audit_log.index")
    assert row["detail"] == {"asked": ["subject"]}


def test_a_list_goes_on_below_its_last_row_and_ends(hub: WebHub) -> None:
    for n in range(5):
        hub.person(f"p-{n}")
        value(hub.get(f"/api/v1/people/p-{n}"))
    first = hub.get("/api/v1/audit", query_string={"action": "people.show", "limit": 3})
    page = value(first)
    assert [row["subject"] for row in page["items"]] == ["person/p-4", "person/p-3", "person/p-2"]
    assert f"before={page['next']}" in first.headers["Link"]
    rest = rows(hub, action="people.show", limit=3, before=page["next"])
    assert [row["subject"] for row in rest] == ["person/p-1", "person/p-0"]


def test_times_narrow_it_down(hub: WebHub) -> None:
    hub.person("p-li")
    value(hub.get("/api/v1/people/p-li"))
    hub.clock.now_us += 3_600_000_000
    value(hub.get("/api/v1/people/p-li"))
    whole = rows(hub, action="people.show")
    assert len(whole) == 2
    assert rows(hub, action="people.show", **{"from": whole[0]["at"]}) == whole[:1]
    assert rows(hub, action="people.show", until=whole[0]["at"]) == whole[1:]
    problem(hub.get("/api/v1/audit", query_string={"from": "yesterday"}), 422)


def test_the_head_says_whether_the_newest_rows_hold(hub: WebHub) -> None:
    hub.person("p-li")
    value(hub.get("/api/v1/people/p-li"))
    head = value(hub.get("/api/v1/audit/head"))
    assert (head["id"], head["checked_from"], head["rows"], head["holds"], head["broken"]) == (1, 1, 1, True, None)
    value(hub.get("/api/v1/people/p-li"))
    hub.store.write(lambda db: db.execute("UPDATE audit SET actor = 'somebody else' WHERE id = 2"))
    broken = value(hub.get("/api/v1/audit/head"))
    assert (broken["holds"], broken["broken"]) == (False, {"id": 2, "why": "chain"})


def test_only_auditors_and_administrators_may_read_it(hub: WebHub) -> None:
    for role, status in (("auditor", 200), ("administrator", 200), ("community_manager", 403), ("grid_worker", 403)):
        hub.account(name=role.replace("_", "-"), role=role)
        browser = hub.log_in_as(role.replace("_", "-"))
        assert browser.get("/api/v1/audit").status_code == status, role
        assert browser.get("/api/v1/audit/head").status_code == status, role
        assert browser.get("/audit").status_code == status, role
    assert hub.stranger.get("/api/v1/audit").status_code == 401


def test_an_auditor_bound_to_an_area_sees_what_is_about_it(hub: WebHub) -> None:
    hub.person("p-li", area="桂花村")
    hub.person("p-wang", "王建国", area="荷塘社区")
    for person in ("p-li", "p-wang"):
        value(hub.get(f"/api/v1/people/{person}"))
    hub.account(name="shen", role="auditor", areas=["桂花村"])
    browser = hub.log_in_as("shen")
    found = value(browser.get("/api/v1/audit"))["items"]
    assert {row["subject"] for row in found} == {"person/p-li"}
    page = browser.get("/audit").text
    assert "p-li" in page
    assert "p-wang" not in page
    assert "只列出您片区内" in page


def test_an_erased_person_is_in_no_row_but_those_about_the_erasure(hub: WebHub) -> None:
    hub.person("p-li")
    value(hub.get("/api/v1/people/p-li"))
    value(hub.call("DELETE", "/api/v1/people/p-li"))
    found = rows(hub)
    assert [row["action"] for row in found if row["subject"] == "person/p-li" and row["action"] != "people.erase"] == []
    assert sum(row["forgotten"] for row in found) == 1
    with hub.store.read() as db:
        assert audit_reading.verify(db).broken is None


# --- the page ---


def test_the_page_tells_rows_in_words_with_links(hub: WebHub) -> None:
    hub.person("p-li")
    value(hub.get("/api/v1/people/p-li"))
    page = hub.log_in().get("/audit").text
    for words in ("链条完好", "居民 · 查看", "居民 p-li", 'href="/people/p-li"', "令牌 local"):
        assert words in page, words


def test_the_page_finds_by_account_name_alone_and_by_day(hub: WebHub) -> None:
    hub.account(name="shen", role="administrator", display="沈静")
    hub.person("p-li")
    browser = hub.log_in_as("shen")
    browser.get("/people/p-li")
    assert "居民 · 查看" in browser.get("/audit?actor=shen").text
    assert "没有符合的记录" in browser.get("/audit?actor=nobody").text
    assert "居民 · 查看" in browser.get("/audit?from=2026-11-24&until=2026-11-24").text
    assert "没有符合的记录" in browser.get("/audit?until=2026-11-23").text
    assert browser.get("/audit?from=not-a-day&until=9999-12-31&before=x").status_code == 200


def test_the_page_says_plainly_that_somebody_changed_it(hub: WebHub) -> None:
    hub.person("p-li")
    value(hub.get("/api/v1/people/p-li"))
    hub.store.write(lambda db: db.execute("UPDATE audit SET at_us = at_us + 1 WHERE id = 1"))
    page = hub.log_in().get("/audit").text
    assert "链条断了" in page
    assert "第 1 条对不上" in page


def test_a_name_that_is_markup_stays_text(hub: WebHub) -> None:
    hub.person("p-li")
    evil = "<img src=x>"
    hub.get(f"/api/v1/people/{evil}")
    page = hub.log_in().get("/audit", query_string={"actor": evil, "subject": evil}).text
    assert evil not in page


def test_the_pager_keeps_what_was_asked(hub: WebHub) -> None:
    hub.person("p-li")
    for _ in range(51):
        value(hub.get("/api/v1/people/p-li"))
    page = hub.log_in().get("/audit?action=people.").text
    assert 'rel="next" href="?action=people.&amp;before=' in page


@pytest.mark.parametrize("name", sorted({*OPERATIONS, *PAGES}))
def test_every_action_that_is_written_has_chinese_words(name: str) -> None:
    rule = OPERATIONS.get(name) or PAGES[name]
    if not rule.looks and getattr(rule, "method", "GET") == "GET":
        return
    zh, en = audit_words.action(name)
    assert en
    for part in zh.split(" · "):
        assert any("一" <= sign <= "鿿" for sign in part), name
