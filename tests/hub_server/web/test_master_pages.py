"""The pages of people, households, vehicles, places and areas: they answer, mask, and keep within reach."""

from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from web_hub import WebHub, value

from hub_server.web.pages import people as people_pages

EVIL = "<script>alert('守')</script><img src=x onerror=alert(1)>"
EVIL_QUOTED = "\"'><svg onload=alert(1)>"
PAGES = (
    "/people",
    "/people?q=lxl&area=桂花村&grid=&kind=resident&care=ill&watched=no",
    "/people?removed=yes",
    "/people?kind=ghost&care=rich&watched=maybe&after=p-none",
    "/people/new",
    "/people/new?household=1",
    "/people/p-li",
    "/people/p-li/edit",
    "/households",
    "/households?q=12&area=桂花村",
    "/households?removed=yes",
    "/households/new",
    "/households/1",
    "/households/1/edit",
    "/vehicles",
    "/vehicles?q=b123",
    "/vehicles/new?household=1&person=p-li",
    "/vehicles/1",
    "/places",
    "/places?kind=moon",
    f"/places/{quote('东门')}",
    "/areas",
    f"/areas/{quote('桂花村')}",
    "/search",
    "/search?q=lxl",
)
ONE_OF_OTHERS = ("/people/p-far", "/people/p-far/edit", "/households/2", "/households/2/edit", "/vehicles/2")
SECRETS = ("12 号", "0013 0001", "听力不好", "1948-03-05", "0013 0003")


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the text of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def furnish(hub: WebHub, *, name: str = "李秀兰", words: str = "平常的话", note: str = "听力不好") -> None:
    """Something of each kind in 桂花村, with its history, and something in 柳荫村."""
    value(hub.post("/api/v1/devices", {"id": "east-gate", "place": "东门", "area": "桂花村"}), 201)
    value(hub.post("/api/v1/households", {"address": "桂花村 3 组 12 号", "area": "桂花村", "note": note}), 201)
    li = {"id": "p-li", "name": name[:100], "household": 1, "phone": "138 0013 0001", "note": note, "care": ["ill"]}
    value(hub.post("/api/v1/people", li | {"born": "1948-03-05", "relation": words[:40]}), 201)
    value(hub.patch("/api/v1/people/p-li", {"note": note + "。", "by": words[:80]}))
    contact = {"name": name[:100], "relation": words[:40], "phone": "138 0013 0003"}
    value(hub.post("/api/v1/people/p-li/contacts", contact), 201)
    car = {"plate": "粤B12345", "owner": "household", "label": words[:200], "household": 1, "person": "p-li"}
    value(hub.post("/api/v1/vehicles", car), 201)
    hub.watch("p-li", seen_before_us=0)
    hub.passage("p-li")
    hub.vehicle(listed="粤B12345")
    value(hub.post("/api/v1/people/p-li/observations", {"kind": "visit", "note": words, "by": name[:80]}), 201)
    soon = {"until": "2026-12-01T00:00:00Z", "reason": words[:200], "by": name[:80]}
    value(hub.post("/api/v1/people/p-li/pauses", soon), 201)
    hub.person("p-far", "远方", area="柳荫村", address="柳荫村 7 号")
    value(hub.post("/api/v1/households", {"area": "柳荫村"}), 201)
    far = {"plate": "粤B67890", "owner": "household", "label": "远", "household": 2}
    value(hub.post("/api/v1/vehicles", far), 201)


def shown(browser: FlaskClient, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_whoever_owns_the_data(hub: WebHub, path: str) -> None:
    furnish(hub)
    parsed = Tags(shown(hub.log_in(), path))
    assert [tag for tag, _ in parsed.tags].count("h1") == 1
    ids = [attrs["id"] for _, attrs in parsed.tags if attrs.get("id")]
    assert len(ids) == len(set(ids)), "an id is there once"
    fields = {attrs["for"] for tag, attrs in parsed.tags if tag == "label" and attrs.get("for")}
    assert fields <= set(ids), "a label names a field"
    for tag, attrs in parsed.tags:
        assert "style" not in attrs, (tag, attrs)
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        assert tag != "script" or (attrs.get("src") or "").startswith("/static/")


@pytest.mark.parametrize("path", ["/people", "/households", "/vehicles", "/places", "/areas"])
def test_an_empty_list_says_what_to_do_next(hub: WebHub, path: str) -> None:
    page = shown(hub.log_in(), path)
    assert 'class="nothing"' in page


@pytest.mark.parametrize("evil", [EVIL, EVIL_QUOTED, "{{ 7 * 7 }}", "javascript:alert(1)"])
def test_what_people_wrote_is_text_and_never_markup(hub: WebHub, evil: str) -> None:
    furnish(hub, name=evil, words=evil, note=evil)
    for browser in (hub.log_in(), hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))):
        for path in PAGES:
            for tag, attrs in Tags(shown(browser, path)).tags:
                assert not any(name.startswith("on") for name in attrs), (path, tag, attrs)
                assert tag not in {"svg", "iframe", "object"}, path
                assert not (attrs.get("href") or "").startswith("javascript"), path
                assert tag != "img" or attrs["src"] == "/static/mark.svg", path


def test_an_account_is_shown_nothing_personal_before_it_asks(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account(areas=["桂花村"]))
    for path in PAGES:
        if browser.get(path).status_code == 403:
            continue  # what only somebody may open who may change it
        text = shown(browser, path)
        for secret in SECRETS:
            assert secret not in text, (path, secret)
    page = shown(browser, "/people/p-li")
    assert "138****0001" in page
    assert 'data-reveal="/api/v1/people/p-li/private"' in page
    viewer = hub.log_in_as(hub.account("looker", "viewer", areas=["桂花村"]))
    assert "data-reveal" not in shown(viewer, "/people/p-li")


def test_whoever_may_change_somebody_is_given_the_form_in_the_clear_and_that_is_noted(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    text = shown(browser, "/people/p-li/edit")
    assert 'value="138 0013 0001"' in text
    with hub.store.read() as db:
        rows = db.execute("SELECT subject FROM audit WHERE action = 'people_pages.edit'").fetchall()
    assert rows == [("person/p-li",)]
    worker = hub.log_in_as(hub.account("worker", areas=["桂花村"]))
    assert worker.get("/people/p-li/edit").status_code == 403


def test_what_is_anothers_is_not_there(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    for path in (*ONE_OF_OTHERS, f"/areas/{quote('柳荫村')}"):
        assert browser.get(path).status_code == 404, path
    for path in ("/people", "/households", "/vehicles", "/areas", "/search?q=67890", "/search?q=yf"):
        text = shown(browser, path)
        for foreign in ("远方", "粤B·67890", "柳荫村"):
            assert foreign not in text, (path, foreign)
    text = shown(browser, "/vehicles/new?household=2&person=p-far")
    assert "远方" not in text


def test_a_viewer_is_offered_no_change(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account(role="viewer", areas=["桂花村"]))
    for path in ("/people", "/people/p-li", "/households/1", "/vehicles/1", f"/places/{quote('东门')}", "/areas"):
        assert "data-api" not in shown(browser, path), path
    for path in ("/people/new", "/people/p-li/edit", "/households/new", "/vehicles/new"):
        assert browser.get(path).status_code == 403, path


def test_the_family_file_has_everything_about_a_household(hub: WebHub) -> None:
    furnish(hub)
    value(hub.post("/api/v1/people", {"id": "p-son", "name": "李明", "household": 1, "relation": "子"}), 201)
    hub.clock.now_us += 9 * 86_400_000_000
    hub.watch("p-son", seen_before_us=3 * 86_400_000_000)
    (alert,) = hub.raise_due()[-1:]
    page = shown(hub.log_in(), "/households/1")
    words = Tags(page).words
    for part in ("家庭档案 00001", "李秀兰", "李明", "粤B·12345", "东门", "走访", "平常的话"):
        assert part in words, part
    assert f'href="/alerts/{alert}"' in page
    assert "data-print" in page


def test_a_page_of_somebody_who_was_removed_says_so_and_offers_the_way_back(hub: WebHub) -> None:
    furnish(hub)
    value(hub.post("/api/v1/people/p-li/remove", {}))
    page = shown(hub.log_in(), "/people/p-li")
    assert "POST /api/v1/people/p-li/restore" in page
    assert "李秀兰" not in shown(hub.log_in(), "/people")
    assert "李秀兰" in shown(hub.log_in(), "/people?removed=yes")


def test_an_alert_that_waits_stands_on_top_of_the_persons_page(hub: WebHub) -> None:
    alert = hub.overdue("p-li")
    assert f'<a href="/alerts/{alert}"' in shown(hub.log_in(), "/people/p-li")


def test_a_long_list_goes_on_with_its_filters(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_pages, "PAGE_ROWS", 2)
    for n in range(5):
        hub.person(f"p-{n}", f"王{n}", area="桂花村")
    browser = hub.log_in()
    path, seen = "/people?area=桂花村", set()
    while path:
        parsed = Tags(shown(browser, path))
        seen |= {attrs["href"] for tag, attrs in parsed.tags if (attrs.get("href") or "").startswith("/people/p-")}
        path = next((str(attrs["href"]) for tag, attrs in parsed.tags if attrs.get("rel") == "next"), "")
        assert not path or "area=" in path
    assert seen == {f"/people/p-{n}" for n in range(5)}
