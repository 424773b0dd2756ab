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


def write(
    job: Callable[[Database], T],
    *,
    detail: Mapping[str, object] | None = None,
    made: Callable[[T], str] | None = None,
) -> T:
    """The job's value, once it and its row of the audit are durable. Without `detail` the names of the fields sent.

    `made`: the subject of what did not exist before, such as "person/p-li", from the job's value.
    """
    noted = _row(_fields_sent() if detail is None else detail)

    def audited(db: Database) -> T:
        value = job(db)
        noted(db, None if made is None else made(value))
        return value

    done = office().store.write(audited)
    g.audited = True
    return done


def note(detail: Mapping[str, object] | None = None) -> None:
    """A row of the audit by itself: for what was looked at, or changed by a part that writes on its own."""
    noted = _row({} if detail is None else detail)
    office().store.write(lambda db: noted(db, None))
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


def _row(detail: Mapping[str, object]) -> Callable[[Database, str | None], int]:
    """Made here, in the request's thread; appended by the writer's, about what was made or else what was asked for."""
    actor, action, about = caller().name, str(request.endpoint), subject()
    now_us = office().store.now_us()

    def append(db: Database, made: str | None) -> int:
        return audit.append(db, actor=actor, action=action, subject=made or about, detail=detail, now_us=now_us)

    return append


def _fields_sent() -> Mapping[str, object]:
    names = g.get("fields_sent")
    return {} if names is None else {"fields": names}
