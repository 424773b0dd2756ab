"""Consent on the page: what stands there for whom, the papers, and withdrawing in two taps."""

from dataclasses import replace

import pytest
from web_hub import WebHub, enrol, value

from edge_agent.wire.gallery import Purpose
from hub_server.store import placements
from hub_server.web.consent_words import ASKED, PURPOSES, TEXT_VERSION

EVIL = "<script>alert('守')</script>"


def page(hub: WebHub, path: str = "/people/p-li/consents") -> str:
    answer = hub.log_in().get(path)
    assert answer.status_code == 200
    return answer.text


def agree(hub: WebHub, purpose: str = "welfare", person: str = "p-li", **more: str) -> None:
    body = {"purpose": purpose, "text_version": TEXT_VERSION, "given_on": "2026-11-01", "collector": "王敏", **more}
    value(hub.post(f"/api/v1/people/{person}/consents", body), 201)


def test_without_a_date_of_birth_that_is_asked_for_first(hub: WebHub) -> None:
    hub.person("p-li")
    text = page(hub)
    assert "先填出生日期" in text
    assert 'data-api="PATCH /api/v1/people/p-li"' in text
    assert "记下同意" not in text


def test_each_purpose_says_what_it_is_and_takes_a_consent(hub: WebHub) -> None:
    hub.person("p-li", born="1948-03-05")
    text = page(hub)
    for purpose in ASKED:
        assert PURPOSES[purpose].what_zh in text
        assert f'name="purpose" value="{purpose}"' in text
    assert TEXT_VERSION in text
    assert "同意之后才能拍照录入" in text
    assert "监护人姓名" not in text


def test_of_a_child_the_guardian_is_asked(hub: WebHub) -> None:
    hub.person("p-li", born="2018-03-05")
    text = page(hub)
    assert "监护人姓名" in text
    assert "未满 14 周岁" in text
    assert "监护人同意并签字" in page(hub, "/people/p-li/consents/form")


def test_what_was_agreed_is_withdrawn_by_a_button_and_its_confirmation(hub: WebHub) -> None:
    hub.person("p-li", born="1948-03-05")
    agree(hub)
    text = page(hub)
    assert 'data-dialog="withdraw-welfare"' in text
    assert 'data-api="POST /api/v1/people/p-li/consents/welfare/withdraw"' in text
    assert "这是最后一项" in text
    agree(hub, "door")
    assert "其他同意不变" in page(hub)
    value(hub.post("/api/v1/people/p-li/consents/welfare/withdraw", {"by": "王敏"}))
    after = page(hub)
    assert "withdraw-welfare" not in after
    assert "已撤回" in after


def test_photographs_can_be_given_once_there_is_a_consent_and_their_state_is_told(hub: WebHub) -> None:
    hub.person("p-li", born="1948-03-05")
    agree(hub)
    text = page(hub)
    assert 'data-photos="/api/v1/people/p-li/face"' in text
    assert "还没拍照" in text
    hub.custody.enrol("p-li", replace(enrol([b"a face"]), kept=(b"a face",)), by="王敏")
    text = page(hub)
    assert "已录入人脸" in text
    assert 'href="/api/v1/people/p-li/face/photos/1"' in text
    assert 'data-dialog="erase-face"' in text


def test_places_are_added_and_taken_out(hub: WebHub) -> None:
    hub.device("east-gate", "东门")
    hub.device("clinic", "卫生站")
    hub.person("p-li", born="1948-03-05")
    hub.store.write(lambda db: placements.put(db, person="p-li", purpose=Purpose.DOOR, device="east-gate"))
    text = page(hub)
    assert 'data-api="DELETE /api/v1/people/p-li/placements/door/east-gate"' in text
    assert 'data-place="/api/v1/people/p-li/placements/welfare/"' in text
    assert "未同意，不起作用" in text


def test_an_account_signs_with_its_own_name_and_others_are_asked_for_theirs(hub: WebHub) -> None:
    hub.person("p-li", born="1948-03-05", area="桂花村")
    hub.account(name="lijing", role="community_manager", areas=["桂花村"], display="李静")
    own = hub.log_in_as("lijing").get("/people/p-li/consents").text
    assert 'type="hidden" name="collector" value="李静"' in own
    assert 'name="collector" type="text"' in page(hub)


def test_the_watchlist_is_no_everyday_thing(hub: WebHub) -> None:
    hub.person("p-li", born="1948-03-05", area="桂花村")
    hub.account(name="lijing", role="community_manager", areas=["桂花村"])
    browser = hub.log_in_as("lijing")
    assert "关注名单" not in browser.get("/people/p-li/consents").text
    agree(hub, "watchlist", basis="legal")
    assert "关注名单" in browser.get("/people/p-li/consents").text
    assert "关注名单" not in browser.get("/people/p-li/consents/form?purpose=watchlist").text


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        (
            "",
            ["人脸识别单独同意书", "平安守望", "刷脸开门", "随时可以撤回", "自愿", TEXT_VERSION, "保存 90 天"],
            ["撤回同意书"],
        ),
        ("?purpose=door", ["刷脸开门"], ["平安守望"]),
        ("?sheet=withdraw", ["撤回同意书", "全部撤回", "口头撤回同样有效"], ["单独同意书"]),
        ("?sheet=../../secret", ["人脸识别单独同意书"], []),
    ],
)
def test_the_papers_say_what_must_be_said(hub: WebHub, query: str, there: list[str], absent: list[str]) -> None:
    hub.person("p-li", "李秀兰", address="桂花村 3 组 12 号", born="1948-03-05")
    text = page(hub, f"/people/p-li/consents/form{query}")
    for words in ("李秀兰", *there):
        assert words in text, words
    for words in absent:
        assert words not in text, words
    assert "data-print" in text


def test_the_paper_tells_how_long_passages_are_kept_as_it_is_set(hub: WebHub) -> None:
    hub.person("p-li", born="1948-03-05")
    value(hub.call("PUT", "/api/v1/retention/people", json={"days": 60, "by": "王敏"}))
    assert "保存 60 天" in page(hub, "/people/p-li/consents/form")


def test_names_that_are_markup_stay_text(hub: WebHub) -> None:
    hub.person("p-li", EVIL, born="1948-03-05", address=EVIL)
    agree(hub, collector=EVIL)
    for path in ("/people/p-li/consents", "/people/p-li/consents/form", "/people/p-li/consents/form?sheet=withdraw"):
        assert EVIL not in page(hub, path)


def test_of_nobody_there_is_no_page_and_workers_have_none(hub: WebHub) -> None:
    assert hub.log_in().get("/people/nobody/consents").status_code == 404
    hub.person("p-li", area="桂花村")
    hub.account(name="wu", role="grid_worker", areas=["桂花村"])
    assert hub.log_in_as("wu").get("/people/p-li/consents").status_code == 403
    hub.account(name="lijing", role="community_manager", areas=["荷塘社区"])
    assert hub.log_in_as("lijing").get("/people/p-li/consents").status_code == 404


def test_looking_at_the_page_and_the_paper_is_audited(hub: WebHub) -> None:
    hub.person("p-li", born="1948-03-05")
    page(hub)
    page(hub, "/people/p-li/consents/form")
    rows = value(hub.get("/api/v1/audit", query_string={"subject": "person/p-li"}))["items"]
    assert {row["action"] for row in rows} == {"consents_pages.one", "consents_pages.form"}
