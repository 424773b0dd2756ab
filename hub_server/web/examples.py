"""One small office, told once: an example of every body and every answer, for /openapi.json."""

from edge_agent.wire.gallery import Purpose
from hub_server.store.care import Care
from hub_server.store.consents import Basis
from hub_server.watch.coverage import Verdict
from hub_server.watch.states import AlertState, Outcome, WatchState
from hub_server.web import resources
from hub_server.web.account_examples import ACCOUNT_EXAMPLES
from hub_server.web.alerts import AlertStep
from hub_server.web.audit_examples import AUDIT_EXAMPLES
from hub_server.web.command_examples import COMMAND_EXAMPLES
from hub_server.web.consents import NewConsent, Withdrawal
from hub_server.web.course_examples import COURSE_EXAMPLES
from hub_server.web.devices import DeviceChange, NewDevice
from hub_server.web.exchange_examples import EXCHANGE_EXAMPLES
from hub_server.web.faces import NewPhotos
from hub_server.web.issuing_examples import ISSUING_EXAMPLES
from hub_server.web.ladder_examples import LADDER_EXAMPLES
from hub_server.web.master_examples import MASTER_EXAMPLES
from hub_server.web.pass_sheet_examples import PASS_SHEET_EXAMPLES
from hub_server.web.people import NewPerson, PersonChange
from hub_server.web.plate_examples import PLATE_EXAMPLES
from hub_server.web.quarantine_examples import QUARANTINE_EXAMPLES
from hub_server.web.release_examples import RELEASE_EXAMPLES
from hub_server.web.scopes import Scope
from hub_server.web.tokens import NewToken
from hub_server.web.traffic_examples import TRAFFIC_EXAMPLES
from hub_server.web.watch_examples import WATCH_EXAMPLES
from hub_server.web.watches import NewWatch, WatchChange

_EPOCH = "0123456789abcdef0123456789abcdef"

_PERSON: resources.Person = {
    "id": "p-li",
    "name": "李秀兰",
    "address": "桂花村 3 组 12 号",
    "phone": "138 0013 0001",
    "note": "独居",
    "area": "桂花村",
    "born": "1948-03-05",
    "created_at": "2026-11-23T21:40:00.123456Z",
    "grid": "桂花村第一网格",
    "kind": "resident",
    "household": 1,
    "relation": "户主",
    "care": [Care.LIVES_ALONE],
    "removed_at": None,
}
_CONSENT: resources.Consent = {
    "id": 1,
    "person": "p-li",
    "purpose": Purpose.WELFARE,
    "basis": Basis.CONSENT,
    "text_version": "2026-11 守望告知书",
    "given_on": "2026-11-20",
    "collector": "王敏",
    "guardian": "",
    "recorded_at": "2026-11-23T21:40:30.000000Z",
    "withdrawn_at": None,
    "withdrawn_by": "",
}
_WITHDRAWN: resources.Consent = {
    **_CONSENT,
    "withdrawn_at": "2026-11-24T01:00:00.000000Z",
    "withdrawn_by": "王敏",
}
_FACE: resources.Face = {
    "person": "p-li",
    "enrolled": True,
    "embedder": "dlib-hse-v1",
    "photos": 3,
    "photos_kept": 0,
    "quality": 0.8123,
    "enrolled_at": "2026-11-23T21:40:40.000000Z",
    "enrolled_by": "王敏",
}
_PLACEMENT: resources.Placement = {"person": "p-li", "purpose": Purpose.DOOR, "device": "east-gate"}
_ERASED: resources.Erased = {"erasure": "00112233445566778899aabbccddeeff", "person": "p-li"}
_ERASURE: resources.Erasure = {
    "id": 1,
    "erasure": "00112233445566778899aabbccddeeff",
    "person": "p-li",
    "scope": "biometrics",
    "at": "2026-11-24T01:00:00.000000Z",
    "receipts": [{"device": "east-gate", "version": 8, "received_at": "2026-11-24T01:00:02.000000Z"}],
}
_WATCH: resources.Watch = {
    "id": 1,
    "person": "p-li",
    "person_name": "李秀兰",
    "area": "桂花村",
    "period_s": 86400,
    "grace_s": 0,
    "own_vehicle": False,
    "active": True,
    "created_at": "2026-11-23T21:41:00.000000Z",
    "last_seen_at": "2026-11-21T12:00:00.000000Z",
    "last_seen_by": "given",
    "paused_until": None,
    "due_at": "2026-11-22T12:00:00.000000Z",
    "state": WatchState.ALERT,
}
_ALERT: resources.Alert = {
    "id": 1,
    "person": "p-li",
    "person_name": "李秀兰",
    "area": "桂花村",
    "contact": {"address": "桂花村 3 组 12 号", "phone": "138 0013 0001", "note": "独居"},
    "due_at": "2026-11-22T12:00:00.000000Z",
    "raised_at": "2026-11-23T21:41:01.000000Z",
    "last_seen_at": "2026-11-21T12:00:00.000000Z",
    "last_seen_by": "given",
    "state": AlertState.OPEN,
    "outcome": None,
    "verdict": Verdict.CANNOT_TELL,
    "rung": "worker",
    "climb_at": "2026-11-23T21:56:01.000000Z",
    "latest": {"at": "2026-11-23T21:41:01.000000Z", "author": "watch", "note": ""},
    "taken": None,
    "reported": None,
}
_WHOLE_ALERT: resources.WholeAlert = {
    **_ALERT,
    "last_seen_at": "2026-11-23T21:50:00.000000Z",
    "last_seen_by": "visit: 王敏",
    "state": AlertState.CLOSED,
    "outcome": Outcome.WELL,
    "climb_at": None,
    "latest": {"at": "2026-11-23T21:50:00.000000Z", "author": "王敏", "note": "在邻居家"},
    "taken": {"at": "2026-11-23T21:50:00.000000Z", "author": "王敏", "note": "在邻居家"},
    "history": [
        {
            "at": "2026-11-23T21:41:01.000000Z",
            "author": "watch",
            "from": None,
            "to": AlertState.OPEN,
            "outcome": None,
            "report": None,
            "rung": "worker",
            "note": "",
        },
        {
            "at": "2026-11-23T21:50:00.000000Z",
            "author": "王敏",
            "from": AlertState.OPEN,
            "to": AlertState.CLOSED,
            "outcome": Outcome.WELL,
            "report": None,
            "rung": None,
            "note": "在邻居家",
        },
    ],
}
_COVERAGE: resources.Coverage = {
    "from": "2026-11-21T12:00:00.000000Z",
    "until": "2026-11-22T12:00:00.000000Z",
    "verdict": Verdict.CANNOT_TELL,
    "cameras": [
        {
            "device": "east-gate",
            "place": "东门 East gate",
            "camera": "east",
            "sightings": 21,
            "watching": 0.25,
            "unknown": 0.5,
            "missing": [{"state": "blind", "cause": "black", "share": 0.25}],
        }
    ],
}
_DEVICE: resources.Device = {
    "id": "east-gate",
    "place": "东门 East gate",
    "area": "桂花村",
    "grid": "",
    "created_at": "2026-11-23T21:42:00.000000Z",
    "retired_at": None,
    "online": True,
    "heard_at": "2026-11-23T21:43:00.000000Z",
    "agent": "edge-agent 0.1.0",
    "sync": {
        "epoch": _EPOCH,
        "high": 1,
        "last": 1,
        "duplicates": 0,
        "conflicts": 0,
        "quarantined": 0,
        "lost": 0,
        "refused": 0,
    },
    "gallery": {
        "taken": True,
        "version": 7,
        "people": 123,
        "held_version": 7,
        "held_at": "2026-11-23T21:43:05.000000Z",
        "trouble": "",
    },
}
_MQTT: resources.Mqtt = {
    "host": "127.0.0.1",
    "port": 1883,
    "site": "demo",
    "username": "east-gate",
    "password": "...",
}
_NEW_DEVICE: resources.CreatedDevice = {**_DEVICE, "mqtt": _MQTT}
_DEVICE_SECRET: resources.DeviceSecret = {"id": "east-gate", "mqtt": _MQTT}
_EVENT: resources.Event = {
    "id": 1,
    "device": "east-gate",
    "place": "东门 East gate",
    "camera": "east",
    "epoch": _EPOCH,
    "seq": 1,
    "type": "passage",
    "received_at": "2026-11-23T21:43:00.000000Z",
    "captured_at": "2026-11-23T21:42:59.000000Z",
    "clock_trusted": True,
    "person": "p-li",
    "person_name": "李秀兰",
    "score": 0.71,
    "strict": True,
    "counts": True,
    "corrected": False,
    "body": {"type": "passage", "camera": "east", "duration_ms": 900, "frames": 9},
}
_TOKEN: resources.Token = {
    "name": "big-screen",
    "scopes": [Scope.READ],
    "created_at": "2026-11-23T21:44:00.000000Z",
    "expires_at": "2027-11-23T21:44:00.000000Z",
    "last_used_at": None,
    "revoked_at": None,
    "state": "live",
}
_NEW_TOKEN: resources.CreatedToken = {**_TOKEN, "secret": "shouwang_..."}
_LINK: resources.LoginLink = {"url": "http://127.0.0.1:8080/login?code=..."}
_HEALTH: resources.Health = {
    "status": "ok",
    "store": "ok",
    "broker": "connected",
    "watch": "judging",
    "alarms": {"conflicts": 0, "quarantined": 0, "lost": 0, "refused": 0},
    "tick_age_s": 0.4,
    "write_age_s": 3.1,
    "unsent_age_s": None,
    "failing": 0,
}
_PEOPLE: resources.PeoplePage = {"items": [_PERSON], "next": None}
_WATCHES: resources.WatchPage = {"items": [_WATCH], "next": None}
_ALERTS: resources.AlertPage = {"items": [_ALERT], "next": None}
_DEVICES: resources.DevicePage = {"items": [_DEVICE], "next": None}
_EVENTS: resources.EventPage = {"items": [_EVENT], "next": None}
_TOKENS: resources.TokenPage = {"items": [_TOKEN], "next": None}

EXAMPLES: dict[object, object] = {
    **PLATE_EXAMPLES,
    **QUARANTINE_EXAMPLES,
    **WATCH_EXAMPLES,
    **ACCOUNT_EXAMPLES,
    **AUDIT_EXAMPLES,
    **COURSE_EXAMPLES,
    **PASS_SHEET_EXAMPLES,
    **COMMAND_EXAMPLES,
    **ISSUING_EXAMPLES,
    **RELEASE_EXAMPLES,
    **LADDER_EXAMPLES,
    **TRAFFIC_EXAMPLES,
    **MASTER_EXAMPLES,
    **EXCHANGE_EXAMPLES,
    resources.Person: _PERSON,
    resources.PeoplePage: _PEOPLE,
    resources.Consent: _CONSENT,
    resources.ConsentPage: {"items": [_WITHDRAWN], "next": None},
    resources.Face: _FACE,
    resources.Placement: _PLACEMENT,
    resources.Placements: {"items": [_PLACEMENT]},
    resources.Erased: _ERASED,
    resources.ErasurePage: {"items": [_ERASURE], "next": None},
    resources.Watch: _WATCH,
    resources.WatchPage: _WATCHES,
    resources.WholeAlert: _WHOLE_ALERT,
    resources.AlertPage: _ALERTS,
    resources.Coverage: _COVERAGE,
    resources.Device: _DEVICE,
    resources.CreatedDevice: _NEW_DEVICE,
    resources.DeviceSecret: _DEVICE_SECRET,
    resources.DevicePage: _DEVICES,
    resources.Event: _EVENT,
    resources.EventPage: _EVENTS,
    resources.Token: _TOKEN,
    resources.CreatedToken: _NEW_TOKEN,
    resources.TokenPage: _TOKENS,
    resources.LoginLink: _LINK,
    resources.Health: _HEALTH,
    NewPerson: {"id": "p-li", "name": "李秀兰", "phone": "138 0013 0001", "area": "桂花村", "born": "1948-03-05"},
    PersonChange: {"phone": "138 0013 0009", "by": "王敏"},
    NewConsent: {
        "purpose": "welfare",
        "text_version": "2026-11 守望告知书",
        "given_on": "2026-11-20",
        "collector": "王敏",
    },
    Withdrawal: {"by": "王敏"},
    NewPhotos: {"photos": ["/9j/4AAQ"], "by": "王敏"},
    NewWatch: {"person": "p-li", "period_s": 86400, "last_seen_at": "2026-11-21T20:00:00+08:00"},
    WatchChange: {"period_s": 43200, "grace_s": 3600, "own_vehicle": True, "active": True},
    AlertStep: {"state": "acknowledged", "author": "王敏", "note": "先打电话"},
    NewDevice: {"id": "east-gate", "place": "东门 East gate", "area": "桂花村"},
    DeviceChange: {"place": "东门"},
    NewToken: {"name": "big-screen", "scopes": ["read"], "expires_at": "2027-11-23T21:44:00Z"},
}
