"""/api/v1/accounts: who may open the page, as what, and where. Passwords are set by their owners, through a link."""

from http import HTTPStatus

from flask import Response, request
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict
from sqlite_utils import Database

from hub_server.store import accounts, logins
from hub_server.store.accounts import Account
from hub_server.web import account_resources, fields, resources
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.login import CODE_TTL_S, demand_no_account, link
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Role, Scope
from hub_server.web.times import rfc3339, rfc3339_or_none
from hub_server.web.writing import write

blueprint = Routes("accounts", __name__)
INVITATION_TTL_S = 3 * 24 * 3600


class AccountsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.AccountName | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class NewAccount(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without `areas`: an administrator and an auditor look everywhere, the others nowhere."""

    name: fields.AccountName
    display: fields.Author
    role: Role
    areas: fields.Areas = []
    recipient: fields.RowId | None = None


class AccountChange(Struct, kw_only=True, forbid_unknown_fields=True):
    display: fields.Author | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    areas: fields.Areas | UnsetType = UNSET
    recipient: fields.RowId | UnsetType | None = UNSET


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/accounts",
        summary="Accounts by name, those that are disabled too",
        scope=Scope.ADMIN,
        query=AccountsQuery,
        answer=account_resources.AccountPage,
        unbound=True,
    )
)
def index(asked: AccountsQuery) -> Response:
    with office().store.read() as db:
        rows = accounts.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, shape, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/accounts",
        summary="A new account, with the link that sets its password, shown this once",
        scope=Scope.ADMIN,
        body=NewAccount,
        answer=account_resources.InvitedAccount,
        status=HTTPStatus.CREATED,
        conflict="there is an account of this name, or there was one, or there are too many",
        unbound=True,
        rules="`url` is good once, for three days.",
    )
)
def create(body: NewAccount) -> Response:
    now_us, by = office().store.now_us(), caller().name

    def job(db: Database) -> tuple[Account, str]:
        row = accounts.create(
            db,
            name=body.name,
            display=body.display,
            role=body.role,
            areas=body.areas,
            recipient=body.recipient,
            by=by,
            now_us=now_us,
        )
        return row, logins.new_code(db, account=row.name, sets_password=True, now_us=now_us, ttl_s=INVITATION_TTL_S)

    row, code = write(job, detail={"account": body.name, "role": body.role, "areas": len(body.areas)})
    made: account_resources.InvitedAccount = {**shape(row), "url": link(code, base())["url"]}
    return answer(made, HTTPStatus.CREATED, location=f"/api/v1/accounts/{row.name}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/accounts/<account>",
        summary="One account",
        scope=Scope.ADMIN,
        answer=account_resources.Account,
        unbound=True,
    )
)
def show(account: str) -> Response:
    with office().store.read() as db:
        return answer(shape(accounts.one(db, account)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/accounts/<account>",
        summary="Its name for people, role, areas, and who it is among those that are told",
        scope=Scope.ADMIN,
        body=AccountChange,
        answer=account_resources.Account,
        conflict="it is the last administrator of the whole office",
        unbound=True,
        rules="Another role or other areas end the account's sessions.",
    )
)
def change(account: str, body: AccountChange) -> Response:
    given = {name: value for name, value in asdict(body).items() if value is not UNSET}
    return answer(shape(write(lambda db: accounts.change(db, account, **given))))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/accounts/<account>/disable",
        summary="It opens nothing from now on; what it did stays its own",
        scope=Scope.ADMIN,
        answer=account_resources.Account,
        conflict="it is the last administrator of the whole office",
        unbound=True,
    )
)
def disable(account: str) -> Response:
    now_us = office().store.now_us()
    return answer(shape(write(lambda db: accounts.disable(db, account, now_us=now_us))))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/accounts/<account>/enable",
        summary="As it was before it was disabled",
        scope=Scope.ADMIN,
        answer=account_resources.Account,
        unbound=True,
    )
)
def enable(account: str) -> Response:
    return answer(shape(write(lambda db: accounts.enable(db, account))))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/accounts/<account>/password-links",
        summary="A link that sets a new password, once, within three days",
        scope=Scope.ADMIN,
        answer=resources.LoginLink,
        status=HTTPStatus.CREATED,
        unbound=True,
        rules="Until it is used the old password stays; with the new one the account's other sessions end.",
    )
)
def invite(account: str) -> Response:
    code = _code(account, sets_password=True, ttl_s=INVITATION_TTL_S)
    return answer(link(code, base()), HTTPStatus.CREATED)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/accounts/<account>/login-links",
        summary="A link that opens one session of this account, within a quarter of an hour",
        scope=Scope.ADMIN,
        answer=resources.LoginLink,
        status=HTTPStatus.CREATED,
        unbound=True,
        rules="For programs and the owner of the data. An account without a password is asked for one.",
    )
)
def open_for(account: str) -> Response:
    demand_no_account()
    code = _code(account, sets_password=False, ttl_s=CODE_TTL_S)
    return answer(link(code, f"{request.scheme}://{request.host}"), HTTPStatus.CREATED)


def shape(row: Account) -> account_resources.Account:
    return {
        "name": row.name,
        "display": row.display,
        "role": Role(row.role),
        "areas": sorted(row.areas),
        "recipient": row.recipient,
        "created_at": rfc3339(row.created_us),
        "created_by": row.created_by,
        "password_at": rfc3339_or_none(row.password_us),
        "disabled_at": rfc3339_or_none(row.disabled_us),
    }


def base() -> str:
    """Of a link that is given to somebody else."""
    return office().page_url or f"{request.scheme}://{request.host}"


def _code(account: str, *, sets_password: bool, ttl_s: int) -> str:
    now_us = office().store.now_us()
    return write(
        lambda db: logins.new_code(db, account=account, sets_password=sets_password, now_us=now_us, ttl_s=ttl_s)
    )
