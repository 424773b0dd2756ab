"""/api/v1/watches: the promise that somebody notices."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import people, watches
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Watch
from hub_server.web import fields, resources, shapes
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds

blueprint = Routes("watches", __name__)
_DAY_S = 24 * 3600


class WatchesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class NewWatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """A stored sighting that is newer than `last_seen_at` and counts goes before it."""

    person: fields.PersonId
    period_s: fields.PeriodS = _DAY_S
    last_seen_at: fields.Moment | None = None


class WatchChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    period_s: fields.PeriodS | UnsetType = UNSET
    active: fields.Truth | UnsetType = UNSET


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/watches",
        summary="Watches by id",
        scope=Scope.READ,
        query=WatchesQuery,
        answer=resources.WatchPage,
    )
)
def index(asked: WatchesQuery) -> Response:
    with office().store.read() as db:
        rows = watches.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, _shape, limit=asked.limit)


def _not_in_the_future(values: Mapping[str, object]) -> Mapping[str, str]:
    seen_at = values.get("last_seen_at")
    if not isinstance(seen_at, datetime) or 0 <= microseconds(seen_at) <= office().store.now_us():
        return {}
    return {"last_seen_at": "must not be in the future, nor before 1970"}


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/watches",
        summary="A watch over a person",
        scope=Scope.PEOPLE,
        body=NewWatch,
        answer=resources.Watch,
        status=HTTPStatus.CREATED,
        conflict="this person has a watch already",
        rules="`person` must be known; `last_seen_at` must lie in the past, from 1970 on.",
    ),
    check=_not_in_the_future,
)
def create(body: NewWatch) -> Response:
    seen_us = None if body.last_seen_at is None else microseconds(body.last_seen_at)
    store = office().store

    def job(db: Database) -> Watch:
        if people.get(db, body.person) is None:
            raise invalid({"person": f"there is no person {body.person}"})
        return watches.create(
            db, person=body.person, period_s=body.period_s, last_seen_us=seen_us, now_us=store.now_us()
        )

    row = store.write(job)
    return answer(_shape(row), HTTPStatus.CREATED, location=f"/api/v1/watches/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/watches/<row_id:watch>",
        summary="One watch",
        scope=Scope.READ,
        answer=resources.Watch,
    )
)
def show(watch: int) -> Response:
    with office().store.read() as db:
        return answer(_shape(_get(db, watch)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/watches/<row_id:watch>",
        summary="Another period, on or off",
        scope=Scope.PEOPLE,
        body=WatchChange,
        answer=resources.Watch,
        versioned=True,
    )
)
def change(watch: int, body: WatchChange) -> Response:
    store, seen = office().store, if_match()
    now_us = store.now_us()

    def job(db: Database) -> Watch:
        seen.demand(shapes.watch(_get(db, watch), now_us=now_us))
        return watches.change(
            db,
            watch,
            now_us=now_us,
            period_s=None if body.period_s is UNSET else body.period_s,
            active=None if body.active is UNSET else body.active,
        )

    return answer(_shape(store.write(job)))


def _shape(row: Watch) -> resources.Watch:
    return shapes.watch(row, now_us=office().store.now_us())


def _get(db: Database, watch: int) -> Watch:
    row = watches.get(db, watch)
    if row is None:
        raise NotFoundError(f"there is no watch {watch}")
    return row
