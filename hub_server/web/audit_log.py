"""/api/v1/audit: who looked at whom and who changed what; and whether the chain holds."""

from flask import Response
from msgspec import Struct, field

from hub_server.store import audit_reading
from hub_server.store.audit_reading import AuditRow, Verified
from hub_server.web import audit_resources, fields
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds, rfc3339

blueprint = Routes("audit_log", __name__)


class AuditQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`actor`, `action`, `subject`: how they begin, such as "account wangmin", "people.", "person/p-li"."""

    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    actor: fields.Begins | None = None
    action: fields.Begins | None = None
    subject: fields.Begins | None = None
    from_: fields.Moment | None = field(name="from", default=None)
    until: fields.Moment | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/audit",
        summary="Rows of the audit, newest first",
        scope=Scope.AUDIT,
        query=AuditQuery,
        answer=audit_resources.AuditPage,
        looks=True,
        rules="An account that is bound to areas is shown what is about a person, a watch, an alert, a device, a "
        "household or a vehicle within them.",
    )
)
def index(asked: AuditQuery) -> Response:
    with office().store.read() as db:
        rows = audit_reading.page(
            db,
            before=asked.before,
            limit=asked.limit,
            actor=asked.actor,
            action=asked.action,
            subject=asked.subject,
            from_us=None if asked.from_ is None else microseconds(asked.from_),
            until_us=None if asked.until is None else microseconds(asked.until),
            reach=caller().reach,
        )
    return listed(rows, shape, limit=asked.limit, cursor="before")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/audit/head",
        summary="Where the chain ends, and whether its newest rows hold",
        scope=Scope.AUDIT,
        answer=audit_resources.AuditHead,
    )
)
def head() -> Response:
    with office().store.read() as db:
        return answer(head_shape(audit_reading.verify_tail(db)))


def shape(row: AuditRow) -> audit_resources.AuditRow:
    return {
        "id": row.id,
        "at": rfc3339(row.at_us),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "detail": dict(row.detail),
        "forgotten": row.forgotten,
    }


def head_shape(found: Verified) -> audit_resources.AuditHead:
    return {
        "id": found.head.id,
        "at": rfc3339(found.head.at_us),
        "chain": found.head.chain.hex(),
        "checked_from": found.first,
        "rows": found.rows,
        "holds": found.broken is None,
        "broken": None if found.broken is None else {"id": found.broken.id, "why": found.broken.why},
    }
