"""Examples of the audit, retention and a person's own file in the same small office that `examples.py` tells of."""

from hub_server.store.retention import DataClass
from hub_server.web import audit_resources as resources
from hub_server.web.retention import RetentionChange, RetentionRun

_ROW: resources.AuditRow = {
    "id": 42,
    "at": "2026-11-23T21:50:00.000000Z",
    "actor": "account wangmin",
    "action": "people.change",
    "subject": "person/p-li",
    "detail": {"fields": ["phone"]},
    "forgotten": False,
}
_PAGE: resources.AuditPage = {"items": [_ROW], "next": None}
_HEAD: resources.AuditHead = {
    "id": 42,
    "at": "2026-11-23T21:50:00.000000Z",
    "chain": "5" * 64,
    "checked_from": 1,
    "rows": 42,
    "holds": True,
    "broken": None,
}
_KEPT: resources.Kept = {
    "name": DataClass.STRANGERS,
    "days": 14,
    "days_min": 1,
    "days_max": 90,
    "days_proposed": 30,
    "changed_at": "2026-11-23T21:50:00.000000Z",
    "changed_by": "王敏",
}
_KEPT_PAGE: resources.KeptPage = {"items": [_KEPT], "next": None}
_DELETION: resources.Deletion = {
    "id": 3,
    "at": "2026-11-24T18:30:00.000000Z",
    "name": "strangers",
    "before": "2026-10-25T18:30:00.000000Z",
    "rows": 812,
}
_DELETIONS: resources.DeletionPage = {"items": [_DELETION], "next": None}
_RUN: resources.RetentionRan = {
    "rows": [{"name": DataClass.STRANGERS, "rows": 812}],
    "done": True,
    "transactions": 11,
    "took_ms": 260.4,
    "held_ms": 101.7,
    "held_ms_max": 14.21,
}
_FILE: resources.PersonFile = {
    "person": "p-li",
    "made_at": "2026-11-23T21:50:00.000000Z",
    "sections": {
        "person": [{"id": "p-li", "name": "李秀兰", "created_at": "2026-11-23T21:40:00.123456Z"}],
        "consents": [{"id": 1, "purpose": "welfare", "given_on": "2026-11-20", "withdrawn_at": None}],
        "passages": [{"id": 1, "device": "east-gate", "captured_at": "2026-11-23T21:43:00.000000Z", "score": 0.71}],
    },
    "photos": ["/api/v1/people/p-li/face/photos/1"],
    "cut": [],
}

AUDIT_EXAMPLES: dict[object, object] = {
    resources.AuditRow: _ROW,
    resources.AuditPage: _PAGE,
    resources.AuditHead: _HEAD,
    resources.Kept: _KEPT,
    resources.KeptPage: _KEPT_PAGE,
    resources.Deletion: _DELETION,
    resources.DeletionPage: _DELETIONS,
    resources.RetentionRan: _RUN,
    resources.PersonFile: _FILE,
    RetentionChange: {"days": 14, "by": "王敏"},
    RetentionRun: {"within_s": 10},
}
