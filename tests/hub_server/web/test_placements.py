"""Gates a person may use, and places beyond the own area."""

import pytest
from web_hub import WebHub, problem, value

PLACEMENTS = "/api/v1/people/p-li/placements"


@pytest.fixture
def hub(hub: WebHub) -> WebHub:
    hub.person("p-li")
    hub.device("east-gate")
    return hub


def test_a_placement_is_put_listed_and_taken_away(hub: WebHub) -> None:
    placed = {"person": "p-li", "purpose": "door", "device": "east-gate"}
    for _ in range(2):
        assert value(hub.call("PUT", f"{PLACEMENTS}/door/east-gate")) == placed
    value(hub.call("PUT", f"{PLACEMENTS}/welfare/east-gate"))
    assert value(hub.get(PLACEMENTS)) == {"items": [placed, {**placed, "purpose": "welfare"}]}
    assert value(hub.call("DELETE", f"{PLACEMENTS}/door/east-gate")) == placed
    problem(hub.call("DELETE", f"{PLACEMENTS}/door/east-gate"), 404)
    assert value(hub.get(PLACEMENTS)) == {"items": [{**placed, "purpose": "welfare"}]}


@pytest.mark.parametrize(
    "path",
    [
        f"{PLACEMENTS}/watchlist/east-gate",
        f"{PLACEMENTS}/money/east-gate",
        f"{PLACEMENTS}/door/nowhere",
        "/api/v1/people/p-nobody/placements/door/east-gate",
    ],
)
def test_what_is_not_there_cannot_be_placed(hub: WebHub, path: str) -> None:
    problem(hub.call("PUT", path), 404)
    assert value(hub.get(PLACEMENTS)) == {"items": []}


def test_a_devices_area_is_set_and_shown_and_its_gallery_told(hub: WebHub) -> None:
    shown = value(hub.patch("/api/v1/devices/east-gate", {"area": "桂花村"}))
    assert (shown["area"], shown["place"]) == ("桂花村", "东门")
    assert shown["gallery"] == {
        "taken": False,
        "version": None,
        "people": None,
        "held_version": None,
        "held_at": None,
        "trouble": "",
    }
