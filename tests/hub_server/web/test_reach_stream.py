"""A stream tells of what lies in its reader's areas, and of nothing else."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from two_communities import Office
from web_hub import Frames, WebHub, value
from werkzeug.test import TestResponse

from hub_server.store import devices, events
from hub_server.web import board as boards
from hub_server.web import feed, snapshot
from hub_server.web.scopes import Role


@pytest.fixture
def office(hub: WebHub) -> Office:
    return Office(hub)


@pytest.fixture
def streams(office: Office) -> Iterator[Callable[[FlaskClient], Frames]]:
    opened: list[TestResponse] = []

    def opens(browser: FlaskClient, after: int | None = None) -> Frames:
        response = browser.get("/api/v1/stream" + ("" if after is None else f"?after={after}"), buffered=False)
        assert response.status_code == 200, response.text
        opened.append(response)
        return Frames(response)

    yield opens
    for response in opened:
        response.close()
    assert office.hub.app.extensions["shouwang"].feed._streams == 0


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.COMMUNITY_MANAGER, Role.VIEWER, Role.AUDITOR])
def test_the_stream_tells_of_ones_own_areas(office: Office, streams: Callable[..., Frames], role: Role) -> None:
    stream = streams(office.browser(role))
    assert [row["person"] for row in stream.next("alerts").data] == ["p-near"]
    wider = set() if role is Role.GRID_WORKER else {"area/近水村", "recipient/1"}
    assert {row["subject"] for row in stream.next("alarms").data} == {"near-gate/east", *wider}
    assert [row["id"] for row in stream.next("devices").data] == ["near-gate"]
    assert {row["person"] for row in stream.next("watches").data} == {"p-near", "p-near-rests"}
    assert [row["id"] for row in stream.next("gates").data] == ["near-gate"]
    assert "1 " in stream.next("office").data["zh"]
    office.hub.passage("p-far", device_id="far-gate", strict=False)
    mine = office.hub.passage(device_id="near-gate")
    frame = stream.next("event")
    assert (frame.id, frame.data["device"]) == (mine, "near-gate")


def test_streams_of_two_communities_do_not_meet(office: Office, streams: Callable[..., Frames]) -> None:
    near = streams(office.browser(Role.GRID_WORKER))
    far = streams(office.browser(Role.GRID_WORKER, office.far.grid))
    assert [row["person"] for row in near.next("alerts").data] == ["p-near"]
    assert [row["person"] for row in far.next("alerts").data] == ["p-far"]
    theirs = office.far.ids["alert"]
    value(office.hub.patch(f"/api/v1/alerts/{theirs}", {"state": "acknowledged"}))
    assert far.next("alerts").data[0]["state"] == "acknowledged"
    mine = office.near.ids["alert"]
    value(office.hub.patch(f"/api/v1/alerts/{mine}", {"state": "on_the_way"}))
    (shown,) = near.next("alerts").data
    assert (shown["person"], shown["state"]) == ("p-near", "on_the_way")


def test_the_way_to_somebody_is_clear_for_whoever_goes_there(office: Office, streams: Callable[..., Frames]) -> None:
    (worker,) = streams(office.browser(Role.GRID_WORKER)).next("alerts").data
    (viewer,) = streams(office.browser(Role.VIEWER)).next("alerts").data
    assert worker["contact"] == {"address": "近水村 2 号", "phone": "13800138000", "note": "近水的事"}
    assert viewer["contact"] == {"address": "近水村…", "phone": "138****8000", "note": "…"}


def test_a_technician_hears_of_equipment_only(office: Office, streams: Callable[..., Frames]) -> None:
    stream = streams(office.browser(Role.TECHNICIAN), after=0)
    assert [row["subject"] for row in stream.next("alarms").data] == ["near-gate/east"]
    assert [row["id"] for row in stream.next("devices").data] == ["near-gate"]
    office.hub.passage("p-near", device_id="near-gate")
    office.hub.store.write(lambda db: devices.change(db, "near-gate", place="近水后门", now_us=1))
    assert stream.next("devices").data[0]["place"] == "近水后门"
    assert "event:" not in stream._text
    assert not re.search("p-near|粤B|近水春", stream._text)


def test_a_stream_that_is_behind_catches_up_with_its_own_events(
    office: Office, streams: Callable[..., Frames], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "RING_EVENTS", 2)
    monkeypatch.setattr(feed, "PAGE_ROWS_MAX", 3)
    hub = office.hub
    with hub.store.read() as db:
        before = events.last_id(db)
    made = [hub.passage(device_id=gate) for _ in range(8) for gate in ("near-gate", "far-gate")]
    stream = streams(office.browser(Role.GRID_WORKER), after=before)
    assert [stream.next("event").id for _ in range(8)] == made[::2]
    for _ in range(6):
        hub.passage(device_id="far-gate")
    last = hub.passage(device_id="near-gate")
    assert stream.next("event").id == last


def test_who_is_erased_is_shown_to_nobody_who_comes_later(office: Office, streams: Callable[..., Frames]) -> None:
    first = streams(office.browser(Role.VIEWER))
    assert {row["person"] for row in first.next("watches").data} == {"p-near", "p-near-rests"}
    value(office.hub.call("DELETE", "/api/v1/people/p-near-rests"))
    office.hub.store.write(lambda db: devices.change(db, "near-gate", place="近水后门", now_us=1))
    assert first.next("devices").data[0]["place"] == "近水后门", "the look at the store after the erasure"
    later = streams(office.browser(Role.VIEWER))
    assert {row["person"] for row in later.next("watches").data} == {"p-near"}


def test_a_device_that_moves_comes_into_the_stream_of_its_new_area(
    office: Office, streams: Callable[..., Frames]
) -> None:
    stream = streams(office.browser(Role.TECHNICIAN))
    stream.next("devices")
    office.hub.store.write(
        lambda db: devices.change(db, "far-gate", area=office.near.area, grid=office.near.grid, now_us=1)
    )
    assert [row["id"] for row in stream.next("devices").data] == ["far-gate"]


def test_of_very_many_alerts_a_worker_still_sees_theirs(
    office: Office, streams: Callable[..., Frames], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "PAGE_ROWS_MAX", 1)
    monkeypatch.setattr(boards, "PAGE_ROWS_MAX", 1)
    for person in ("p-near", "p-far"):
        area = office.near if person == "p-near" else office.far
        stream = streams(office.browser(Role.GRID_WORKER, area.grid))
        assert [row["person"] for row in stream.next("alerts").data] == [person]
