import json

import pytest
from web_hub import WebHub, problem, value

from hub_server.store import logins, people
from hub_server.store.reach import EVERYWHERE
from hub_server.web import feed
from hub_server.web.feed import RING_EVENTS, STREAMS_MAX


def test_a_stream_begins_with_the_state_of_the_office(hub: WebHub) -> None:
    hub.device()
    alert = hub.overdue()
    with hub.stream() as stream:
        assert [row["id"] for row in stream.next("alerts").data] == [alert]
        assert [row["id"] for row in stream.next("devices").data] == ["east-gate"]
        assert [row["person"] for row in stream.next("watches").data] == ["p-li"]
        assert stream.next("office").data["tone"] == "care"


def test_an_event_arrives_as_the_api_shows_it(hub: WebHub) -> None:
    hub.device()
    hub.passage()
    with hub.stream() as stream:
        stream.next("office")
        new = hub.passage("p-li")
        frame = stream.next("event")
        assert frame.id == new
        assert frame.data == value(hub.get(f"/api/v1/events/{new}"))


def test_an_alert_arrives_changes_and_goes(hub: WebHub) -> None:
    with hub.stream() as stream:
        assert stream.next("alerts").data == []
        alert = hub.overdue()
        (shown,) = stream.next("alerts").data
        assert shown["state"] == "open"
        value(hub.patch(f"/api/v1/alerts/{alert}", {"state": "acknowledged", "author": "王敏"}))
        (shown,) = stream.next("alerts").data
        assert shown["latest"]["author"] == "王敏"
        value(hub.patch(f"/api/v1/alerts/{alert}", {"state": "closed", "outcome": "well"}))
        assert stream.next("alerts").data == []


def test_a_vehicle_arrives_as_an_event_and_its_gate_counts_it(hub: WebHub) -> None:
    hub.device("east-gate")
    hub.device("west-gate")
    hub.vehicle(device_id="west-gate")
    with hub.stream() as stream:
        assert [(row["id"], row["in"]) for row in stream.next("gates").data] == [("west-gate", 1)]
        new = hub.vehicle()
        frame = stream.next("event")
        assert (frame.id, frame.data["type"], frame.data["counts"]) == (new, "plate_read", False)
        assert frame.data["body"]["reading"]["text"] == "粤B12345"
        assert [(row["id"], row["in"]) for row in stream.next("gates").data] == [("east-gate", 1)]


def test_only_what_changed_is_sent_again(hub: WebHub) -> None:
    for name in ("a", "b", "c"):
        hub.device(name)
    with hub.stream() as stream:
        assert len(stream.next("devices").data) == 3
        value(hub.patch("/api/v1/devices/b", {"place": "后门"}))
        assert [row["id"] for row in stream.next("devices").data] == ["b"]


@pytest.mark.parametrize("by_header", [True, False])
def test_a_stream_resumes_after_the_last_event_without_gap_or_repetition(hub: WebHub, *, by_header: bool) -> None:
    hub.device()
    made = [hub.passage() for _ in range(6)]
    path = "/api/v1/stream" if by_header else f"/api/v1/stream?after={made[1]}"
    headers = {"Last-Event-ID": str(made[1])} if by_header else {}
    with hub.stream(path, headers=headers) as stream:
        assert [stream.next("event").id for _ in range(4)] == made[2:]
        later = hub.passage()
        assert stream.next("event").id == later


def test_a_start_from_before_a_restored_backup_goes_on_with_what_is_new(hub: WebHub) -> None:
    hub.device()
    hub.passage()
    with hub.stream(headers={"Last-Event-ID": "1000000"}) as stream:
        stream.next("office")
        new = hub.passage()
        assert stream.next("event").id == new


def test_the_header_goes_before_the_query_because_it_is_newer(hub: WebHub) -> None:
    hub.device()
    made = [hub.passage() for _ in range(3)]
    with hub.stream(f"/api/v1/stream?after={made[0]}", headers={"Last-Event-ID": str(made[1])}) as stream:
        assert stream.next("event").id == made[2]


def test_without_a_start_only_what_is_new_is_sent(hub: WebHub) -> None:
    hub.device()
    hub.passage()
    with hub.stream() as stream:
        stream.next("office")
        new = hub.passage()
        assert stream.next("event").id == new


def test_whoever_is_far_behind_gets_every_event_in_order(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RING_EVENTS", 5)
    monkeypatch.setattr(feed, "PAGE_ROWS_MAX", 4)
    hub.device()
    made = [hub.passage() for _ in range(11)]
    with hub.stream() as early, hub.stream("/api/v1/stream?after=0") as late:
        early.next("office")
        assert [late.next("event").id for _ in made] == made
        made = [hub.passage() for _ in range(11)]
        assert [early.next("event").id for _ in made] == made
        assert [late.next("event").id for _ in made] == made


def test_streams_that_start_at_the_same_place_share_what_was_read(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RING_EVENTS", 2)
    hub.device()
    made = [hub.passage() for _ in range(6)]
    office = hub.app.extensions["shouwang"].feed
    with hub.stream("/api/v1/stream?after=0") as one, hub.stream("/api/v1/stream?after=0") as other:
        assert [one.next("event").id for _ in made] == made
        (shared,) = office._backlogs.values()
        assert [other.next("event").id for _ in made] == made
        assert office._backlogs[0, EVERYWHERE] is shared
        hub.passage()
        one.next("event")
        assert office._backlogs == {}


def test_a_backlog_of_large_events_is_cut_by_its_bytes_and_stays_whole(
    hub: WebHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BACKLOG_BYTES", 1500)
    hub.device()
    made = [hub.passage() for _ in range(5)]
    office = hub.app.extensions["shouwang"].feed
    with hub.stream("/api/v1/stream?after=0") as stream:
        assert [stream.next("event").id for _ in made] == made
        assert sorted(after for after, _ in office._backlogs) == [0, made[2]]


def test_backlogs_that_are_kept_are_few(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "BACKLOG_BYTES", 1)
    hub.device()
    made = [hub.passage() for _ in range(2 * feed._BACKLOGS)]
    office = hub.app.extensions["shouwang"].feed
    office._refresh()
    for last in [0, *made[:-1]]:
        office._older(feed.Cursor(event_id=last), last)
        assert len(office._backlogs) <= feed._BACKLOGS


def test_a_large_office_comes_in_pieces_that_are_small_and_together_whole(hub: WebHub) -> None:
    for number in range(150):
        hub.device(f"door-{number:03}", "东门 East gate")
    response = hub.get("/api/v1/stream", buffered=False)
    chunks, text = iter(response.response), b""
    while b"event: office" not in text:
        chunk = next(chunks)
        assert isinstance(chunk, bytes)
        assert len(chunk) < 2 * feed._CHUNK_BYTES
        text += chunk
    response.close()
    line = text.partition(b"event: devices\ndata: ")[2].partition(b"\n")[0]
    assert len(line) > 2 * feed._CHUNK_BYTES
    assert [device["id"] for device in json.loads(line)] == [f"door-{number:03}" for number in range(150)]


def test_the_ring_is_bounded_and_names_where_it_begins(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RING_EVENTS", 3)
    hub.device()
    office = hub.app.extensions["shouwang"]
    with hub.stream() as stream:
        stream.next("office")
        made = [hub.passage() for _ in range(2)]
        assert [stream.next("event").id for _ in made] == made
        made += [hub.passage() for _ in range(3)]
        assert [stream.next("event").id for _ in range(3)] == made[2:]
        assert [event.id for event in office.feed._ring] == made[2:]
        assert office.feed._ring_from == made[1]
    assert RING_EVENTS > 3


def test_the_81st_stream_is_asked_to_come_again(hub: WebHub) -> None:
    opened = [hub.get("/api/v1/stream", buffered=False) for _ in range(STREAMS_MAX)]
    assert {response.status_code for response in opened} == {200}
    refused = hub.get("/api/v1/stream")
    problem(refused, 503)
    assert int(refused.headers["Retry-After"]) > 0
    opened.pop().close()
    with hub.stream():
        problem(hub.get("/api/v1/stream"), 503)
    for response in opened:
        response.close()


def test_a_wrong_start_takes_no_place(hub: WebHub) -> None:
    for headers, query in (
        ({"Last-Event-ID": "x"}, ""),
        ({"Last-Event-ID": "-1"}, ""),
        ({}, "?after=x"),
        ({}, "?from=1"),
    ):
        problem(hub.get(f"/api/v1/stream{query}", headers=headers), 422)
    assert hub.app.extensions["shouwang"].feed._streams == 0


def test_the_streams_end_when_the_hub_stops(hub: WebHub) -> None:
    with hub.stream() as stream:
        stream.next("office")
        hub.stop()
        with pytest.raises(StopIteration):
            stream.next("office")
    problem(hub.get("/api/v1/stream"), 503)


def test_the_streams_end_when_the_store_closes(hub: WebHub) -> None:
    with hub.stream() as stream:
        stream.next("office")
        hub.store.changes.close()
        with pytest.raises(StopIteration):
            stream.next("office")


def test_a_store_that_closes_under_a_stream_ends_it_quietly(hub: WebHub) -> None:
    with hub.stream() as stream:
        stream.next("office")
        hub.store._readers.close()
        hub.store.changes.announce()
        with pytest.raises(StopIteration):
            stream.next("office")


def test_a_stream_ends_with_its_session(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RESTATE_S", 0.5)
    browser = hub.log_in()
    token = browser.get_cookie("shouwang_session")
    assert token is not None
    response = browser.get("/api/v1/stream", buffered=False)
    chunks = iter(response.response)
    assert next(chunks) == b"retry: 2000\n\n"
    next(chunks)
    hub.store.write(lambda db: logins.end_session(db, token.value))
    assert len(list(chunks)) < 10
    response.close()


def test_a_quiet_stream_still_shows_that_it_lives(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RESTATE_S", 0.2)
    response = hub.get("/api/v1/stream", buffered=False)
    chunks = iter(response.response)
    assert any(next(chunks) == b": still here\n\n" for _ in range(5))
    response.close()


def test_a_renamed_person_is_renamed_in_the_list(hub: WebHub) -> None:
    hub.watch(hub.person("p-li"))
    with hub.stream() as stream:
        stream.next("watches")
        hub.store.write(lambda db: people.change(db, "p-li", now_us=0, name="李秀英"))
        assert stream.next("watches").data[0]["person_name"] == "李秀英"
