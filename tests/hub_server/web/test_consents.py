"""Consent through the API: agreed on a text, for a purpose; withdrawn as easily; erased with the last one."""

from typing import Any

import pytest
from web_hub import WebHub, problem, value

GIVEN = {"purpose": "welfare", "text_version": "2026-11", "given_on": "2026-11-20", "collector": "王敏"}


@pytest.fixture
def li(hub: WebHub) -> str:
    hub.person("p-li", born="1948-03-05")
    return "/api/v1/people/p-li"


def agree(hub: WebHub, li: str, purpose: str = "welfare", **otherwise: Any) -> Any:
    return value(hub.post(f"{li}/consents", {**GIVEN, "purpose": purpose, **otherwise}), 201)


def errors(hub: WebHub, li: str, **otherwise: Any) -> Any:
    return problem(hub.post(f"{li}/consents", {**GIVEN, **otherwise}), 422)["errors"]


def test_a_consent_is_given_listed_and_withdrawn_and_stays_on_file(hub: WebHub, li: str) -> None:
    made = agree(hub, li)
    assert (made["purpose"], made["basis"], made["withdrawn_at"]) == ("welfare", "consent", None)
    gone = value(hub.post(f"{li}/consents/welfare/withdraw", {"by": "小李"}))
    assert gone == {**made, "withdrawn_at": gone["withdrawn_at"], "withdrawn_by": "小李"}
    assert value(hub.get(f"{li}/consents"))["items"] == [gone]
    problem(hub.post(f"{li}/consents/welfare/withdraw", {}), 404)
    assert agree(hub, li)["id"] == made["id"] + 1


def test_one_purpose_is_agreed_to_once(hub: WebHub, li: str) -> None:
    agree(hub, li)
    problem(hub.post(f"{li}/consents", GIVEN), 409)
    agree(hub, li, "door")


def test_every_wrong_field_is_named(hub: WebHub, li: str) -> None:
    wrong = errors(hub, li, purpose="money", given_on="yesterday", collector="", basis="because", extra=1)
    assert set(wrong) == {"purpose", "given_on", "collector", "basis", "extra"}
    assert set(errors(hub, li, given_on="2026-02-30")) == {"given_on"}
    assert set(errors(hub, li, given_on="2027-01-01")) == {"given_on"}
    assert set(errors(hub, li, basis="legal")) == {"basis"}
    assert value(hub.get(f"{li}/consents"))["items"] == []


def test_a_child_needs_a_guardian_and_an_unknown_age_is_no_consent(hub: WebHub, li: str) -> None:
    value(hub.patch(li, {"born": "2012-11-21"}))
    assert set(errors(hub, li)) == {"guardian"}, "a day before the fourteenth birthday"
    assert agree(hub, li, guardian="李建国（父）")["guardian"] == "李建国（父）"
    value(hub.patch(li, {"born": None}))
    assert set(errors(hub, li, purpose="door")) == {"person"}


def test_nobody_agrees_for_whom_there_is_no_such_person(hub: WebHub) -> None:
    problem(hub.post("/api/v1/people/p-nobody/consents", GIVEN), 404)
    problem(hub.get("/api/v1/people/p-nobody/consents"), 404)
    problem(hub.post("/api/v1/people/p-nobody/consents/money/withdraw", {}), 404)
