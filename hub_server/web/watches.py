"""/api/v1/watches: the promise that somebody notices."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import explain as explanations
from hub_server.store import watches
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Watch
from hub_server.store.whereabouts import is_within
from hub_server.web import fields, resources, snapshot, watch_resources, watch_shapes
from hub_server.web.auth import caller
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds
from hub_server.web.writing import write

blueprint = Routes("watches", __name__)
_DAY_S = 24 * 3600


class WatchesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    person: fields.PersonId | None = None


class NewWatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """A stored sighting that is newer than `last_seen_at` and counts goes before it."""

    person: fields.PersonId
    period_s: fields.PeriodS = _DAY_S
    grace_s: fields.GraceS = 0
    own_vehicle: fields.Truth = False
    last_seen_at: fields.Moment | None = None


class WatchChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    period_s: fields.PeriodS | UnsetType = UNSET
    grace_s: fields.GraceS | UnsetType = UNSET
    own_vehicle: fields.Truth | UnsetType = UNSET
    active: fields.Truth | UnsetType = UNSET


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/watches",
        summary="Watches by id; the one of a person",
        scope=Scope.READ,
        query=WatchesQuery,
        answer=resources.WatchPage,
        looks=True,
        urgent=True,
    )
)
def index(asked: WatchesQuery) -> Response:
    store = office().store
    now_us = store.now_us()
    with store.read() as db:
        if asked.person is None:
            rows = watches.page(db, after=asked.after, limit=asked.limit, reach=caller().reach)
        else:
            one = watches.get_by_person(db, asked.person)
            shown = one is not None and one.id > (asked.after or 0) and caller().reach.covers(one.area, one.grid)
            rows = [one] if one is not None and shown else []
        return listed(rows, lambda row: snapshot.watch(db, row, now_us=now_us), limit=asked.limit)


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
    store, reach = office().store, caller().reach

    def job(db: Database) -> resources.Watch:
        now_us = store.now_us()
        if not is_within(db, "person", body.person, reach):
            raise invalid({"person": f"there is no person {body.person}"})
        row = watches.create(
            db,
            person=body.person,
            period_s=body.period_s,
            grace_s=body.grace_s,
            last_seen_us=seen_us,
            now_us=now_us,
        )
        if body.own_vehicle:
            row = watches.change(db, row.id, own_vehicle=True, now_us=now_us)
        return snapshot.watch(db, row, now_us=now_us)

    made = write(job, made=lambda row: f"watch/{row['id']}")
    return answer(made, HTTPStatus.CREATED, location=f"/api/v1/watches/{made['id']}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/watches/<row_id:watch>",
        summary="One watch",
        scope=Scope.READ,
        answer=resources.Watch,
        looks=True,
        urgent=True,
    )
)
def show(watch: int) -> Response:
    store = office().store
    with store.read() as db:
        return answer(snapshot.watch(db, _get(db, watch), now_us=store.now_us()))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/watches/<row_id:watch>",
        summary="Another period or grace, with or without the own vehicle, on or off",
        scope=Scope.PEOPLE,
        body=WatchChange,
        answer=resources.Watch,
        versioned=True,
    )
)
def change(watch: int, body: WatchChange) -> Response:
    store, seen = office().store, if_match()
    now_us = store.now_us()

    def job(db: Database) -> resources.Watch:
        seen.demand(snapshot.watch(db, _get(db, watch), now_us=now_us))
        row = watches.change(
            db,
            watch,
            now_us=now_us,
            period_s=None if body.period_s is UNSET else body.period_s,
            grace_s=None if body.grace_s is UNSET else body.grace_s,
            own_vehicle=None if body.own_vehicle is UNSET else body.own_vehicle,
            active=None if body.active is UNSET else body.active,
        )
        return snapshot.watch(db, row, now_us=now_us)

    return answer(write(job))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/watches/<row_id:watch>/explain",
        summary="Why there is an alert, or none: the chain of evidence in sentences",
        scope=Scope.READ,
        answer=watch_resources.Explanation,
        looks=True,
    )
)
def explain(watch: int) -> Response:
    store = office().store
    with store.read() as db:
        found = explanations.explain(db, person=_get(db, watch).person, now_us=store.now_us())
    return answer(watch_shapes.explanation(found))


def _get(db: Database, watch: int) -> Watch:
    row = watches.get(db, watch)
    if row is None:
        raise NotFoundError(f"there is no watch {watch}")
    return row
