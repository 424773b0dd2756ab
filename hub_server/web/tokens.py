"""/api/v1/tokens: what programs hold to ask, each for its scopes. The secret is told once."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import tokens
from hub_server.store.errors import NotFoundError
from hub_server.store.tokens import Token
from hub_server.web import fields, resources, shapes
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds
from hub_server.web.writing import write

blueprint = Routes("tokens", __name__)


class TokensQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.TokenName | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class NewToken(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without `expires_at` it lives until it is revoked."""

    name: fields.TokenName
    scopes: fields.Scopes
    expires_at: fields.Moment | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/tokens",
        summary="Tokens by name, those that are over too",
        scope=Scope.ADMIN,
        query=TokensQuery,
        answer=resources.TokenPage,
        unbound=True,
    )
)
def index(asked: TokensQuery) -> Response:
    with office().store.read() as db:
        rows = tokens.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, _shape, limit=asked.limit)


def _in_the_future(values: Mapping[str, object]) -> Mapping[str, str]:
    expires_at = values.get("expires_at")
    if not isinstance(expires_at, datetime) or microseconds(expires_at) > office().store.now_us():
        return {}
    return {"expires_at": "must be in the future"}


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/tokens",
        summary="A new token, with its secret, shown this once",
        scope=Scope.ADMIN,
        body=NewToken,
        answer=resources.CreatedToken,
        status=HTTPStatus.CREATED,
        conflict="there is a token of this name, or there was one, or there are too many",
        rules="`expires_at` must be in the future.",
        unbound=True,
    ),
    check=_in_the_future,
)
def create(body: NewToken) -> Response:
    expires_us = None if body.expires_at is None else microseconds(body.expires_at)
    store = office().store
    row, secret = write(
        lambda db: tokens.create(
            db, name=body.name, scopes=frozenset(body.scopes), expires_us=expires_us, now_us=store.now_us()
        )
    )
    made: resources.CreatedToken = {**_shape(row), "secret": secret}
    return answer(made, HTTPStatus.CREATED, location=f"/api/v1/tokens/{row.name}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/tokens/<token>",
        summary="One token",
        scope=Scope.ADMIN,
        answer=resources.Token,
        unbound=True,
    )
)
def show(token: str) -> Response:
    with office().store.read() as db:
        return answer(_shape(_get(db, token)))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/tokens/<token>/revoke",
        summary="It opens nothing from now on",
        scope=Scope.ADMIN,
        answer=resources.Token,
        unbound=True,
    )
)
def revoke(token: str) -> Response:
    store = office().store
    return answer(_shape(write(lambda db: tokens.revoke(db, token, now_us=store.now_us()))))


def _shape(row: Token) -> resources.Token:
    return shapes.token(row, now_us=office().store.now_us())


def _get(db: Database, token: str) -> Token:
    row = tokens.get(db, token)
    if row is None:
        raise NotFoundError(f"there is no token {token}")
    return row
