"""/api/v1/rollouts and releases, and their pages: targets, refusals, what stands where, and no password of a camera."""

import hashlib
from typing import Any

import pytest
from page_tags import EVILS, Tags
from web_hub import WebHub, csrf_of, value

from edge_agent.wire.model_bundle import pack
from hub_server.ingest.release_maker import BUNDLES
from hub_server.store import devices, rollout_steps
from hub_server.store.releases import BUNDLES_MIN, ReleaseKind
from hub_server.store.rollouts import PartState
from hub_server.web.pages.rollouts import PARTS, STATES
from hub_server.web.releases import FOLDER

SLOWER = {"camera": {"fps": 10}}
BUNDLE = pack({"manifest.toml": b"format = 1\n", "a.tflite": b"\0\1"})


def placed(hub: WebHub, *names: str, area: str = "桂花村") -> None:
    for name in names:
        hub.device(name, f"{name} 门")
        hub.store.write(lambda db, name=name: devices.change(db, name, area=area, now_us=hub.clock()))  # type: ignore[misc]


def push(hub: WebHub, status: int = 201, /, **body: Any) -> dict[str, object]:
    given = {"kind": "config", "change": SLOWER, "everywhere": True} | body
    response = hub.post("/api/v1/rollouts", given)
    assert response.status_code == status, response.text
    found = response.json
    assert isinstance(found, dict)
    return found


def page(hub: WebHub, path: str) -> str:
    answer = hub.log_in().get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_every_device_an_area_or_some_are_reached_and_those_that_are_retired_are_not(hub: WebHub) -> None:
    placed(hub, "east", "west")
    placed(hub, "far", area="青石村")
    placed(hub, "gone")
    hub.store.write(lambda db: db.execute("UPDATE devices SET retired_us = 1 WHERE id = 'gone'"))

    def reached(**body: object) -> set[object]:
        made = push(hub, **body)
        value(hub.post(f"/api/v1/rollouts/{made['id']}/stop", {}))
        told = made["devices"]
        assert isinstance(told, list)
        return {one["device"] for one in told}

    assert reached() == {"east", "west", "far"}
    assert reached(everywhere=False, area="桂花村") == {"east", "west"}
    assert reached(everywhere=False, devices=["far", "east"]) == {"far", "east"}
    refused = push(hub, 422, everywhere=False, devices=["gone"])
    assert "gone" in str(refused["errors"])
    assert "area" in str(push(hub, 422, everywhere=False, area="无此村")["errors"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"everywhere": False}, "devices"),
        ({"area": "桂花村"}, "devices"),
        ({"change": {}}, "change"),
        ({"change": {"hub": {"host": "elsewhere"}}}, "change"),
        ({"change": {"camera": {"fps": [1]}}}, "change"),
        ({"release": 1}, "release"),
        ({"kind": "model"}, "release"),
        ({"kind": "model", "change": {}, "release": 77}, "release"),
        ({"kind": "model", "release": 1}, "change"),
        ({"wait_s": -1}, "wait_s"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(hub: WebHub, body: dict[str, object], field: str) -> None:
    placed(hub, "east")
    errors = push(hub, 422, **body)["errors"]
    assert isinstance(errors, dict)
    assert field in errors


def test_what_no_device_may_be_told_never_reaches_the_store(hub: WebHub) -> None:
    placed(hub, "east")
    push(hub, 422, change={"hub": {"sign_key": "mine"}})
    assert value(hub.get("/api/v1/rollouts"))["items"] == []


def test_a_second_one_for_the_same_device_is_a_conflict_that_names_the_first(hub: WebHub) -> None:
    placed(hub, "east", "west")
    push(hub, everywhere=False, devices=["east"])
    told = push(hub, 409)
    assert "east" in str(told["detail"])
    assert "rollout 1" in str(told["detail"])


def test_a_bundle_gets_the_next_version_its_bytes_lie_in_data_and_damage_is_refused(hub: WebHub) -> None:
    send = {"content_type": "application/octet-stream"}
    made = value(hub.post("/api/v1/releases?note=v2", data=BUNDLE, **send), 201)
    assert (made["id"], made["files"], made["note"]) == (1, ["a.tflite", "manifest.toml"], "v2")
    assert FOLDER == BUNDLES
    file = hub.store.data_dir / BUNDLES / f"{hashlib.sha256(BUNDLE).hexdigest()}.bundle"
    assert file.read_bytes() == BUNDLE
    assert value(hub.post("/api/v1/releases", data=BUNDLE, **send), 201)["id"] == 2
    damaged = hub.post("/api/v1/releases", data=BUNDLE[:-1] + b"x", **send)
    assert damaged.status_code == 422
    assert "manifest.toml is not what the header says" in damaged.text
    assert [row["id"] for row in value(hub.get("/api/v1/releases"))["items"]] == [2, 1]


def test_old_bundles_go_but_those_that_a_device_has_stay(hub: WebHub) -> None:
    placed(hub, "east")
    for n in range(BUNDLES_MIN + 2):
        bundle = pack({"manifest.toml": b"%d" % n})
        made = value(hub.post("/api/v1/releases", data=bundle, content_type="application/octet-stream"), 201)
        if n == 0:
            push(hub, kind="model", change={}, release=made["id"])
    left = {path.stem for path in (hub.store.data_dir / BUNDLES).glob("*.bundle")}
    expected = [0, *range(2, BUNDLES_MIN + 2)]
    assert left == {hashlib.sha256(pack({"manifest.toml": b"%d" % n})).hexdigest() for n in expected}


def test_a_cameras_password_is_shown_nowhere(hub: WebHub) -> None:
    placed(hub, "east")
    secret = {"camera": {"source": "rtsp://viewer:geheim@10.0.4.17/main"}}
    made = push(hub, change=secret)
    told = [
        str(made),
        hub.get("/api/v1/rollouts").text,
        hub.get("/api/v1/devices/east/releases").text,
        page(hub, "/rollouts"),
        page(hub, "/rollouts/1"),
        page(hub, "/devices/east"),
    ]
    assert all("geheim" not in text for text in told)
    assert "rtsp://viewer:***@10.0.4.17/main" in told[0]


def test_the_pages_show_where_it_stands_why_it_stopped_and_what_may_be_done(hub: WebHub) -> None:
    placed(hub, "east", "west")
    assert "provision config push" in page(hub, "/rollouts")
    push(hub, note="省电")
    text = page(hub, "/rollouts/1")
    for words in ("camera.fps = 10", "省电", "先一台", "east 门", "正在更新", "还没轮到", "现在就下一阶段", "停止"):
        assert words in text
    hub.store.write(
        lambda db: rollout_steps.refused(db, "east", ReleaseKind.CONFIG, version=1, trouble="unusable: rolled back")
    )
    hub.store.write(
        lambda db: rollout_steps.fail(db, 1, detail="east 没有接受；east did not take it", now_us=hub.clock())
    )
    text = page(hub, "/rollouts/1")
    for words in ("east 没有接受", "east did not take it", "unusable: rolled back", "知道了", "没有成功"):
        assert words in text
    assert "现在就下一阶段" not in text
    assert "设备更新已停下" in page(hub, "/")
    value(hub.post("/api/v1/rollouts/1/stop", {}))
    assert "设备更新已停下" not in page(hub, "/")


def test_the_devices_page_says_what_is_in_force(hub: WebHub) -> None:
    placed(hub, "east")
    assert "还是卡上写的" in page(hub, "/devices/east")
    push(hub)
    assert "第 1 版在路上" in page(hub, "/devices/east")
    hub.store.write(lambda db: rollout_steps.held(db, "east", ReleaseKind.CONFIG, version=1, now_us=hub.clock()))
    text = page(hub, "/devices/east")
    assert "第 1 版已生效" in text
    assert "camera.fps = 10" in text


@pytest.mark.parametrize("evil", EVILS)
def test_what_people_and_devices_wrote_is_text_and_never_markup(hub: WebHub, evil: str) -> None:
    placed(hub, "east")
    push(hub, note=evil[:200], change={"camera": {"source": evil}}, by="周")
    trouble = f"unusable: {evil}"
    hub.store.write(lambda db: rollout_steps.refused(db, "east", ReleaseKind.CONFIG, version=1, trouble=trouble))
    for path in ("/rollouts", "/rollouts/1", "/devices/east"):
        Tags(page(hub, path)).demand_harmless()


def test_whoever_is_bound_to_an_area_rolls_out_there_and_knows_of_nothing_else(hub: WebHub) -> None:
    placed(hub, "east")
    placed(hub, "far", area="青石村")
    hub.account("tech", "technician", areas=["桂花村"])
    browser = hub.log_in_as("tech")

    def asks(**target: object) -> Any:
        sent = {"kind": "config", "change": SLOWER, **target}
        return browser.post("/api/v1/rollouts", json=sent, headers=csrf_of(browser))

    elsewhere, nowhere = asks(devices=["far"]), asks(devices=["off"])
    assert elsewhere.status_code == nowhere.status_code == 422
    assert elsewhere.text.replace("far", "off") == nowhere.text
    made = asks(everywhere=True)
    assert [one["device"] for one in made.json["devices"]] == ["east"]
    push(hub, everywhere=False, devices=["far"])
    assert [row["id"] for row in value(browser.get("/api/v1/rollouts"))["items"]] == [1]
    assert browser.get("/api/v1/rollouts/2").status_code == 404
    assert browser.get("/rollouts/2").status_code == 404
    stopped = browser.post("/api/v1/rollouts/2/stop", json={}, headers=csrf_of(browser))
    assert stopped.status_code == 404
    push(hub, everywhere=False, devices=["far"], kind="model", change={}, release=bundle(hub))
    value(hub.post("/api/v1/rollouts/1/stop", {}))
    value(hub.post("/api/v1/rollouts/2/stop", {}))
    push(hub)
    assert browser.get("/api/v1/rollouts/4").status_code == 404, "one of its devices is elsewhere"


def bundle(hub: WebHub) -> object:
    sent = hub.post("/api/v1/releases", data=BUNDLE, content_type="application/octet-stream")
    return value(sent, 201)["id"]


def test_there_are_words_for_every_state() -> None:
    assert set(PARTS) == set(PartState)
    assert all(zh and en for zh, en, _ in (*STATES.values(), *PARTS.values()))
