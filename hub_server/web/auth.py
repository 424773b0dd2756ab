"""Who may ask, and for what: a program with a token that has the scope, or a session of an account, with its role's.

The owner of the data, by a one-time link of the machine's, may everything. A session changes things with its CSRF token
only.
"""

import hashlib
import hmac
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response, g, redirect, render_template, request
from sqlite_utils import Database
from werkzeug.wrappers import Response as AnyResponse

from hub_server.store import logins, tokens
from hub_server.store.errors import StoreError
from hub_server.store.logins import Login
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.tokens import Token
from hub_server.web.office import office
from hub_server.web.problems import ProblemError
from hub_server.web.scopes import ALL_SCOPES, SCOPES_OF, Role, Scope, granted

COOKIE = "shouwang_session"
"""Over TLS it is called __Host-shouwang_session: no other host, and nobody in between, can set that."""
CSRF_HEADER = "X-CSRF-Token"
LOCAL_CALLER = "shouwang.local"
"""Of the WSGI environment, set by the server of DATA/hub.sock alone: only the owner of the data can open that."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NOTED_MAX = 10_000
_OWNER = "数据所有者"  # in a one-time link's session, who gives no name
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks. `stays` says whether they still may: a stream outlives the look at its beginning."""

    name: str  # as it stands in the audit: "account wangmin", "token board", "owner of the data"
    scopes: frozenset[str]
    stays: Callable[[], bool]
    reach: Reach = EVERYWHERE
    account: str | None = None  # the account's name; None for a program and for the owner of the data
    display: str = ""  # for people: an account's own name, such as 王敏; what a one-time link's session is called
    session: str | None = None  # the id of an account's session
    settings: Mapping[str, object] = field(default_factory=dict)  # how an account likes its page

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    @property
    def sees_clear(self) -> bool:
        """Programs and the owner are shown personal data as it is; people with an account tap to see it."""
        return self.account is None and Scope.REVEAL in self.scopes

    def author(self, given: str | None) -> str:
        """Who has done it: an account's own name, whatever was said; others say so themselves."""
        return self.display if self.account is not None else (given or self.display or self.name)


def demand_caller() -> AnyResponse | None:
    """Before every request. Raises ProblemError: 401 for a stranger, 403 without the scope or the CSRF token.

    A stranger who asks for a page is sent to log in, and comes back to it afterwards.
    """
    page = office().pages.get(request.endpoint or "")
    if page is not None:
        return _demand_for_page(page.scope)
    operation = office().operations.get(request.endpoint or "")
    # What is no operation but lies under /api (a wrong path, a wrong method) is told to those who may ask only.
    is_open = not request.path.startswith("/api/") if operation is None else operation.is_open
    if is_open:
        return None
    who = _identified()
    if operation is not None and operation.scope is not None and operation.scope not in who.scopes:
        raise _lacks(who, operation.scope)
    if operation is not None and operation.own and who.account is None:
        raise ProblemError(HTTPStatus.FORBIDDEN, f"this is about one's own account, and the {who.name} has none")
    g.caller = who
    return None


def _demand_for_page(scope: Scope | None) -> AnyResponse | None:
    if session_token() is None:
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            # A link in another site's page: the browser keeps a strict cookie back until we ask ourselves.
            return Response(render_template("again.html", wanted=request.full_path.rstrip("?")))
        wanted = request.full_path.rstrip("?")
        return redirect("/login" if wanted == "/" else f"/login?{urlencode({'next': wanted})}", HTTPStatus.SEE_OTHER)
    who = _by_session()
    if scope is not None and scope not in who.scopes:
        if request.path == "/":
            return redirect(office().home(who.scopes), HTTPStatus.SEE_OTHER)
        raise _lacks(who, scope)
    g.caller = who
    return None


def caller() -> Caller:
    """Of this request, behind `demand_caller`."""
    found: Caller = g.caller
    return found


def cookie_name(name: str = COOKIE) -> str:
    """As the cookie is called on this connection."""
    return f"__Host-{name}" if request.is_secure else name


def set_cookie(response: AnyResponse, name: str, content: str, *, max_age_s: int) -> None:
    """Out of reach of scripts and of other sites, and over TLS of everybody between."""
    response.set_cookie(
        cookie_name(name),
        content,
        max_age=max_age_s,
        httponly=True,
        secure=request.is_secure,
        samesite="Strict",
        path="/",
    )


def session_token() -> str | None:
    """The session of this request's cookie, when it is valid; looked up once for a request."""
    if "login" not in g:
        token = request.cookies.get(cookie_name())
        g.login = None if token is None else _login(token)
        g.session = None if g.login is None else token
    found: str | None = g.session
    return found


def csrf_token(session: str) -> str:
    """Follows from the session's secret and does not give it away, so that it need not be kept."""
    return hmac.new(session.encode(), b"csrf", hashlib.sha256).hexdigest()


def demand_csrf(session: str, given: str) -> None:
    """Raises ProblemError (403) unless the page of this session made the request."""
    if not hmac.compare_digest(given.encode(), csrf_token(session).encode()):
        raise ProblemError(HTTPStatus.FORBIDDEN, f"a change made by a session needs its {CSRF_HEADER}")


def _identified() -> Caller:
    if LOCAL_CALLER in request.environ:
        return Caller(name="owner of the data", scopes=ALL_SCOPES, stays=lambda: True)
    return _by_token() if "Authorization" in request.headers else _by_session()


def _by_session() -> Caller:
    session = session_token()
    if session is None:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "send a token as Authorization: Bearer, or log in on the page",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if request.method not in _SAFE:
        demand_csrf(session, request.headers.get(CSRF_HEADER, ""))
    _note_seen(g.login)
    return _holder(session)


def visitor() -> Caller | None:
    """Whose browser this is, whatever it asks for: enough for the frame of a page. None for a stranger."""
    session = session_token()
    return None if session is None else _holder(session)


def _holder(session: str) -> Caller:
    login: Login = g.login
    account = login.account
    if account is None:
        return Caller(name="session", scopes=ALL_SCOPES, stays=_session_lives(session, login), display=_OWNER)
    return Caller(
        name=f"account {account.name}",
        scopes=SCOPES_OF[Role(account.role)],
        stays=_session_lives(session, login),
        reach=login.reach,
        account=account.name,
        display=account.display,
        session=login.session.id,
        settings=account.settings,
    )


def _login(token: str) -> Login | None:
    store = office().store
    with store.read() as db:
        return logins.holding(db, token, now_us=store.now_us())


def _by_token() -> Caller:
    sent = request.authorization
    secret = sent.token if sent is not None and sent.type == "bearer" else None
    token = None if secret is None else _holding(secret)
    if secret is None or token is None:
        raise _void("this is no token of this hub")
    now_us = office().store.now_us()
    if not token.lives(now_us=now_us):
        raise _void(f"the token {token.name} {'has expired' if token.revoked_us is None else 'was revoked'}")
    if tokens.is_worth_noting(token, now_us=now_us):
        _note(token, now_us)
    return Caller(name=f"token {token.name}", scopes=granted(token.scopes), stays=_token_lives(secret))


def _holding(secret: str) -> Token | None:
    with office().store.read() as db:
        return tokens.holding(db, secret)


def _note(token: Token, now_us: int) -> None:
    _note_once(f"token {token.name}", lambda db: tokens.used(db, token.name, now_us=now_us), now_us)


def _note_seen(login: Login) -> None:
    now_us, session = office().store.now_us(), login.session
    if logins.is_worth_noting(session, now_us=now_us):
        _note_once(f"session {session.id}", lambda db: logins.seen(db, session.id, now_us=now_us), now_us)


def _note_once(what: str, job: Callable[[Database], None], now_us: int) -> None:
    """At most one try a minute, whether it works or not: of many requests at once the first writes for all."""
    tried = office().uses_noted
    if abs(now_us - tried.get(what, 0)) < tokens.USED_EVERY_US:
        return
    if len(tried) >= _NOTED_MAX:
        tried.clear()
    tried[what] = now_us
    try:
        office().store.write(job)
    except (StoreError, sqlite3.Error):
        # A disk that is full must not keep anybody from reading.
        _log.exception("the use of the %s could not be noted", what)


def _token_lives(secret: str) -> Callable[[], bool]:
    store = office().store

    def stays() -> bool:
        with store.read() as db:
            token = tokens.holding(db, secret)
        return token is not None and token.lives(now_us=store.now_us())

    return stays


def _session_lives(session: str, login: Login) -> Callable[[], bool]:
    """Also false once the account has another role or other areas than when it was asked first."""
    store, rights = office().store, _rights(login)

    def stays() -> bool:
        with store.read() as db:
            found = logins.holding(db, session, now_us=store.now_us())
        return found is not None and _rights(found) == rights

    return stays


def _rights(login: Login) -> object:
    return None if login.account is None else (login.account.role, login.reach)


def _void(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _lacks(who: Caller, scope: Scope) -> ProblemError:
    return ProblemError(
        HTTPStatus.FORBIDDEN,
        f"the {who.name} lacks the scope {scope}",
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
    )
