import pytest
from flask.testing import FlaskClient
from web_hub import TOKEN, WebHub, problem, value

from hub_server.store.limits import SESSION_TTL_S

DATA = ["people", "watches", "alerts", "devices", "events", "stream", "nothing-of-the-kind"]


@pytest.mark.parametrize("path", DATA)
def test_a_stranger_learns_nothing_not_even_what_exists(hub: WebHub, path: str) -> None:
    response = hub.stranger.get(f"/api/v1/{path}")
    problem(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \xe9",
        "",
    ],
)
def test_a_wrong_token_is_refused(hub: WebHub, header: str) -> None:
    problem(hub.stranger.get("/api/v1/people", headers={"Authorization": header}), 401)


def test_a_wrong_token_is_not_healed_by_a_session(hub: WebHub) -> None:
    problem(hub.log_in().get("/api/v1/people", headers={"Authorization": "Bearer wrong"}), 401)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_word_bearer_may_be_written_as_one_likes(hub: WebHub, scheme: str) -> None:
    value(hub.stranger.get("/api/v1/people", headers={"Authorization": f"{scheme} {TOKEN}"}))


def test_a_session_reads_and_changes_with_its_csrf_token_only(hub: WebHub) -> None:
    browser = hub.log_in()
    value(browser.get("/api/v1/people"))
    body = {"name": "王"}
    problem(browser.post("/api/v1/people", json=body), 403)
    problem(browser.post("/api/v1/people", json=body, headers={"X-CSRF-Token": "wrong"}), 403)
    problem(browser.post("/api/v1/people", json=body, headers={"X-CSRF-Token": csrf(hub.log_in())}), 403)
    assert value(hub.get("/api/v1/people"))["items"] == []
    value(browser.post("/api/v1/people", json=body, headers={"X-CSRF-Token": csrf(browser)}), 201)


def test_a_session_ends_after_its_time(hub: WebHub) -> None:
    browser = hub.log_in()
    hub.clock.now_us += SESSION_TTL_S * 1_000_000 - 1
    value(browser.get("/api/v1/people"))
    hub.clock.now_us += 1
    problem(browser.get("/api/v1/people"), 401)


def test_a_made_up_cookie_is_no_session(hub: WebHub) -> None:
    hub.stranger.set_cookie("shouwang_session", "made-up")
    problem(hub.stranger.get("/api/v1/people"), 401)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]", "[::1]:65535"])
def test_the_hub_answers_to_loopback_names(hub: WebHub, host: str) -> None:
    assert hub.stranger.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "127.0.0.2",
        "192.168.1.5:8080",
        "[::2]",
        "127.0.0.1:",
        "127.0.0.1:123456",
        "a@localhost",
    ],
)
def test_another_host_name_is_misdirected(hub: WebHub, host: str) -> None:
    problem(hub.get("/api/v1/people", headers={"Host": host}), 421)
    for path in ("/", "/healthz", "/static/page.css"):
        assert hub.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "path", ["/api/v1/people", "/api/v1/nothing", "/", "/login", "/healthz", "/nowhere", "/static/main.js"]
)
def test_every_answer_keeps_the_browser_strict(hub: WebHub, path: str) -> None:
    with hub.stranger.get(path) as answer:
        headers = answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    # The form at the door tells our own server where it comes from.
    assert headers["Referrer-Policy"] == ("same-origin" if path == "/login" else "no-referrer")
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static/") else "no-store")
    assert "Access-Control-Allow-Origin" not in headers


def csrf(browser: FlaskClient) -> str:
    text = browser.get("/").text
    return text.partition('data-csrf="')[2].partition('"')[0]
