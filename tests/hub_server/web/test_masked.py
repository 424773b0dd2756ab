"""Nobody with an account is shown personal data in the clear unless they ask for it, or must knock on that door."""

import pytest
from two_communities import near_and_far
from web_hub import WebHub, csrf_of, value

from hub_server.web.app import OPERATIONS, PAGES
from hub_server.web.scopes import SCOPES_OF, Role

RULES = {**OPERATIONS, **PAGES}
CLEAR = ("13800138000", "近水村 2 号", "近水的事", "1948-03-12", "13800138002")
"""Telephone, address, note and date of birth of somebody, and the telephone of their daughter."""
OLDER = ("13700137000", "近水村 7 号", "旧的事")
"""What the first three were before: in their history."""
UNMASKED = {
    "people.private": "asked for, and audited",
    "households.private": "asked for, and audited",
    "people_pages.edit": "who may change it sees what they change",
    "households_pages.edit": "who may change it sees what they change",
    "consents_pages.form": "the form that is signed names whoever signs",
    "subject_access.show": "the person's own file",
    "subject_access.download": "the person's own file",
}
ON_THE_WAY = {
    "alerts.index",
    "alerts.show",
    "alerts_pages.index",
    "alerts_pages.one",
    "visits_pages.index",
    "page.show",
}
"""What shows the way to somebody whose alert is not closed, to whoever may take steps."""
ALSO = {"contacts.index", "notices.index"}
"""The family's telephone, while an alert is not closed."""


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_what_is_personal_is_masked(hub: WebHub, role: Role) -> None:
    near, _ = near_and_far(hub)
    value(hub.patch("/api/v1/people/p-near", dict(zip(("phone", "address", "note"), OLDER, strict=True))))
    now = {"phone": CLEAR[0], "address": CLEAR[1], "note": CLEAR[2]}
    value(hub.patch("/api/v1/people/p-near", now))
    hub.account("one", role, areas=[near.area])
    browser, may_act = hub.log_in_as("one"), role in {Role.ADMINISTRATOR, Role.COMMUNITY_MANAGER, Role.GRID_WORKER}
    shown, masked = set(), 0
    for endpoint, rule in RULES.items():
        is_read = endpoint not in OPERATIONS or OPERATIONS[endpoint].method == "GET"
        if not is_read or rule.unbound or endpoint in {"stream.stream", "exports.export"}:
            continue
        if "<row_id:table>" in rule.path or not (rule.scope is None or rule.scope in SCOPES_OF[role]):
            continue
        text = browser.get(near.path(rule.path)).get_data().decode("utf-8", "replace")
        if any(mark in text for mark in (*CLEAR, *OLDER)):
            shown.add(endpoint)
        masked += "138****8000" in text
    assert shown - set(UNMASKED) - (ON_THE_WAY | ALSO if may_act else set()) == set()
    assert masked >= (0 if role is Role.TECHNICIAN else 2)


def test_once_an_alert_is_closed_its_person_is_masked_again(hub: WebHub) -> None:
    near, _ = near_and_far(hub)
    hub.account("worker", Role.GRID_WORKER, areas=[near.grid])
    worker, path = hub.log_in_as("worker"), near.path("/api/v1/alerts/<row_id:alert>")
    assert value(worker.get(path))["contact"]["phone"] == "13800138000"
    assert value(worker.get("/api/v1/people/p-near/contacts"))["items"][0]["phone"] == "13800138002"
    value(hub.patch(path, {"state": "closed", "outcome": "well"}))
    assert value(worker.get(path))["contact"] == {"address": "近水村…", "phone": "138****8000", "note": "…"}
    assert value(worker.get("/api/v1/people/p-near/contacts"))["items"][0]["phone"] == "138****8002"
    assert "13800138000" not in worker.get("/api/v1/alerts").text


def test_a_program_without_the_scope_reveal_is_shown_masked_data(hub: WebHub) -> None:
    near_and_far(hub)
    made = value(hub.post("/api/v1/tokens", {"name": "board", "scopes": ["read"]}), 201)
    headers = {"Authorization": f"Bearer {made['secret']}"}
    shown = value(hub.stranger.get("/api/v1/people/p-near", headers=headers))
    assert (shown["phone"], shown["address"], shown["note"], shown["born"]) == ("138****8000", "近水村…", "…", "1948")
    assert value(hub.get("/api/v1/people/p-near"))["phone"] == "13800138000"


def test_a_change_meets_what_its_maker_was_shown(hub: WebHub) -> None:
    """The ETag is that of the masked answer, and so is what If-Match is compared with."""
    near, _ = near_and_far(hub)
    value(hub.patch(near.path("/api/v1/alerts/<row_id:alert>"), {"state": "closed", "outcome": "well"}))
    hub.account("worker", Role.GRID_WORKER, areas=[near.grid])
    worker, path = hub.log_in_as("worker"), near.path("/api/v1/alerts/<row_id:alert>")
    headers = {**csrf_of(worker), "If-Match": worker.get(path).headers["ETag"]}
    changed = worker.patch(path, json={"state": "open", "note": "还是没人"}, headers=headers)
    assert changed.status_code == 200, changed.text
    assert worker.patch(path, json={"state": "acknowledged"}, headers=headers).status_code == 412
