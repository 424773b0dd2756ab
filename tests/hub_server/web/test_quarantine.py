"""Quarantine and conflicts as the API shows them."""

import json

import pytest
from device_model import passage
from web_hub import WebHub, problem, value

from edge_agent.wire.codec import item
from edge_agent.wire.messages import Batch
from hub_server.ingest.apply import apply_up
from hub_server.store import tokens
from hub_server.web.quarantine_shapes import text
from hub_server.web.scopes import Scope

EPOCH = "ab" * 16
LAMP = b'{"type":"lamp_state","state":"broken"}'


def send(hub: WebHub, *raws: bytes, first_seq: int = 1, epoch: str = EPOCH) -> None:
    message = Batch(device="east-gate", epoch=epoch, items=[item(first_seq + n, raw) for n, raw in enumerate(raws)])
    hub.store.write(lambda db: apply_up(db, device="east-gate", message=message, now_us=hub.clock()))


@pytest.fixture
def gate(hub: WebHub) -> WebHub:
    hub.device()
    send(hub, LAMP, passage(wall_us=hub.clock()), LAMP + b" ")
    return hub


def understood(hub: WebHub, event: int) -> None:
    """The hub was upgraded: what was sent is a type that it knows."""
    raw = passage(wall_us=hub.clock())
    hub.store.write(lambda db: db.execute("UPDATE events SET raw = ? WHERE id = ?", (raw, event)))


def test_what_waits_is_listed_and_shown_with_its_bytes(gate: WebHub) -> None:
    page = value(gate.get("/api/v1/quarantine"))
    assert [(one["id"], one["seq"], one["state"], one["bytes"]) for one in page["items"]] == [
        (1, 1, "waiting", 38),
        (3, 3, "waiting", 39),
    ]
    assert "lamp_state" in page["items"][0]["reason"]
    assert value(gate.get("/api/v1/quarantine/1"))["text"] == LAMP.decode()
    assert value(gate.get("/api/v1/quarantine?device=west-gate"))["items"] == []
    assert [one["id"] for one in value(gate.get("/api/v1/quarantine?limit=1&after=1"))["items"]] == [3]
    problem(gate.get("/api/v1/quarantine/2"), 404)


def test_a_release_says_what_became_of_it(gate: WebHub) -> None:
    told = value(gate.post("/api/v1/quarantine/1/release", {"by": "王敏"}))
    assert (told["outcome"], "lamp_state" in told["why"], told["event"]["state"]) == ("not_understood", True, "waiting")
    understood(gate, 1)
    told = value(gate.post("/api/v1/quarantine/1/release", {}))
    assert (told["outcome"], told["event"]["type"], told["event"]["steps"][0]["author"]) == (
        "released",
        "passage",
        "token local",
    )
    told = value(gate.post("/api/v1/quarantine/1/release", {}))
    assert (told["outcome"], len(told["event"]["steps"])) == ("released_before", 1)
    assert value(gate.get("/api/v1/events/1"))["type"] == "passage"
    assert [one["id"] for one in value(gate.get("/api/v1/quarantine?state=released"))["items"]] == [1]


def test_what_is_dismissed_leaves_the_list_and_the_alarms(gate: WebHub) -> None:
    body = {"by": "王敏", "note": "测试"}
    assert value(gate.post("/api/v1/quarantine/1/dismiss", body))["state"] == "dismissed"
    assert value(gate.post("/api/v1/quarantine/1/dismiss", body | {"by": "李"}))["steps"][0]["author"] == "王敏"
    assert [one["id"] for one in value(gate.get("/api/v1/quarantine"))["items"]] == [3]
    assert [one["id"] for one in value(gate.get("/api/v1/quarantine?state=dismissed"))["items"]] == [1]
    for missing in ({"by": "王敏", "note": " "}, {"note": "x"}):
        problem(gate.post("/api/v1/quarantine/3/dismiss", missing), 422)
    understood(gate, 3)
    gate.post("/api/v1/quarantine/3/release", {})
    problem(gate.post("/api/v1/quarantine/3/dismiss", body), 409)


def test_a_conflict_shows_both_events_until_somebody_has_settled_it(gate: WebHub) -> None:
    other = passage(wall_us=gate.clock() - 5)
    send(gate, other, first_seq=2)
    (one,) = value(gate.get("/api/v1/conflicts"))["items"]
    assert (one["id"], one["seq"], one["held"], one["settled_at"]) == (1, 2, 2, None)
    assert one["hash"] != one["held_hash"]
    whole = value(gate.get("/api/v1/conflicts/1"))
    assert json.loads(whole["text"]) == json.loads(other)
    assert json.loads(whole["held_text"])["type"] == "passage"
    body = {"by": "王敏", "note": "卡被复制过"}
    assert value(gate.post("/api/v1/conflicts/1/settle", body))["settled_by"] == "王敏"
    assert value(gate.post("/api/v1/conflicts/1/settle", body | {"by": "李"}))["settled_by"] == "王敏"
    assert value(gate.get("/api/v1/conflicts"))["items"] == []
    assert len(value(gate.get("/api/v1/conflicts?state=settled"))["items"]) == 1
    problem(gate.get("/api/v1/conflicts/9"), 404)
    problem(gate.post("/api/v1/conflicts/9/settle", body), 404)


@pytest.mark.parametrize("path", ["quarantine/1/release", "quarantine/1/dismiss", "conflicts/1/settle"])
def test_a_change_needs_the_scope_and_a_session_its_csrf_token(gate: WebHub, path: str) -> None:
    secret = gate.store.write(
        lambda db: tokens.create(db, name="screen", scopes=[Scope.READ], expires_us=None, now_us=gate.clock())
    )[1]
    reader = {"Authorization": f"Bearer {secret}"}
    assert gate.stranger.get("/api/v1/quarantine", headers=reader).status_code == 200
    problem(gate.stranger.post(f"/api/v1/{path}", json={}, headers=reader), 403)
    problem(gate.log_in().post(f"/api/v1/{path}", json={}), 403)
    problem(gate.stranger.post(f"/api/v1/{path}", json={}), 401)


def test_bytes_are_shown_as_text_that_can_do_no_harm() -> None:
    assert text("东".encode() + b"\xff\x00\x1b[2J\xc2\x9b") == "东\\xff\\x00\\x1b[2J\\x9b"
    assert text("\u202egnp.exe".encode()) == "\\u202egnp.exe"
