"""Examples of commands in the same small office that `examples.py` tells of."""

from hub_server.web import command_resources as resources
from hub_server.web.commands import NewCommand

_ID = "5f0c1f7e9d2b4a63880e4c1d2a7b9e10"
_COMMAND: resources.Command = {
    "id": _ID,
    "device": "east-gate",
    "place": "东门 East gate",
    "kind": "picture",
    "reason": "门口的灯像是坏了",
    "asked_by": "王敏",
    "asked_at": "2026-11-23T21:43:00.000000Z",
    "sent_at": "2026-11-23T21:43:00.010000Z",
    "settled_at": "2026-11-23T21:43:00.610000Z",
    "state": "done",
    "why": "",
    "latency_ms": 412,
    "facts": {"bytes": "91024", "captured_us": "1795470180402113", "faces_hidden": "1"},
    "picture": f"/api/v1/commands/{_ID}/picture",
}

COMMAND_EXAMPLES: dict[object, object] = {
    resources.Command: _COMMAND,
    resources.Commands: {"items": [_COMMAND], "next": None},
    NewCommand: {"kind": "picture", "reason": "门口的灯像是坏了", "by": "王敏"},
}
