"""Who tries and tries: each failure makes one wait longer, and the owner is never locked out."""

import pytest
from flask.testing import FlaskClient
from web_hub import WebHub, problem
from werkzeug.test import TestResponse

from hub_server.store.passwords import Hasher
from hub_server.store.store import Store
from hub_server.store.throttle import FREE, FREE_OF_ACCOUNT
from hub_server.web.auth import COOKIE
from hub_server.web.proving import KNOWN_COOKIE

PASSWORD = "桂花开了 又见炊烟 2026"
S = 1_000_000


def enter(
    browser: FlaskClient,
    password: str = PASSWORD,
    *,
    name: str = "wangmin",
    source: str = "192.168.3.17",
    headers: dict[str, str] | None = None,
    **form: str,
) -> TestResponse:
    return browser.post(
        "/login",
        data={"name": name, "password": password, **form},
        environ_base={"REMOTE_ADDR": source},
        headers=headers,
    )


@pytest.fixture(autouse=True)
def account(hub: WebHub) -> str:
    return hub.account(areas=["桂花村"], password=PASSWORD)


def test_failures_make_one_wait_and_the_page_says_how_long(hub: WebHub) -> None:
    for _ in range(FREE + 1):
        assert enter(hub.stranger, "wrong").status_code == 403
    answer = enter(hub.stranger)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    assert "请等 2 秒再试" in answer.text.replace(" 再试", "再试")
    assert "wait 2 s" in answer.text
    hub.clock.now_us += 2 * S
    assert enter(hub.stranger).status_code == 303


def test_an_unknown_name_waits_just_so(hub: WebHub) -> None:
    for _ in range(FREE + 1):
        enter(hub.stranger, "wrong", name="nobody")
    assert enter(hub.stranger, "wrong", name="nobody").headers["Retry-After"] == "2"


def attack(hub: WebHub, *, minutes: int, name: str = "wangmin") -> int:
    """From a new address each time, each with a forged header that names the owner's; how many were looked at."""
    hasher: Hasher = hub.app.extensions["shouwang"].hasher
    before, n, end_us = hasher.worked, 0, hub.clock.now_us + minutes * 60 * S
    forged = {"X-Forwarded-For": "192.168.3.17", "X-Real-IP": "192.168.3.17", "Forwarded": "for=192.168.3.17"}
    while hub.clock.now_us < end_us:
        n += 1
        source = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        answer = enter(hub.app.test_client(), f"guess {n}", name=name, source=source, headers=forged)
        wait_s = int(answer.headers.get("Retry-After", "0"))
        hub.clock.now_us += (wait_s or 1) * S
    return hasher.worked - before


def test_a_crowd_of_addresses_gets_a_handful_of_guesses_and_the_owner_is_never_locked_out(hub: WebHub) -> None:
    owner = hub.app.test_client()
    assert enter(owner).status_code == 303
    assert attack(hub, minutes=240) < FREE_OF_ACCOUNT + 40
    # In a strange browser the owner may have to wait now; in their own not a second, from any address.
    for n in range(5):
        assert enter(owner, source=f"203.0.113.{n}").status_code == 303
    hub.clock.now_us += 16 * 60 * S
    assert enter(hub.app.test_client()).status_code == 303


def test_a_forged_address_neither_helps_the_attacker_nor_harms_the_owner(hub: WebHub) -> None:
    for n in range(FREE + 1):
        enter(hub.stranger, "wrong", source="10.6.6.6", headers={"X-Forwarded-For": f"192.168.3.{n}"})
    assert enter(hub.stranger, "wrong", source="10.6.6.6", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 429
    assert enter(hub.app.test_client(), source="192.168.3.1").status_code == 303


def test_a_known_browser_waits_for_its_own_failures(hub: WebHub) -> None:
    owner = hub.app.test_client()
    enter(owner)
    for _ in range(FREE + 1):
        assert enter(owner, "wrong").status_code == 403
    assert enter(owner).status_code == 429
    assert enter(hub.app.test_client(), source="192.168.3.17").status_code == 303


def test_the_cookie_that_makes_a_browser_known_opens_nothing_and_serves_its_own_account_only(hub: WebHub) -> None:
    owner = hub.app.test_client()
    enter(owner)
    known = owner.get_cookie(KNOWN_COOKIE)
    assert known is not None
    thief = hub.app.test_client()
    thief.set_cookie(COOKIE, known.value)
    problem(thief.get("/api/v1/me"), 401)
    hub.account("limin", password=PASSWORD)
    attack(hub, minutes=60, name="limin")
    enter(hub.app.test_client(), "wrong", name="limin", source="10.250.0.1")
    thief.set_cookie(KNOWN_COOKIE, known.value)
    assert enter(thief, name="limin").status_code == 429


def test_the_count_survives_a_restart(hub: WebHub) -> None:
    for _ in range(FREE + 1):
        enter(hub.stranger, "wrong")
    hub.stop()
    hub.store.close()
    store = Store.open(hub.store.data_dir, clock=hub.clock)
    again = WebHub(store=store, clock=hub.clock)
    try:
        assert enter(again.stranger).status_code == 429
        hub.clock.now_us += 2 * S
        assert enter(again.stranger).status_code == 303
    finally:
        again.stop()
        store.close()
