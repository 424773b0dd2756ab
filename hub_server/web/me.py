"""/api/v1/me: one's own account: name for people, settings of the page, password, and where one is logged in."""

from http import HTTPStatus

from flask import Response, request
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict
from sqlite_utils import Database

from hub_server.store import accounts, logins, passwords, throttle
from hub_server.store.accounts import Account
from hub_server.store.errors import InvalidValueError
from hub_server.store.limits import SESSION_TTL_S
from hub_server.web import account_resources, fields
from hub_server.web.auth import COOKIE, Caller, caller, cookie_name, set_cookie
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import ProblemError, invalid
from hub_server.web.proving import KNOWN_COOKIE, Proved, TooManyTriesError, prove
from hub_server.web.scopes import SCOPES_OF, Role, Scope
from hub_server.web.sessions import shape as session_shape
from hub_server.web.times import rfc3339_or_none
from hub_server.web.writing import write

blueprint = Routes("me", __name__)


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    """How one likes the page: large type, and which language comes first."""

    type: fields.TypeSize = "normal"
    words: fields.WordsShown = "both"


class MyChange(Struct, kw_only=True, forbid_unknown_fields=True):
    display: fields.Author | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET


class NewPassword(Struct, kw_only=True, forbid_unknown_fields=True):
    """`old` is the one that is good now."""

    old: fields.Password
    password: fields.Password


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/me",
        summary="One's own account, with what it may do and where",
        scope=None,
        own=True,
        answer=account_resources.Me,
    )
)
def show() -> Response:
    with office().store.read() as db:
        return answer(_shape(_mine(db)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/me",
        summary="One's own name for people, and settings",
        scope=None,
        own=True,
        body=MyChange,
        answer=account_resources.Me,
        rules="`display` is refused when another account bears it: it stands with what one does.",
    )
)
def change(body: MyChange) -> Response:
    given = {name: value for name, value in asdict(body).items() if value is not UNSET}
    if isinstance(body.settings, Settings):
        given["settings"] = asdict(body.settings)
    name = _name()

    def job(db: Database) -> Account:
        if isinstance(body.display, str) and accounts.bears(db, body.display, but=name):
            raise InvalidValueError(
                "display", "别的账号已用这个名字，请找管理员；another account bears it: ask an administrator"
            )
        return accounts.change(db, name, **given)

    return answer(_shape(write(job)))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/me/password",
        summary="Another password; the account's other sessions end, and this one is renewed",
        scope=None,
        own=True,
        body=NewPassword,
        answer=account_resources.Me,
        throttled=True,
        rules="At least 12 characters, and none that is guessed first.",
    )
)
def set_password(body: NewPassword) -> Response:
    name, store = _name(), office().store
    passwords.demand_good(body.password, account=name)
    proved = _proved(name, body.old)
    hashed = office().hasher.hash(body.password)
    browser = request.cookies.get(cookie_name(KNOWN_COOKIE)) or throttle.new_browser()
    source, agent, now_us = request.remote_addr or "", request.user_agent.string, store.now_us()

    def job(db: Database) -> tuple[Account, str]:
        if not proved.settle(db):
            raise InvalidValueError("old", _WRONG)
        row = accounts.set_password(db, name, hashed=hashed, now_us=now_us)
        throttle.know(db, account=name, browser=browser, now_us=now_us)
        return row, logins.open_session(db, account=name, now_us=now_us, source=source, agent=agent)

    row, token = write(job)
    response = answer(_shape(row))
    set_cookie(response, COOKIE, token, max_age_s=SESSION_TTL_S)
    set_cookie(response, KNOWN_COOKIE, browser, max_age_s=throttle.BROWSER_TTL_S)
    return response


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/me/sessions",
        summary="The browsers one is logged in with",
        scope=None,
        own=True,
        answer=account_resources.Sessions,
    )
)
def sessions() -> Response:
    with office().store.read() as db:
        rows = logins.of_account(db, _name(), now_us=office().store.now_us())
    return answer({"items": [session_shape(row) for row in rows]})


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/me/sessions/<session>/revoke",
        summary="One's own session on another browser is over",
        scope=None,
        own=True,
        answer=account_resources.Ended,
        anywhere="it is one's own, or it is not found",
    )
)
def revoke(session: str) -> Response:
    name = _name()
    write(lambda db: logins.revoke(db, session, account=name))
    return answer({"sessions": 1})


_WRONG = "密码不对；this is not the password"


def _proved(name: str, old: str) -> Proved:
    """Raises ProblemError: 422 on `old`, or 429."""
    try:
        proved = prove(name, old)
    except TooManyTriesError as error:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"{error.zh}{error.en}",
            headers={"Retry-After": str(error.wait_s)},
        ) from error
    if proved is None:
        raise invalid({"old": _WRONG})
    return proved


def _name() -> str:
    name = caller().account
    assert name is not None, "the guard lets accounts pass only"
    return name


def _mine(db: Database) -> Account:
    return accounts.one(db, _name())


def _shape(row: Account) -> account_resources.Me:
    who: Caller = caller()
    scopes = SCOPES_OF[Role(row.role)]
    return {
        "name": row.name,
        "display": row.display,
        "role": Role(row.role),
        "scopes": [scope for scope in Scope if scope in scopes],
        "areas": None if who.reach.areas is None else sorted(who.reach.areas),
        "settings": dict(row.settings),
        "password_at": rfc3339_or_none(row.password_us),
    }
