"""Every change and every look at somebody is a row of the audit, in the transaction of the change."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import g, request
from sqlite_utils import Database

from hub_server.store import audit, limits
from hub_server.store.errors import InvalidValueError
from hub_server.web.auth import caller
from hub_server.web.office import office

T = TypeVar("T")


def write(job: Callable[[Database], T], *, detail: Mapping[str, object] | None = None) -> T:
    """The job's value, once it and its row of the audit are durable. Without `detail` the names of the fields sent."""
    noted = _row(_fields_sent() if detail is None else detail)

    def audited(db: Database) -> T:
        value = job(db)
        noted(db)
        return value

    done = office().store.write(audited)
    g.audited = True
    return done


def note(detail: Mapping[str, object] | None = None) -> None:
    """A row of the audit by itself: for what was looked at, or changed by a part that writes on its own."""
    office().store.write(_row({} if detail is None else detail))
    g.audited = True


def is_audited() -> bool:
    """Whether this request has left its row already."""
    return bool(g.get("audited"))


def subject() -> str | None:
    """What this request is about: "person/p-li", of the first name in its path, else of the person it asks for."""
    for name, value in (request.view_args or {}).items():
        return f"{name}/{value}"
    try:
        return f"person/{limits.person_id(request.args.get('person', ''))}"
    except InvalidValueError:
        return None


def _row(detail: Mapping[str, object]) -> Callable[[Database], int]:
    """Made here, in the request's thread; appended by the writer's."""
    actor, action, about = caller().name, str(request.endpoint), subject()
    now_us = office().store.now_us()

    def append(db: Database) -> int:
        return audit.append(db, actor=actor, action=action, subject=about, detail=detail, now_us=now_us)

    return append


def _fields_sent() -> Mapping[str, object]:
    names = g.get("fields_sent")
    return {} if names is None else {"fields": names}
