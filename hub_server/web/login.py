"""Logging in: by name and password, or by a one-time link, and out again.

A link shows a button, so that a preview of it does not use it up; one that sets a password asks for it there.
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Response, redirect, render_template, request
from sqlite_utils import Database
from werkzeug.wrappers import Response as AnyResponse

from hub_server.store import accounts, audit, logins, passwords, throttle
from hub_server.store.errors import InvalidValueError
from hub_server.store.limits import SESSION_TTL_S
from hub_server.web import resources
from hub_server.web.auth import COOKIE, caller, cookie_name, demand_csrf, session_token, set_cookie
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import ProblemError
from hub_server.web.proving import KNOWN_COOKIE, TooManyTriesError, prove
from hub_server.web.scopes import ALL_SCOPES, SCOPES_OF, Role, Scope
from hub_server.web.writing import write

blueprint = Routes("login", __name__)
CODE_TTL_S = 15 * 60
_CODE_CHARS_MAX = 200
_NAME_CHARS_MAX = 100
_NEXT_CHARS_MAX = 500


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/login-links",
        summary="A link that opens one session of the owner of the data",
        scope=Scope.ADMIN,
        answer=resources.LoginLink,
        status=HTTPStatus.CREATED,
        unbound=True,
        rules="For programs and the owner of the data: an account is refused, its changes are to bear its name.",
    )
)
def create() -> Response:
    demand_no_account()
    store = office().store
    code = write(lambda db: logins.new_code(db, now_us=store.now_us(), ttl_s=CODE_TTL_S))
    return answer(link(code, f"{request.scheme}://{request.host}"), HTTPStatus.CREATED)


def demand_no_account() -> None:
    """Raises ProblemError (403): nobody takes on another one's name from the page."""
    if caller().account is not None:
        raise ProblemError(HTTPStatus.FORBIDDEN, "for the owner of the data and its programs: not for an account")


def link(code: str, base: str) -> resources.LoginLink:
    return {"url": f"{base}/login?code={code}"}


@blueprint.get("/login")
def show() -> AnyResponse:
    code = request.args.get("code", "")[:_CODE_CHARS_MAX]
    token = session_token()
    if token is not None and not code:
        return redirect(_next() or "/", HTTPStatus.SEE_OTHER)
    return _page(code=code)


@blueprint.post("/login")
def enter() -> AnyResponse:
    demand_own_form()
    return _by_code() if "code" in request.form else _by_password()


@blueprint.post("/logout")
def leave() -> AnyResponse:
    token = session_token()
    if token is not None:
        demand_csrf(token, request.form.get("csrf", ""))
        office().store.write(lambda db: logins.end_session(db, token))
    response = redirect("/login", HTTPStatus.SEE_OTHER)
    response.delete_cookie(cookie_name(), httponly=True, secure=request.is_secure, samesite="Strict", path="/")
    return response


def demand_own_form() -> None:
    """Raises ProblemError (403) when a page of another site has sent the form, to log somebody in as somebody else.

    What says nothing about where it comes from is no browser of these years.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    own = site in {"same-origin", "none"} if site is not None else origin is None or _netloc(origin) == request.host
    if not own:
        raise ProblemError(HTTPStatus.FORBIDDEN, "the login form is sent from the hub's own page only")


def own_path(text: str) -> str | None:
    """A path of our own to go on to; None for anything that could lead elsewhere."""
    if not text.startswith("/") or len(text) > _NEXT_CHARS_MAX or text.startswith("//"):
        return None
    if "\\" in text or not text.isprintable() or " " in text:
        return None  # browsers read a backslash as a slash, and pass over tabs and newlines
    return text


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _next() -> str | None:
    return own_path(request.values.get("next", ""))


def _by_code() -> AnyResponse:
    code = request.form.get("code", "")[:_CODE_CHARS_MAX]
    store = office().store
    with store.read() as db:
        found = logins.look(db, code, now_us=store.now_us())
    if found is None:
        return _page(refused=True, status=HTTPStatus.FORBIDDEN)
    hashed = None
    if found.account is not None and found.sets_password:
        try:
            hashed = _new_password(found.account.name)
        except InvalidValueError as error:
            return _page(code=code, wrong=error.message, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def taken(db: Database) -> str | bool | None:
        """The account's name, or None for the owner of the data; False when the code was used meanwhile."""
        again = logins.take(db, code, now_us=store.now_us())
        if again != found:
            return False
        if again.account is None:
            return None
        if hashed is not None:
            accounts.set_password(db, again.account.name, hashed=hashed, now_us=store.now_us())
        return again.account.name

    return _opened(taken) or _page(refused=True, status=HTTPStatus.FORBIDDEN)


def _new_password(account: str) -> str:
    """Of the form, hashed. Raises InvalidValueError."""
    password, again = request.form.get("password", ""), request.form.get("again", "")
    if password != again:
        raise InvalidValueError("again", "两次输入的密码不一样；the two passwords differ")
    passwords.demand_good(password, account=account)
    return office().hasher.hash(password)


def _by_password() -> AnyResponse:
    name = passwords.normal(request.form.get("name", ""))[:_NAME_CHARS_MAX].strip().lower()
    try:
        proved = prove(name, request.form.get("password", ""))
    except TooManyTriesError as error:
        page = _page(name=name, wrong=f"{error.zh}{error.en}", status=HTTPStatus.TOO_MANY_REQUESTS)
        page.headers["Retry-After"] = str(error.wait_s)
        return page
    opened = None if proved is None else _opened(lambda db: proved.settle(db) and name)
    if opened is None:
        return _page(name=name, wrong="账号或密码不对。The name or the password is wrong.", status=HTTPStatus.FORBIDDEN)
    return opened


def _opened(proof: Callable[[Database], str | bool | None]) -> AnyResponse | None:
    """A new session of whom the proof names, in its transaction, and what was open before in this browser closed."""
    store, before, home = office().store, session_token(), office().home
    browser = request.cookies.get(cookie_name(KNOWN_COOKIE)) or throttle.new_browser()
    source, agent, now_us = request.remote_addr or "", request.user_agent.string, store.now_us()

    def job(db: Database) -> tuple[str, str, bool] | None:
        name = proof(db)
        if isinstance(name, bool):
            return None
        if before is not None:
            logins.end_session(db, before)
        actor, about = ("session", None) if name is None else (f"account {name}", f"account/{name}")
        audit.append(db, actor=actor, action="login.enter", subject=about, detail={"source": source}, now_us=now_us)
        token = logins.open_session(db, account=name, now_us=now_us, source=source, agent=agent)
        if name is None:
            return token, home(ALL_SCOPES), False
        throttle.know(db, account=name, browser=browser, now_us=now_us)
        return token, home(SCOPES_OF[Role(accounts.one(db, name).role)]), True

    opened = store.write(job)
    if opened is None:
        return None
    token, first, has_account = opened
    response = redirect(_next() or first, HTTPStatus.SEE_OTHER)
    set_cookie(response, COOKIE, token, max_age_s=SESSION_TTL_S)
    if has_account:
        set_cookie(response, KNOWN_COOKIE, browser, max_age_s=throttle.BROWSER_TTL_S)
    return response


def _page(
    *,
    code: str = "",
    name: str = "",
    wrong: str = "",
    refused: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    store = office().store
    with store.read() as db:
        found = logins.look(db, code, now_us=store.now_us()) if code else None
        has_accounts = accounts.count(db) > 0
    text = render_template(
        "login.html",
        code=code,
        account=None if found is None else found.account,
        sets_password=found is not None and found.sets_password,
        chars_min=passwords.CHARS_MIN,
        has_accounts=has_accounts,
        name=name,
        wrong=wrong,
        refused=refused,
        wanted=_next() or "",
    )
    # The form tells where it comes from; under the other pages' policy a browser would say "null".
    return Response(text, status=status, headers={"Referrer-Policy": "same-origin"})
