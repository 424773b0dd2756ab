"""A device is asked for something: who may, what goes on record, what is shown and for how long."""

from typing import Any

import pytest
from web_hub import WebHub, csrf_of, problem, value

from hub_server.store import audit_reading, commands
from hub_server.store.commands import Outcome, Result
from hub_server.web.scopes import Role

JPEG = b"\xff\xd8\xff\xe0 a door"
PICTURE = {"kind": "picture", "reason": "门口的灯像是坏了", "by": "李雷"}
SELF_TEST = {"kind": "self_test", "reason": "装好之后", "by": "李雷"}


@pytest.fixture(autouse=True)
def gate(hub: WebHub) -> None:
    hub.device("east-gate")


def ask(hub: WebHub, body: dict[str, str] = PICTURE) -> dict[str, Any]:
    return dict(value(hub.post("/api/v1/devices/east-gate/commands", body), 201))


def answer(hub: WebHub, id_: str, outcome: Outcome, *, why: str = "") -> None:
    result = Result(id=id_, outcome=outcome, why=why, latency_ms=412, times=1, facts={"faces_hidden": "1"})
    hub.store.write(lambda db: commands.answered(db, device="east-gate", result=result, at_us=hub.clock()))


def test_what_is_asked_is_stored_and_handed_on_and_its_answer_stands_where_the_location_says(hub: WebHub) -> None:
    response = hub.post("/api/v1/devices/east-gate/commands", PICTURE)
    made = value(response, 201)
    assert (made["state"], made["asked_by"], made["reason"]) == ("waiting", "李雷", PICTURE["reason"])
    assert hub.asked_devices.asked == [(made["id"], "east-gate", "picture")]
    answer(hub, made["id"], Outcome.DONE)
    found = value(hub.get(response.headers["Location"]))
    assert (found["state"], found["latency_ms"], found["facts"]) == ("done", 412, {"faces_hidden": "1"})
    assert found["picture"] is None, "it has not arrived, or is gone"


def test_a_picture_is_shown_while_it_is_there_is_not_kept_by_browsers_and_each_look_is_on_record(hub: WebHub) -> None:
    made = ask(hub)
    path = f"/api/v1/commands/{made['id']}/picture"
    assert problem(hub.get(path), 404)
    hub.asked_devices.pictures[made["id"]] = JPEG
    assert value(hub.get(f"/api/v1/commands/{made['id']}"))["picture"] == path
    response = hub.get(path)
    assert (response.data, response.content_type) == (JPEG, "image/jpeg")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    looks = [row for row in rows(hub) if row.action == "commands.picture"]
    assert [row.subject for row in looks] == [f"command/{made['id']}"]


def rows(hub: WebHub) -> list[Any]:
    with hub.store.read() as db:
        return list(audit_reading.page(db, before=None, limit=50))


def test_too_many_at_once_are_refused_and_what_was_stored_is_given_up(hub: WebHub) -> None:
    hub.asked_devices.takes = False
    assert problem(hub.post("/api/v1/devices/east-gate/commands", PICTURE), 409)
    (listed,) = value(hub.get("/api/v1/devices/east-gate/commands"))["items"]
    assert listed["state"] == "unsent"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "picture"}, "reason"),
        ({"kind": "picture", "reason": "  "}, "reason"),
        ({"kind": "open", "reason": "x"}, "kind"),
        ({"kind": "picture", "reason": "x" * 201}, "reason"),
    ],
)
def test_without_a_reason_or_of_a_kind_that_is_not_there_yet_nothing_is_asked(
    hub: WebHub, body: dict[str, str], field: str
) -> None:
    assert field in problem(hub.post("/api/v1/devices/east-gate/commands", body), 422)["errors"]
    assert hub.asked_devices.asked == []


@pytest.mark.parametrize(
    ("role", "picture", "self_test"),
    [
        (Role.ADMINISTRATOR, 201, 201),
        (Role.COMMUNITY_MANAGER, 201, 403),
        (Role.GRID_WORKER, 201, 403),
        (Role.TECHNICIAN, 403, 201),
        (Role.VIEWER, 403, 403),
        (Role.AUDITOR, 403, 403),
    ],
)
def test_a_picture_is_for_those_who_may_see_people_and_a_self_test_for_those_who_fit_devices(
    hub: WebHub, role: Role, picture: int, self_test: int
) -> None:
    hub.patch("/api/v1/devices/east-gate", {"area": "桂花村"})
    hub.account("one", role, areas=["桂花村"])
    browser = hub.log_in_as("one")
    for body, expected in ((PICTURE, picture), (SELF_TEST, self_test)):
        sent = browser.post("/api/v1/devices/east-gate/commands", json=body, headers=csrf_of(browser))
        assert sent.status_code == expected
        if expected == 201:
            assert value(sent, 201)["asked_by"] != "李雷", "an account asks in its own name"
    by_the_owner = ask(hub)
    hub.asked_devices.pictures[by_the_owner["id"]] = JPEG
    shown = value(browser.get(f"/api/v1/commands/{by_the_owner['id']}"))
    assert bool(shown["reason"]) is (picture == 201)
    assert (browser.get(f"/api/v1/commands/{by_the_owner['id']}/picture").status_code == 200) is (picture == 201)


def test_elsewhere_there_is_neither_the_device_nor_its_pictures(hub: WebHub) -> None:
    hub.patch("/api/v1/devices/east-gate", {"area": "桂花村"})
    made = ask(hub)
    hub.asked_devices.pictures[made["id"]] = JPEG
    hub.account("wu", Role.GRID_WORKER, areas=["别的村"])
    browser = hub.log_in_as("wu")
    for path in (f"/api/v1/commands/{made['id']}", f"/api/v1/commands/{made['id']}/picture"):
        assert browser.get(path).status_code == 404
    sent = browser.post("/api/v1/devices/east-gate/commands", json=PICTURE, headers=csrf_of(browser))
    assert sent.status_code == 404


def test_the_page_of_a_device_offers_what_one_may_ask_and_says_what_was_strange(hub: WebHub) -> None:
    hub.patch("/api/v1/devices/east-gate", {"area": "桂花村"})
    forged = Result(id=None, outcome=Outcome.REFUSED, why="not_signed", latency_ms=0, times=3, facts={})
    hub.store.write(lambda db: commands.answered(db, device="east-gate", result=forged, at_us=hub.clock()))
    made = ask(hub)
    answer(hub, made["id"], Outcome.DONE)
    hub.asked_devices.pictures[made["id"]] = JPEG
    for role, offers in ((Role.GRID_WORKER, True), (Role.TECHNICIAN, False), (Role.VIEWER, False)):
        hub.account(role.value.replace("_", "-"), role, areas=["桂花村"])
        text = hub.log_in_as(role.value.replace("_", "-")).get("/devices/east-gate").get_data(as_text=True)
        assert ('data-asks="picture"' in text) is offers, role
        assert ('data-asks="self_test"' in text) is (role is Role.TECHNICIAN)
        assert (PICTURE["reason"] in text) is offers
        assert (f'data-again="/api/v1/commands/{made["id"]}/picture"' in text) is offers
        if offers:
            assert "拒绝了 3 条" in text
