from typing import Any, cast

import pytest

from hub_server.store import device_profiles, devices
from hub_server.store.device_profiles import SETTINGS_BYTES_MAX, DeviceProfile, PointKind
from hub_server.store.errors import InvalidValueError, NotFoundError
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
EAST = "east-gate"
WHOLE: dict[str, Any] = {
    "kind": "barrier",
    "camera": "rtsp://viewer:secret@192.168.1.20/main",
    "relay": "gpio:17",
    "settings": {"镜头": [4, 6.0], "lamp": {"at": None}},
}


def put(store: Store, device: str = EAST, **given: Any) -> DeviceProfile:
    return store.write(lambda db: device_profiles.put(db, device, **{**WHOLE, **given}, now_us=NOW_US))


@pytest.fixture(autouse=True)
def east(store: Store) -> None:
    store.write(lambda db: devices.create(db, id=EAST, place="", now_us=NOW_US))


def test_what_nobody_has_described_is_a_door_with_the_usual_camera(store: Store) -> None:
    with store.read() as db:
        assert device_profiles.get(db, EAST) == DeviceProfile(device=EAST)
        with pytest.raises(NotFoundError):
            device_profiles.get(db, "nowhere")


def test_a_profile_is_kept_whole_and_replaced_whole(store: Store) -> None:
    made = put(store)
    assert (made.kind, made.settings, made.changed_us) == (PointKind.BARRIER, WHOLE["settings"], NOW_US)
    with store.read() as db:
        assert device_profiles.get(db, EAST) == made
    assert put(store, settings={}).settings == {}
    with pytest.raises(NotFoundError):
        put(store, "nowhere")


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(depth - 1):
        inner = {"a": [inner]} if depth % 2 else {"a": inner}
    return inner


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "window"),
        ("camera", " "),
        ("camera", "x" * 501),
        ("relay", "x" * 101),
        ("settings", {"a": "x" * SETTINGS_BYTES_MAX}),
        ("settings", {"a": float("nan")}),
        ("settings", {"a": "\ud800"}),
        ("settings", {"a": b"bytes"}),
        ("settings", nested(10)),
        ("settings", nested(500)),
    ],
)
def test_what_is_no_profile_is_refused_by_its_field(store: Store, field: str, value: object) -> None:
    with pytest.raises(InvalidValueError) as refused:
        put(store, **{field: cast("Any", value)})
    assert refused.value.field == field
    with store.read() as db:
        assert device_profiles.get(db, EAST).changed_us is None


def test_settings_of_exactly_the_limit_are_taken(store: Store) -> None:
    room = SETTINGS_BYTES_MAX - len('{"a": ""}')
    assert put(store, settings={"a": "x" * room}).settings == {"a": "x" * room}
    assert put(store, settings=nested(8)).settings == nested(8)
