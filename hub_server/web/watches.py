"""/api/v1/watches: the promise that somebody notices."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import people, watches
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Watch
from hub_server.web import fields, shapes
from hub_server.web.decode import json_body, query
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.problems import invalid
from hub_server.web.times import microseconds

blueprint = Blueprint("watches", __name__)
_DAY_S = 24 * 3600


class _List(Struct, kw_only=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class _New(Struct, kw_only=True):
    person: fields.PersonId
    period_s: fields.PeriodS = _DAY_S
    last_seen_at: fields.Moment | None = None


class _Change(Struct, kw_only=True):
    period_s: fields.PeriodS | UnsetType = UNSET
    active: fields.Truth | UnsetType = UNSET


@blueprint.get("/api/v1/watches")
def index() -> Response:
    asked = query(_List)
    with office().store.read() as db:
        rows = watches.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, _shape, limit=asked.limit)


@blueprint.post("/api/v1/watches")
def create() -> Response:
    new = json_body(_New, _not_in_the_future)
    seen_us = None if new.last_seen_at is None else microseconds(new.last_seen_at)
    store = office().store

    def job(db: Database) -> Watch:
        if people.get(db, new.person) is None:
            raise invalid({"person": f"there is no person {new.person}"})
        return watches.create(db, person=new.person, period_s=new.period_s, last_seen_us=seen_us, now_us=store.now_us())

    row = store.write(job)
    return answer(_shape(row), HTTPStatus.CREATED, location=f"/api/v1/watches/{row.id}")


@blueprint.get("/api/v1/watches/<row_id:watch>")
def show(watch: int) -> Response:
    with office().store.read() as db:
        row = watches.get(db, watch)
    if row is None:
        raise NotFoundError(f"there is no watch {watch}")
    return answer(_shape(row))


@blueprint.patch("/api/v1/watches/<row_id:watch>")
def change(watch: int) -> Response:
    asked = json_body(_Change)
    store = office().store
    row = store.write(
        lambda db: watches.change(
            db,
            watch,
            now_us=store.now_us(),
            period_s=asked.period_s or None,
            active=None if asked.active is UNSET else asked.active,
        )
    )
    return answer(_shape(row))


def _shape(row: Watch) -> shapes.Json:
    return shapes.watch(row, now_us=office().store.now_us())


def _not_in_the_future(values: Mapping[str, object]) -> Mapping[str, str]:
    seen_at = values.get("last_seen_at")
    if not isinstance(seen_at, datetime) or 0 <= microseconds(seen_at) <= office().store.now_us():
        return {}
    return {"last_seen_at": "must not be in the future, nor before 1970"}
