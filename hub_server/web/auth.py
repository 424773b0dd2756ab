"""Who may ask: a program with the API token, or a person's session, which changes things with its CSRF token only."""

import hashlib
import hmac
from http import HTTPStatus

from flask import g, request

from hub_server.store import logins
from hub_server.web.office import office
from hub_server.web.problems import ProblemError

COOKIE = "shouwang_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def demand_caller() -> None:
    """Before every request under /api. Raises ProblemError: 401 for a stranger, 403 for a change without the token."""
    if not request.path.startswith("/api/"):
        return
    if "Authorization" in request.headers:
        _demand_token()
        return
    session = session_token()
    if session is None:
        raise _stranger("send the API token as Authorization: Bearer, or log in on the page")
    if request.method not in _SAFE:
        demand_csrf(session, request.headers.get(CSRF_HEADER, ""))


def session_token() -> str | None:
    """The session of this request's cookie, when it is valid; looked up once for a request."""
    if "session" not in g:
        token = request.cookies.get(COOKIE)
        g.session = token if token is not None and session_lives(token) else None
    found: str | None = g.session
    return found


def session_lives(token: str) -> bool:
    store = office().store
    with store.read() as db:
        return logins.session_valid(db, token, now_us=store.now_us())


def csrf_token(session: str) -> str:
    """Follows from the session and a secret of the hub, so that it need not be kept."""
    return hmac.new(office().api_token.encode(), b"csrf\0" + session.encode(), hashlib.sha256).hexdigest()


def demand_csrf(session: str, given: str) -> None:
    """Raises ProblemError (403) unless the page of this session made the request."""
    if not hmac.compare_digest(given.encode(), csrf_token(session).encode()):
        raise ProblemError(HTTPStatus.FORBIDDEN, f"a change made by a session needs its {CSRF_HEADER}")


def _demand_token() -> None:
    sent = request.authorization
    token = sent.token if sent is not None and sent.type == "bearer" else None
    if token is None or not hmac.compare_digest(token.encode(), office().api_token.encode()):
        raise _stranger("this is not the API token")


def _stranger(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})
