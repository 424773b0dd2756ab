"""Examples of recipients, contacts, the ladder, notices and alarms in the same small office."""

from hub_server.store.alarms import AlarmKind
from hub_server.store.outbox import NoticeKind
from hub_server.web import ladder_resources as resources
from hub_server.web.contacts import NewContact
from hub_server.web.ladder import Wait
from hub_server.web.recipients import NewRecipient, RecipientChange
from hub_server.web.reports import NewReport

_RECIPIENT: resources.Recipient = {
    "id": 1,
    "area": "桂花村",
    "rung": "worker",
    "name": "王敏",
    "phone": "138 0013 0002",
    "channels": ["wecombot", "mailtos"],
    "active": True,
    "created_at": "2026-11-23T21:40:00.000000Z",
}
_CONTACT: resources.FamilyContact = {
    "id": 1,
    "person": "p-li",
    "name": "李明",
    "relation": "儿子",
    "phone": "138 0013 0003",
    "channels": [],
    "created_at": "2026-11-23T21:40:10.000000Z",
}
_LADDER: resources.Ladder = {
    "area": "桂花村",
    "rungs": [
        {"rung": "worker", "wait_s": 900, "people": ["王敏"]},
        {"rung": "community", "wait_s": 900, "people": []},
        {"rung": "office", "wait_s": 1800, "people": ["街道值班室"]},
        {"rung": "family", "wait_s": 1800, "people": []},
    ],
}
_NOTICE: resources.Notice = {
    "id": 1,
    "kind": NoticeKind.RAISED,
    "addressee": "recipient/1",
    "name": "王敏",
    "rung": "worker",
    "phone": "138 0013 0002",
    "created_at": "2026-11-23T21:41:01.000000Z",
    "sent_at": "2026-11-23T21:41:02.000000Z",
    "channel": "1: wecombot",
    "tries": 1,
    "next_try_at": None,
    "trouble": "",
    "state": "sent",
}
_NOTICES: resources.Notices = {
    "items": [_NOTICE],
    "upcoming": {"at": "2026-11-23T21:56:01.000000Z", "rung": "office", "names": ["街道值班室"]},
}
_ALARM: resources.Alarm = {
    "id": 1,
    "kind": AlarmKind.OBSERVER,
    "subject": "east-gate/east",
    "place": "东门 East gate",
    "detail": "covered",
    "since": "2026-11-23T21:00:00.000000Z",
    "raised_at": "2026-11-23T21:30:00.000000Z",
    "cleared_at": None,
}

LADDER_EXAMPLES: dict[object, object] = {
    resources.Recipient: _RECIPIENT,
    resources.RecipientPage: {"items": [_RECIPIENT], "next": None},
    resources.FamilyContact: _CONTACT,
    resources.FamilyContactPage: {"items": [_CONTACT], "next": None},
    resources.Ladder: _LADDER,
    resources.Notices: _NOTICES,
    resources.AlarmPage: {"items": [_ALARM], "next": None},
    NewRecipient: {
        "rung": "worker",
        "area": "桂花村",
        "name": "王敏",
        "phone": "138 0013 0002",
        "urls": ["wecombot://BOTKEY", "mailtos://user:password@mail.riverside.lan?to=wang@riverside.lan"],
    },
    RecipientChange: {"active": False},
    NewContact: {"name": "李明", "relation": "儿子", "phone": "138 0013 0003"},
    Wait: {"area": "桂花村", "wait_s": 900},
    NewReport: {"report": "not_found", "author": "王敏", "note": "敲门没人应"},
}
