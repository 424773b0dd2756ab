"""/api/v1/sessions: the browsers that are logged in, everybody's; listed and ended."""

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import accounts, logins
from hub_server.store.logins import Session
from hub_server.web import account_resources, fields
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339
from hub_server.web.writing import write

blueprint = Routes("sessions", __name__)


class SessionsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    account: fields.AccountName | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/sessions",
        summary="Browsers that are logged in, of one account or of everybody",
        scope=Scope.ADMIN,
        query=SessionsQuery,
        answer=account_resources.Sessions,
        unbound=True,
    )
)
def index(asked: SessionsQuery) -> Response:
    now_us = office().store.now_us()
    with office().store.read() as db:
        if asked.account is None:
            rows = logins.living(db, limit=asked.limit, now_us=now_us)
        else:
            rows = logins.of_account(db, asked.account, now_us=now_us)[: asked.limit]
    return answer({"items": [shape(row) for row in rows]})


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/sessions/<session>/revoke",
        summary="It is over, at once",
        scope=Scope.ADMIN,
        answer=account_resources.Ended,
        unbound=True,
    )
)
def revoke(session: str) -> Response:
    write(lambda db: logins.revoke(db, session))
    return answer({"sessions": 1})


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/accounts/<account>/sessions/revoke",
        summary="All of the account's sessions are over, at once",
        scope=Scope.ADMIN,
        answer=account_resources.Ended,
        unbound=True,
    )
)
def revoke_all(account: str) -> Response:
    def job(db: Database) -> int:
        accounts.one(db, account)
        return logins.revoke_all(db, account)

    return answer({"sessions": write(job)})


def shape(row: Session) -> account_resources.Session:
    return {
        "id": row.id,
        "account": row.account,
        "created_at": rfc3339(row.created_us),
        "seen_at": rfc3339(row.seen_us),
        "expires_at": rfc3339(row.expires_us),
        "source": row.source,
        "agent": row.agent,
        "this": row.id == caller().session,
    }
