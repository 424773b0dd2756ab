"""Whoever has an account is the author of what they do, whoever they say it was; programs say so themselves."""

from typing import Any

import msgspec
from each_change import ANOTHER, PASSWORD, changes, send
from two_communities import near_and_far
from web_hub import WebHub, value

from hub_server.web.app import OPERATIONS
from hub_server.web.scopes import Role

SIGNING = {"by", "author"}


def signed() -> set[str]:
    """Routes whose body says who has done it."""
    return {
        endpoint
        for endpoint, operation in OPERATIONS.items()
        if operation.body is not None and SIGNING & {one.name for one in msgspec.structs.fields(operation.body)}
    }


def stored(hub: WebHub) -> list[tuple[str, str, str]]:
    """Every text in the store: table, column, text."""
    found = []
    with hub.store.read() as db:
        for table in db.table_names():
            if not table.startswith("sqlite_"):
                for row in db.query(f"SELECT * FROM [{table}]"):  # noqa: S608 our own names
                    found += [(table, name, text) for name, text in row.items() if isinstance(text, str)]
    return found


def test_no_route_lets_an_account_sign_as_somebody_else(hub: WebHub) -> None:
    near, _ = near_and_far(hub)
    for name in ("boss", "wu"):
        hub.account(name, Role.ADMINISTRATOR, display="真名", password=PASSWORD)
    browser, sent = hub.log_in_as("boss"), set()
    for change in changes(hub):
        response = send(hub, browser, near, change)
        assert response.status_code in {200, 201}, (change.endpoint, response.text)
        assert ANOTHER not in response.text, change.endpoint
        if isinstance(change.body, dict) and ANOTHER in change.body.values():
            sent.add(change.endpoint)
            forged = [(table, column) for table, column, text in stored(hub) if ANOTHER in text]
            assert not forged, change.endpoint
    assert sent == signed()
    assert {table for table, _, text in stored(hub) if text == "真名"} >= {
        "alert_changes",
        "observations",
        "pauses",
        "corrections",
        "quarantine_steps",
        "conflicts_settled",
        "vehicle_changes",
        "field_changes",
    }


def test_a_program_says_itself_who_has_done_it(hub: WebHub) -> None:
    alert = hub.overdue()
    said = {"state": "acknowledged", "author": "王敏"}
    assert value(hub.patch(f"/api/v1/alerts/{alert}", said))["latest"]["author"] == "王敏"
    unsaid: dict[str, Any] = value(hub.patch(f"/api/v1/alerts/{alert}", {"state": "on_the_way"}))
    assert unsaid["latest"]["author"] == "api"
    value(hub.post("/api/v1/people/p-li/observations", {"kind": "phone"}), 201)
    seen = value(hub.get("/api/v1/people/p-li/observations"))["items"]
    assert "token local" in {row["author"] for row in seen}
