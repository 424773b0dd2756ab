import pytest
from web_hub import WebHub, problem, value

QUARTER_US = 15 * 60 * 1_000_000


def link(hub: WebHub) -> str:
    url = value(hub.call("POST", "/api/v1/login-links"), 201)["url"]
    assert url.startswith("http://localhost/login?code=")
    return str(url).removeprefix("http://localhost")


def code(path: str) -> dict[str, str]:
    return {"code": path.partition("code=")[2]}


def test_looking_at_a_link_does_not_use_it_up(hub: WebHub) -> None:
    path = link(hub)
    for _ in range(3):
        assert "<button" in hub.stranger.get(path).text
    assert hub.stranger.post("/login", data=code(path)).status_code == 303


def test_a_link_opens_one_session_once(hub: WebHub) -> None:
    path = link(hub)
    browser, late = hub.app.test_client(), hub.app.test_client()
    answer = browser.post("/login", data=code(path))
    assert answer.headers["Location"] == "/"
    assert browser.get("/").status_code == 200
    assert late.post("/login", data=code(path)).status_code == 403
    assert late.get("/").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(hub: WebHub) -> None:
    cookie = hub.stranger.post("/login", data=code(link(hub))).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie


def test_a_link_is_good_for_a_quarter_of_an_hour(hub: WebHub) -> None:
    early, late = link(hub), link(hub)
    hub.clock.now_us += QUARTER_US - 1
    assert hub.stranger.post("/login", data=code(early)).status_code == 303
    hub.clock.now_us += 1
    assert hub.stranger.post("/login", data=code(late)).status_code == 403


@pytest.mark.parametrize("given", ["", "made-up", "x" * 5000, "码\x00"])
def test_a_made_up_code_opens_nothing(hub: WebHub, given: str) -> None:
    answer = hub.stranger.post("/login", data={"code": given})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert "过期" in answer.text


def test_without_a_code_the_page_says_how_to_get_one(hub: WebHub) -> None:
    answer = hub.stranger.get("/login")
    assert answer.status_code == 200
    assert "<form" not in answer.text


def test_a_code_in_the_address_is_text_and_never_markup(hub: WebHub) -> None:
    assert '"><script>' not in hub.stranger.get('/login?code="><script>alert(1)</script>').text


def test_a_stranger_is_sent_to_the_login(hub: WebHub) -> None:
    answer = hub.stranger.get("/")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login"


def test_logging_out_ends_the_session_for_everybody_who_has_the_cookie(hub: WebHub) -> None:
    browser = hub.log_in()
    token = browser.get_cookie("shouwang_session")
    assert token is not None
    csrf = browser.get("/").text.partition('data-csrf="')[2].partition('"')[0]
    assert browser.post("/logout", data={"csrf": "wrong"}).status_code == 403
    assert browser.get("/").status_code == 200
    assert browser.post("/logout", data={"csrf": csrf}).status_code == 303
    thief = hub.app.test_client()
    thief.set_cookie("shouwang_session", token.value)
    problem(thief.get("/api/v1/people"), 401)


def test_logging_out_without_a_session_is_harmless(hub: WebHub) -> None:
    assert hub.stranger.post("/logout").headers["Location"] == "/login"
