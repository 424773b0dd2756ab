"""Cells of a table of devices as values: what a camera point is called and made of. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from edge_agent.wire.topics import is_device
from hub_server.store import limits
from hub_server.store.device_profiles import CAMERA_CHARS_MAX, WORDS, PointKind
from hub_server.tables import texts
from hub_server.tables.errors import WrongCellError

KIND_WORDS: Final[Mapping[str, PointKind]] = {
    **dict.fromkeys(("door", "门", "人行门", "门口", "大门", "单元门", "小门"), PointKind.DOOR),
    **dict.fromkeys(("barrier", "道闸", "车辆道闸", "车闸", "闸机", "车行", "车行道闸"), PointKind.BARRIER),
    **dict.fromkeys(("clinic", "卫生站", "卫生室", "诊所", "医务室"), PointKind.CLINIC),
    **dict.fromkeys(("street", "路口", "街道", "街面", "道路", "路面"), PointKind.STREET),
}
_CAMERA_WORDS: Final = frozenset({"picamera2", "picamera", "csi", "树莓派", "树莓派摄像头", "树莓派相机", "排线"})
_CAMERA_STARTS: Final = ("rtsp://", "rtsps://", "http://", "https://", "/dev/")
_PIN: Final = re.compile(r"(?:gpio[ :]?)?([0-9]{1,2})", re.IGNORECASE)
_PIN_MAX: Final = 27  # BCM numbers on a Raspberry Pi's header
_NO_RELAY: Final = frozenset({"无", "没有", "none", "no"})


def device(cell: str) -> str:
    if not is_device(cell):
        raise WrongCellError(
            "设备编号用小写字母、数字和“-”，1 到 63 个，不以“-”开头，例如 gate-east",
            "1 to 63 of a-z, 0-9 and '-', not first '-', as in gate-east",
        )
    return cell


def place(cell: str) -> str:
    said = texts.line(cell)
    if said[0] in texts.DANGEROUS:
        raise WrongCellError("像是公式，不能当地点", "this looks like a formula: it is no place")
    if len(said) > limits.PLACE_CHARS_MAX:
        most = limits.PLACE_CHARS_MAX
        raise WrongCellError(f"最多 {most} 个字，现在 {len(said)} 个", f"at most {most} characters, not {len(said)}")
    return said


def point_kind(cell: str) -> str:
    found = KIND_WORDS.get(cell.lower().replace(" ", ""))
    if found is None:
        raise WrongCellError(
            f"不认识“{cell[:20]}”；可以写：{'、'.join(zh for zh, _ in WORDS.values())}",
            f"not known; write one of {', '.join(PointKind)}",
        )
    return str(found)


def camera(cell: str) -> str:
    """An address, a device below /dev, or `picamera2`."""
    if cell.lower() in _CAMERA_WORDS:
        return "picamera2"
    if not cell.startswith(_CAMERA_STARTS) or cell in _CAMERA_STARTS or any(sign.isspace() for sign in cell):
        raise WrongCellError(
            "摄像头写 picamera2、rtsp:// 开头的地址，或 /dev/video0", "a camera is picamera2, rtsp://…, or /dev/video0"
        )
    if len(cell) > CAMERA_CHARS_MAX:
        raise WrongCellError(f"最多 {CAMERA_CHARS_MAX} 个字", f"at most {CAMERA_CHARS_MAX} characters")
    return cell


def relay(cell: str) -> str:
    """`gpio:17` of GPIO17, gpio:17 or 17; "" of a word for none."""
    if cell.lower() in _NO_RELAY:
        return ""
    found = _PIN.fullmatch(cell)
    if found is None or int(found.group(1)) > _PIN_MAX:
        raise WrongCellError(
            f"继电器写 GPIO 的号码，例如 gpio:17（0 到 {_PIN_MAX}），没有就留空",
            f"a relay is the number of its GPIO, as gpio:17 (0 to {_PIN_MAX}); empty for none",
        )
    return f"gpio:{int(found.group(1))}"


READERS: Final[Mapping[str, Callable[[str], str]]] = {
    "device": device,
    "place": place,
    "point_kind": point_kind,
    "camera": camera,
    "relay": relay,
}
