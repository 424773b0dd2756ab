import pytest
from web_hub import WebHub, problem, value

from hub_server.store import devices


def test_a_new_device_is_told_its_broker_and_secret_once(hub: WebHub) -> None:
    response = hub.post("/api/v1/devices", {"id": "east-gate", "place": "东门 East gate"})
    made = value(response, 201)
    assert response.headers["Location"] == "/api/v1/devices/east-gate"
    mqtt = made.pop("mqtt")
    assert {name: mqtt[name] for name in ("host", "port", "site", "username")} == {
        "host": "127.0.0.1",
        "port": 1883,
        "site": "demo",
        "username": "east-gate",
    }
    with hub.store.read() as db:
        assert devices.secret_is(db, "east-gate", mqtt["password"])
    assert value(hub.get("/api/v1/devices/east-gate")) == made
    assert value(hub.get("/api/v1/devices")) == {"items": [made], "next": None}
    assert made["online"] is False
    assert made["sync"]["epoch"] is None


def test_a_new_secret_voids_the_old_one(hub: WebHub) -> None:
    old = value(hub.post("/api/v1/devices", {"id": "east-gate"}), 201)["mqtt"]["password"]
    renewed = value(hub.call("POST", "/api/v1/devices/east-gate/secret"), 201)
    assert set(renewed) == {"id", "mqtt"}
    with hub.store.read() as db:
        assert devices.secret_is(db, "east-gate", renewed["mqtt"]["password"])
        assert not devices.secret_is(db, "east-gate", old)


def test_a_device_gets_another_place(hub: WebHub) -> None:
    hub.device("east-gate")
    assert value(hub.patch("/api/v1/devices/east-gate", {"place": "西门"}))["place"] == "西门"
    assert set(problem(hub.patch("/api/v1/devices/east-gate", {"id": "x"}), 422)["errors"]) == {"id"}


def test_a_device_exists_once(hub: WebHub) -> None:
    hub.device("east-gate")
    problem(hub.post("/api/v1/devices", {"id": "east-gate"}), 409)


@pytest.mark.parametrize("name", ["", "East", "-gate", "a/b", "a+", "#", "x" * 64, "门", None, 3])
def test_an_id_must_fit_into_a_topic(hub: WebHub, name: object) -> None:
    errors = problem(hub.post("/api/v1/devices", {"id": name, "place": "x" * 101}), 422)["errors"]
    assert set(errors) == {"id", "place"}


def test_an_unknown_device_is_not_found(hub: WebHub) -> None:
    problem(hub.get("/api/v1/devices/nowhere"), 404)
    problem(hub.patch("/api/v1/devices/nowhere", {"place": "x"}), 404)
    problem(hub.call("POST", "/api/v1/devices/nowhere/secret"), 404)


def test_devices_are_paged_by_id(hub: WebHub) -> None:
    for name in ("a", "b", "c"):
        hub.device(name)
    page = value(hub.get("/api/v1/devices?limit=2"))
    assert [device["id"] for device in page["items"]] == ["a", "b"]
    assert [device["id"] for device in value(hub.get(f"/api/v1/devices?after={page['next']}"))["items"]] == ["c"]
