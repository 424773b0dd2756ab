"""/api/v1/retention: how long each class of data is kept, and what was deleted."""

from typing import Annotated

from flask import Response
from msgspec import Meta, Struct

from hub_server.store import retention
from hub_server.store.errors import NotFoundError
from hub_server.store.expiring import Expiry, Ran
from hub_server.store.retention import DataClass, Deletion, Kept
from hub_server.web import audit_resources, fields
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339, rfc3339_or_none
from hub_server.web.writing import note, write

blueprint = Routes("retention", __name__)

_ONE_FOR_ALL = "one for the whole office"
RunSeconds = Annotated[int, Meta(ge=1, le=20, description="whole seconds, 1 to 20")]


class RetentionChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """`by`: who says so; else the name of the token."""

    days: fields.RetentionDays
    by: fields.Author | None = None


class RetentionRun(Struct, kw_only=True, forbid_unknown_fields=True):
    """How long it may take; another run goes on."""

    within_s: RunSeconds = 10


class DeletionsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/retention",
        summary="How long each class of data is kept",
        scope=Scope.PEOPLE,
        answer=audit_resources.KeptPage,
    )
)
def index() -> Response:
    with office().store.read() as db:
        rows = retention.in_force(db)
    return answer({"items": [kept_shape(row) for row in rows], "next": None})


@blueprint.operation(
    Operation(
        method="PUT",
        path="/api/v1/retention/<kept>",
        summary="Another number of days, from the next run on",
        scope=Scope.ADMIN,
        body=RetentionChange,
        answer=audit_resources.Kept,
        anywhere=_ONE_FOR_ALL,
        unbound=True,
        rules="`days` within the limits of the class.",
    )
)
def change(kept: str, body: RetentionChange) -> Response:
    store, data_class, author = office().store, _class(kept), caller().author(body.by)
    row = write(
        lambda db: retention.set_days(db, data_class, days=body.days, by=author, now_us=store.now_us()),
        detail={"days": body.days},
    )
    return answer(kept_shape(row))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/retention/run",
        summary="Deletes now what is old enough, as the hub does every night by itself",
        scope=Scope.ADMIN,
        body=RetentionRun,
        answer=audit_resources.RetentionRan,
        unbound=True,
    )
)
def run(body: RetentionRun) -> Response:
    found = office()
    ran = Expiry(found.store, erase=found.custody.erase_person, within_s=float(body.within_s)).run()
    note({"rows": sum(ran.rows.values()), "done": ran.done})
    return answer(ran_shape(ran))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/deletions",
        summary="What retention has deleted, newest first",
        scope=Scope.PEOPLE,
        query=DeletionsQuery,
        answer=audit_resources.DeletionPage,
    )
)
def deletions(asked: DeletionsQuery) -> Response:
    with office().store.read() as db:
        rows = retention.deletions(db, before=asked.before, limit=asked.limit)
    return listed(rows, deletion_shape, limit=asked.limit, cursor="before")


def kept_shape(row: Kept) -> audit_resources.Kept:
    return {
        "name": row.data_class,
        "days": row.days,
        "days_min": row.policy.days_min,
        "days_max": row.policy.days_max,
        "days_proposed": row.policy.days,
        "changed_at": rfc3339_or_none(row.changed_us),
        "changed_by": row.changed_by,
    }


def deletion_shape(row: Deletion) -> audit_resources.Deletion:
    return {
        "id": row.id,
        "at": rfc3339(row.at_us),
        "name": row.data_class,
        "before": rfc3339(row.before_us),
        "rows": row.rows,
    }


def ran_shape(ran: Ran) -> audit_resources.RetentionRan:
    return {
        "rows": [{"name": name, "rows": rows} for name, rows in ran.rows.items()],
        "done": ran.done,
        "transactions": ran.transactions,
        "took_ms": round(ran.took_ms, 1),
        "held_ms": round(ran.held_ms, 1),
        "held_ms_max": round(ran.held_ms_max, 2),
    }


def _class(name: str) -> DataClass:
    """Raises NotFoundError."""
    if name not in set(DataClass):
        raise NotFoundError(f"没有 {name} 这一类资料； there is no class of data {name}")
    return DataClass(name)
