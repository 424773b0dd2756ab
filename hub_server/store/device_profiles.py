"""What a camera point is made of: the input from which `provision` writes its card."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import devices, limits
from hub_server.store.errors import InvalidValueError, NotFoundError

CAMERA_CHARS_MAX: Final = 500
RELAY_CHARS_MAX: Final = 100
SETTINGS_BYTES_MAX: Final = 16 * 1024
_DEPTH_MAX: Final = 8


class PointKind(StrEnum):
    DOOR = "door"
    BARRIER = "barrier"
    CLINIC = "clinic"
    STREET = "street"


WORDS: Final[Mapping[PointKind, tuple[str, str]]] = {
    PointKind.DOOR: ("人行门", "door"),
    PointKind.BARRIER: ("车辆道闸", "barrier"),
    PointKind.CLINIC: ("卫生站", "clinic"),
    PointKind.STREET: ("路口", "street"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceProfile:
    """The defaults are those of a device that nobody has described yet."""

    device: str
    kind: PointKind = PointKind.DOOR
    camera: str = "picamera2"
    relay: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    changed_us: int | None = None


def get(db: Database, device: str) -> DeviceProfile:
    """Raises NotFoundError when there is no such device."""
    if not devices.exists(db, device):
        raise NotFoundError(f"there is no device {device}")
    for row in db.query("SELECT * FROM device_profiles WHERE device = ?", [device]):
        return DeviceProfile(**{**row, "kind": PointKind(row["kind"]), "settings": json.loads(row["settings"])})
    return DeviceProfile(device=device)


def put(
    db: Database, device: str, *, kind: str, camera: str, relay: str, settings: Mapping[str, Any], now_us: int
) -> DeviceProfile:
    """The whole of it, in the place of what there was. Raises NotFoundError, InvalidValueError."""
    get(db, device)
    db.execute(
        "INSERT OR REPLACE INTO device_profiles (device, kind, camera, relay, settings, changed_us)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            device,
            _kind(kind),
            limits.text("camera", camera, CAMERA_CHARS_MAX, chars_min=1),
            limits.text("relay", relay, RELAY_CHARS_MAX),
            _settings(settings),
            now_us,
        ),
    )
    return get(db, device)


def _kind(kind: str) -> PointKind:
    try:
        return PointKind(kind)
    except ValueError as error:
        raise InvalidValueError("kind", f"one of {', '.join(PointKind)}") from error


def _settings(settings: Mapping[str, Any]) -> str:
    if _depth(settings) > _DEPTH_MAX:
        raise InvalidValueError("settings", f"at most {_DEPTH_MAX} objects and lists in one another")
    try:
        text = json.dumps(settings, ensure_ascii=False, allow_nan=False, sort_keys=True)
        size = len(text.encode())
    except (TypeError, ValueError) as error:  # also half of a surrogate pair
        raise InvalidValueError("settings", "a JSON object") from error
    if size > SETTINGS_BYTES_MAX:
        raise InvalidValueError("settings", f"at most {SETTINGS_BYTES_MAX} bytes as JSON, not {size}")
    return text


def _depth(value: object, *, so_far: int = 0) -> int:
    """How many objects and lists lie in one another; not counted much further than what is allowed."""
    if so_far > _DEPTH_MAX or not isinstance(value, Mapping | list):
        return so_far
    inside = list(value.values()) if isinstance(value, Mapping) else value
    return max((_depth(one, so_far=so_far + 1) for one in inside), default=so_far + 1)
