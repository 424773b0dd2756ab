"""How recipients, contacts, the ladder, notices and alarms look in JSON. Pure; no URL of a channel passes here."""

import re
from collections.abc import Mapping, Sequence

from hub_server.store.alarms import Alarm
from hub_server.store.recipients import Contact, Recipient
from hub_server.store.told import Told
from hub_server.watch.ladder import Rung
from hub_server.web import ladder_resources as resources
from hub_server.web.shapes import RUNG_NAMES
from hub_server.web.times import rfc3339, rfc3339_or_none

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")


def recipient(row: Recipient) -> resources.Recipient:
    return {
        "id": row.id,
        "area": row.area,
        "rung": RUNG_NAMES[row.rung],
        "name": row.name,
        "phone": row.phone,
        "channels": _channels(row.urls),
        "active": row.active,
        "created_at": rfc3339(row.created_us),
    }


def contact(row: Contact) -> resources.FamilyContact:
    return {
        "id": row.id,
        "person": row.person,
        "name": row.name,
        "relation": row.relation,
        "phone": row.phone,
        "channels": _channels(row.urls),
        "created_at": rfc3339(row.created_us),
    }


def ladder(area: str, waits_s: Mapping[Rung, int], people: Mapping[Rung, Sequence[Recipient]]) -> resources.Ladder:
    return {
        "area": area,
        "rungs": [
            {
                "rung": RUNG_NAMES[rung],
                "wait_s": waits_s[rung],
                "people": [one.name for one in people.get(rung, ())],
            }
            for rung in Rung
        ],
    }


def notice(row: Told, to: Recipient | Contact | None) -> resources.Notice:
    """`to`: the addressee, when they are still there."""
    rung = Rung.FAMILY if isinstance(to, Contact) else None if to is None else to.rung
    return {
        "id": row.id,
        "kind": row.kind,
        "addressee": row.addressee,
        "name": "" if to is None else to.name,
        "rung": None if rung is None else RUNG_NAMES[rung],
        "phone": "" if to is None else to.phone,
        "created_at": rfc3339(row.created_us),
        "sent_at": rfc3339_or_none(row.sent_us),
        "channel": masked(row.sent_by or ""),
        "tries": row.tries,
        "next_try_at": rfc3339_or_none(row.next_us),
        "trouble": masked(row.trouble),
        "state": _notice_state(row),
    }


def alarm(row: Alarm, *, place: str) -> resources.Alarm:
    return {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "place": place,
        "detail": masked(row.detail),
        "since": rfc3339(row.since_us),
        "raised_at": rfc3339(row.raised_us),
        "cleared_at": rfc3339_or_none(row.cleared_us),
    }


def masked(text: str) -> str:
    """Without what follows a scheme: there are keys and passwords in it."""
    return _URL.sub(r"\1://…", text)


def _channels(urls: Sequence[str]) -> list[str]:
    return [url.partition("://")[0] for url in urls]


def _notice_state(row: Told) -> resources.NoticeState:
    if row.sent_us is not None:
        return "sent"
    if row.settled_us is not None:
        return "settled"
    return "failing" if row.tries else "waiting"
