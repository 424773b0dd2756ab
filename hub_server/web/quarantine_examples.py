"""Examples of quarantine and conflicts in the same small office that `examples.py` tells of."""

from hub_server.store.quarantine import Decision, State
from hub_server.web import quarantine_resources as resources
from hub_server.web.conflicts import Settlement
from hub_server.web.quarantine import Dismissal, Release

_EPOCH = "0123456789abcdef0123456789abcdef"
_NOTE = "测试卡，已换"
_QUARANTINED: resources.Quarantined = {
    "id": 7,
    "device": "east-gate",
    "place": "东门 East gate",
    "epoch": _EPOCH,
    "seq": 4,
    "type": "quarantined",
    "reason": "malformed: Invalid value 'lamp_state' - at `$.type`",
    "received_at": "2026-11-23T21:43:00.000000Z",
    "bytes": 38,
    "state": State.WAITING,
    "steps": [],
}
_WHOLE: resources.WholeQuarantined = {**_QUARANTINED, "text": '{"type":"lamp_state","state":"broken"}'}
_RELEASED: resources.Released = {
    "outcome": "released",
    "why": "",
    "event": {
        **_QUARANTINED,
        "type": "passage",
        "state": State.RELEASED,
        "steps": [{"at": "2026-12-01T08:00:00.000000Z", "author": "王敏", "step": Decision.RELEASED, "note": ""}],
    },
}
_CONFLICT: resources.Conflict = {
    "id": 1,
    "device": "east-gate",
    "place": "东门 East gate",
    "epoch": _EPOCH,
    "seq": 9,
    "hash": "0" * 64,
    "received_at": "2026-11-23T21:43:00.000000Z",
    "bytes": 2,
    "held": 12,
    "held_hash": "1" * 64,
    "settled_at": None,
    "settled_by": "",
    "note": "",
}
_WHOLE_CONFLICT: resources.WholeConflict = {**_CONFLICT, "text": "{}", "held_text": "{}"}
_QUARANTINE_PAGE: resources.QuarantinePage = {"items": [_QUARANTINED], "next": None}
_CONFLICT_PAGE: resources.ConflictPage = {"items": [_CONFLICT], "next": None}

QUARANTINE_EXAMPLES: dict[object, object] = {
    resources.Quarantined: _QUARANTINED,
    resources.WholeQuarantined: _WHOLE,
    resources.QuarantinePage: _QUARANTINE_PAGE,
    resources.Released: _RELEASED,
    resources.Conflict: _CONFLICT,
    resources.WholeConflict: _WHOLE_CONFLICT,
    resources.ConflictPage: _CONFLICT_PAGE,
    Release: {"by": "王敏", "note": "升级之后"},
    Dismissal: {"by": "王敏", "note": _NOTE},
    Settlement: {"by": "王敏", "note": _NOTE},
}
