"""/workers: who is told of an alert, when; and never by which way, for those hold secrets."""

import pytest
from page_tags import EVILS, Tags
from web_hub import SECRET, WebHub, value

VILLAGE, OTHER = "桂花村", "青石村"


def page(hub: WebHub, path: str = "/workers") -> str:
    answer = hub.log_in().get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_ladder_says_who_is_told_when(hub: WebHub) -> None:
    hub.person(area=VILLAGE)
    hub.ladder(area=VILLAGE)
    text = page(hub, f"/workers?area={VILLAGE}")
    ladder = text[text.index('class="ladder"') : text.index("</ol>")]
    for words in (
        "马上",
        "王敏",
        "没有人，会跳到下一步",
        "15 分钟后",
        "30 分钟后",
        "街道值班室",
        "60 分钟后",
        "本人档案里的家属",
    ):
        assert words in ladder
    assert ladder.index("王敏") < ladder.index("街道值班室") < ladder.index("家属")


def test_another_wait_moves_the_rungs_behind_it(hub: WebHub) -> None:
    hub.person(area=VILLAGE)
    hub.ladder(area=VILLAGE)
    assert hub.call("PUT", "/api/v1/ladder/worker", json={"area": VILLAGE, "wait_s": 420}).status_code == 200
    text = page(hub, f"/workers?area={VILLAGE}")
    assert "7 分钟后" in text
    assert "22 分钟后" in text
    assert '<option value="420" selected>' in text, "a wait that the form does not offer is shown all the same"


def test_an_area_without_anybody_is_pointed_at(hub: WebHub) -> None:
    hub.person(area=VILLAGE)
    hub.person("p-2", "王建国", area=OTHER)
    hub.ladder(area=VILLAGE)
    text = page(hub)
    row = text[text.index(f"{OTHER}</a></th>") :]
    assert row[: row.index("</tr>")].count("没有人") == 3


def test_the_ways_to_people_are_never_shown(hub: WebHub) -> None:
    hub.person(area=VILLAGE)
    hub.ladder(area=VILLAGE)
    for path in ("/workers", "/workers/1"):
        text = page(hub, path)
        assert SECRET not in text
        assert "hooks.riverside.lan" not in text
        assert "jsons" in text, "by which kind of way they are told"


def test_one_of_them_can_be_changed_rested_and_removed(hub: WebHub) -> None:
    hub.person(area=VILLAGE)
    hub.ladder(area=VILLAGE)
    parsed = Tags(page(hub, "/workers/1"))
    forms = [attrs["data-api"] for tag, attrs in parsed.tags if tag == "form" and "data-api" in attrs]
    assert forms == ["PATCH /api/v1/recipients/1", "DELETE /api/v1/recipients/1"]
    value(hub.patch("/api/v1/recipients/1", {"active": False}))
    text = page(hub)
    assert "停用" in text
    ladder = page(hub, f"/workers?area={VILLAGE}")
    assert "王敏" not in ladder[ladder.index('class="ladder"') : ladder.index("</ol>")]


def test_the_account_of_somebody_stands_beside_them(hub: WebHub) -> None:
    hub.person(area=VILLAGE)
    hub.ladder(area=VILLAGE)
    hub.account(areas=[VILLAGE])
    hub.store.write(lambda db: db.execute("UPDATE accounts SET recipient = 1 WHERE name = 'wangmin'"))
    assert "wangmin" in page(hub)
    assert 'href="/accounts/wangmin"' in page(hub, "/workers/1")


def test_with_nobody_at_all_it_says_what_follows_from_that(hub: WebHub) -> None:
    assert "警报只会出现在这个网页上" in page(hub)


@pytest.mark.parametrize("role", ["grid_worker", "community_manager", "technician", "viewer", "auditor"])
def test_only_an_administrator_comes_here(hub: WebHub, role: str) -> None:
    hub.account("somebody", role, areas=[VILLAGE])
    assert hub.log_in_as("somebody").get("/workers").status_code == 403


def test_an_administrator_of_one_area_does_not_see_another_s_people(hub: WebHub) -> None:
    hub.person(area=VILLAGE)
    hub.person("p-2", "王建国", area=OTHER)
    hub.ladder(area=VILLAGE)
    hub.post("/api/v1/recipients", {"rung": "worker", "name": "刘洋", "urls": ["json://127.0.0.1/"], "area": OTHER})
    hub.account("boss", "administrator", areas=[VILLAGE])
    browser = hub.log_in_as("boss")
    text = browser.get("/workers").text
    assert "王敏" in text
    assert "刘洋" not in text
    assert "刘洋" not in browser.get(f"/workers?area={OTHER}").text
    assert browser.get("/workers/3").status_code == browser.get("/workers/99").status_code == 404


@pytest.mark.parametrize("evil", EVILS)
def test_what_people_wrote_is_text(hub: WebHub, evil: str) -> None:
    sent = {"rung": "worker", "name": evil, "area": evil[:100], "phone": evil[:40], "urls": ["json://127.0.0.1/"]}
    value(hub.post("/api/v1/recipients", sent), 201)
    for path in ("/workers", "/workers/1"):
        parsed = Tags(page(hub, path))
        assert evil in parsed.words
        parsed.demand_harmless()
