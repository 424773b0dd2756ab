"""Who is told: recipients, contacts, waits, notices of an alert, alarms, reports; and no URL ever leaves the hub."""

from typing import Any

import pytest
from web_hub import HOUR_US, SECRET, WebHub, problem, value

from hub_server.store import alarms, alerts, outbox, tokens
from hub_server.store.alarms import AlarmKind
from hub_server.web.ladder_shapes import masked
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339

NEW = {
    "rung": "worker",
    "area": "桂花村",
    "name": "王敏",
    "phone": "138",
    "urls": [f"jsons://{SECRET}@x/", "topic://a"],
}
MIN_US = 60_000_000


def test_a_recipient_is_added_changed_and_removed_and_the_secrets_of_the_channels_stay_here(hub: WebHub) -> None:
    answer = hub.post("/api/v1/recipients", NEW)
    made = value(answer, 201)
    assert answer.headers["Location"] == "/api/v1/recipients/1"
    assert (made["channels"], made["active"]) == (["jsons", "topic"], True)
    for heard in (answer, hub.get("/api/v1/recipients"), hub.get("/api/v1/recipients/1")):
        assert SECRET not in heard.text
    changed = value(hub.patch("/api/v1/recipients/1", {"active": False, "rung": "office", "area": ""}))
    assert (changed["active"], changed["rung"], changed["area"], changed["name"]) == (False, "office", "", "王敏")
    stale = {"If-Match": answer.headers.get("ETag", '"x"')}
    problem(hub.call("PATCH", "/api/v1/recipients/1", json={"name": "李"}, headers=stale), 412)
    assert value(hub.call("DELETE", "/api/v1/recipients/1"))["name"] == "王敏"
    for method in ("GET", "DELETE"):
        problem(hub.call(method, "/api/v1/recipients/1"), 404)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"rung": "family"}, {"rung"}),
        ({"urls": []}, {"urls"}),
        ({"urls": ["no-url"]}, {"urls"}),
        ({"urls": ["topic://a"] * 6}, {"urls"}),
        ({"name": " ", "urls": "topic://a"}, {"name", "urls"}),
    ],
)
def test_a_wrong_recipient_names_every_field_and_repeats_no_secret(
    hub: WebHub, fields: dict[str, Any], wrong: set[str]
) -> None:
    refused = hub.post("/api/v1/recipients", NEW | fields)
    assert set(problem(refused, 422)["errors"]) == wrong
    assert SECRET not in refused.text


def test_contacts_stand_in_the_persons_file_in_the_order_in_which_they_are_called(hub: WebHub) -> None:
    path = f"/api/v1/people/{hub.person()}/contacts"
    value(hub.post(path, {"name": "李明", "relation": "儿子", "phone": "138 0013"}), 201)
    value(hub.post(path, {"name": "李红", "urls": [f"jsons://{SECRET}@x/"]}), 201)
    shown = hub.get(path)
    assert SECRET not in shown.text
    assert [(one["name"], one["channels"]) for one in value(shown)["items"]] == [("李明", []), ("李红", ["jsons"])]
    assert value(hub.call("DELETE", "/api/v1/contacts/1"))["name"] == "李明"
    problem(hub.call("DELETE", "/api/v1/contacts/1"), 404)
    for _ in range(9):
        value(hub.post(path, {"name": "邻居"}), 201)
    assert set(problem(hub.post(path, {"name": "邻居"}), 422)["errors"]) == {"person"}
    problem(hub.post("/api/v1/people/nobody/contacts", {"name": "邻居"}), 404)


def test_an_area_has_its_own_waits_and_the_people_of_all_areas(hub: WebHub) -> None:
    hub.ladder(person_id=None)
    value(hub.call("PUT", "/api/v1/ladder/worker", json={"area": "桂花村", "wait_s": 60}))
    value(hub.call("PUT", "/api/v1/ladder/office", json={"wait_s": 120}))
    rungs = value(hub.get("/api/v1/ladder?area=桂花村"))["rungs"]
    assert [(one["rung"], one["wait_s"], one["people"]) for one in rungs] == [
        ("worker", 60, ["王敏"]),
        ("community", 900, []),
        ("office", 120, ["街道值班室"]),
        ("family", 1800, []),
    ]
    assert [one["wait_s"] for one in value(hub.get("/api/v1/ladder"))["rungs"]] == [900, 900, 120, 1800]
    problem(hub.call("PUT", "/api/v1/ladder/roof", json={"wait_s": 60}), 404)
    for wait_s in (59, 86401, "60"):
        assert set(problem(hub.call("PUT", "/api/v1/ladder/worker", json={"wait_s": wait_s}), 422)["errors"]) == {
            "wait_s"
        }


def test_only_an_administrator_says_who_is_told(hub: WebHub) -> None:
    scopes = [Scope.READ, Scope.PEOPLE, Scope.ALERTS]
    secret = hub.store.write(
        lambda db: tokens.create(db, name="clinic", scopes=scopes, expires_us=None, now_us=hub.clock())
    )[1]
    headers = {"Authorization": f"Bearer {secret}"}
    problem(hub.stranger.post("/api/v1/recipients", json=NEW, headers=headers), 403)
    problem(hub.stranger.put("/api/v1/ladder/worker", json={"wait_s": 60}, headers=headers), 403)
    assert hub.stranger.get("/api/v1/recipients", headers=headers).status_code == 200


def test_an_alert_says_who_has_it_and_when_it_goes_on(hub: WebHub) -> None:
    hub.person()
    hub.ladder()
    hub.watch(seen_before_us=25 * HOUR_US)
    (alert,) = hub.raise_due()
    shown = value(hub.get(f"/api/v1/alerts/{alert}"))
    assert (shown["verdict"], shown["rung"], shown["taken"], shown["reported"]) == ("cannot_tell", "worker", None, None)
    assert shown["climb_at"] == rfc3339(hub.clock() + 15 * MIN_US)
    told = value(hub.get(f"/api/v1/alerts/{alert}/notices"))
    assert [(one["name"], one["rung"], one["kind"], one["state"]) for one in told["items"]] == [
        ("王敏", "worker", "raised", "waiting")
    ]
    assert told["upcoming"] == {"at": shown["climb_at"], "rung": "office", "names": ["街道值班室"]}
    hub.clock.now_us += 15 * MIN_US
    hub.store.write(lambda db: alerts.climb_due(db, now_us=hub.clock(), limit=10))
    told = value(hub.get(f"/api/v1/alerts/{alert}/notices"))
    assert [one["name"] for one in told["items"]] == ["王敏", "街道值班室"]
    assert (told["upcoming"]["rung"], told["upcoming"]["names"]) == ("family", ["李明"])
    problem(hub.get("/api/v1/alerts/77/notices"), 404)


def test_notices_tell_what_became_of_them_without_the_secret_of_a_channel(hub: WebHub) -> None:
    hub.person()
    hub.ladder()
    hub.watch(seen_before_us=25 * HOUR_US)
    (alert,) = hub.raise_due()
    hub.clock.now_us += 20_000_000
    (message,) = hub.store.write(lambda db: outbox.form(db, now_us=hub.clock()))
    hub.store.write(
        lambda db: outbox.failed(
            db,
            message.id,
            trouble=f"jsons://{SECRET}@hooks.riverside.lan: refused",
            next_us=hub.clock() + MIN_US,
            now_us=hub.clock(),
        )
    )
    heard = hub.get(f"/api/v1/alerts/{alert}/notices")
    assert SECRET not in heard.text
    (notice,) = value(heard)["items"]
    assert (notice["state"], notice["tries"], notice["next_try_at"]) == ("failing", 1, rfc3339(hub.clock() + MIN_US))
    hub.store.write(lambda db: outbox.sent(db, message.id, by="2: topic", now_us=hub.clock()))
    (notice,) = value(hub.get(f"/api/v1/alerts/{alert}/notices"))["items"]
    assert (notice["state"], notice["channel"], notice["sent_at"]) == ("sent", "2: topic", rfc3339(hub.clock()))


def test_what_a_visit_did_not_find_closes_nothing_and_climbs_at_once(hub: WebHub) -> None:
    hub.person()
    hub.ladder()
    hub.watch(seen_before_us=25 * HOUR_US)
    (alert,) = hub.raise_due()
    path = f"/api/v1/alerts/{alert}"
    value(hub.patch(path, {"state": "on_the_way", "author": "王敏"}))
    told = value(hub.post(f"{path}/report", {"report": "not_found", "author": "王敏", "note": "没人应"}))
    assert (told["state"], told["rung"]) == ("on_the_way", "office")
    assert (told["reported"]["report"], told["reported"]["note"], told["taken"]["author"]) == (
        "not_found",
        "没人应",
        "王敏",
    )
    told = value(hub.post(f"{path}/report", {"report": "emergency", "author": "刘洋"}))
    assert (told["rung"], told["reported"]["report"], told["reported"]["author"]) == ("family", "emergency", "刘洋")
    assert [(one["report"], one["rung"]) for one in told["history"]] == [
        (None, "worker"),
        (None, None),
        ("not_found", "office"),
        ("emergency", "family"),
    ]
    value(hub.patch(path, {"state": "closed", "outcome": "helped"}))
    problem(hub.post(f"{path}/report", {"report": "not_found"}), 409)
    problem(hub.post("/api/v1/alerts/77/report", {"report": "not_found"}), 404)
    assert set(problem(hub.post(f"{path}/report", {"report": "gone", "note": 1}), 422)["errors"]) == {"report", "note"}


def test_a_closed_alert_is_opened_again_with_a_reason_and_keeps_its_history(hub: WebHub) -> None:
    path = f"/api/v1/alerts/{hub.overdue()}"
    value(hub.patch(path, {"state": "closed", "outcome": "well", "author": "王敏"}))
    assert set(problem(hub.patch(path, {"state": "open", "author": "王敏"}), 422)["errors"]) == {"note"}
    again = value(hub.patch(path, {"state": "open", "author": "王敏", "note": "认错人了"}))
    assert (again["state"], again["outcome"], again["last_seen_by"]) == ("open", None, "given")
    assert [(one["from"], one["to"]) for one in again["history"]] == [
        (None, "open"),
        ("open", "closed"),
        ("closed", "open"),
    ]


def alarm(hub: WebHub, kind: AlarmKind, subject: str, detail: str = "covered") -> None:
    hub.store.write(
        lambda db: alarms.raise_(
            db, kind=kind, subject=subject, detail=detail, since_us=hub.clock() - HOUR_US, now_us=hub.clock()
        )
    )


def test_alarms_come_and_go_and_a_dead_observer_is_named_by_its_place(hub: WebHub) -> None:
    hub.device()
    alarm(hub, AlarmKind.OBSERVER, "east-gate/east")
    alarm(hub, AlarmKind.DELIVERY, "message/3", detail=f"jsons://{SECRET}@x: refused")
    heard = hub.get("/api/v1/alarms")
    assert SECRET not in heard.text
    first, second = value(heard)["items"]
    assert (first["kind"], first["place"], first["detail"], first["cleared_at"]) == (
        "observer",
        "东门",
        "covered",
        None,
    )
    assert (second["kind"], second["place"]) == ("delivery", "")
    hub.store.write(lambda db: alarms.clear(db, kind=AlarmKind.OBSERVER, subject="east-gate/east", now_us=hub.clock()))
    assert [one["id"] for one in value(hub.get("/api/v1/alarms"))["items"]] == [2]
    assert [one["id"] for one in value(hub.get("/api/v1/alarms?state=all"))["items"]] == [2, 1]
    assert [one["id"] for one in value(hub.get("/api/v1/alarms?state=all&after=2&limit=1"))["items"]] == [1]


def test_the_stream_and_the_page_say_that_a_camera_does_not_watch(hub: WebHub) -> None:
    hub.device()
    hub.watch(hub.person(), seen_before_us=HOUR_US)
    alarm(hub, AlarmKind.OBSERVER, "east-gate/east")
    with hub.stream() as frames:
        assert [one["subject"] for one in frames.next("alarms").data] == ["east-gate/east"]
        said = frames.next("office").data
    assert (said["tone"], "摄像头没有在看" in said["zh"]) == ("unsure", True)
    page = hub.log_in().get("/").text
    assert "一切安好" not in page
    assert "没有在看" in page


def test_no_secret_passes_a_scheme() -> None:
    assert masked(f"1: jsons://{SECRET}@x, mailtos://u:{SECRET}@y") == "1: jsons://… mailtos://…"
    assert masked("no channel is set up") == "no channel is set up"
