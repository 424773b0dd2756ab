"""One-time login codes and the sessions they open. Only hashes are stored: 256 random bits need no slow one."""

import hashlib
import secrets

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.watch.due import US_PER_S

_TOKEN_BYTES = 32


def new_code(db: Database, *, now_us: int, ttl_s: int) -> str:
    """A code that opens one session within `ttl_s`. Above LOGIN_CODES_MAX the one that ends first is void."""
    _forget_expired(db, now_us)
    code = secrets.token_urlsafe(_TOKEN_BYTES)
    db.execute("INSERT INTO login_codes (sha256, expires_us) VALUES (?, ?)", (_digest(code), now_us + ttl_s * US_PER_S))
    db.execute(
        "DELETE FROM login_codes WHERE sha256 NOT IN"
        " (SELECT sha256 FROM login_codes ORDER BY expires_us DESC, sha256 LIMIT ?)",
        [limits.LOGIN_CODES_MAX],
    )
    return code


def redeem(db: Database, code: str, *, now_us: int) -> str | None:
    """A session's token for a code, once; None when it is unknown, used or too old."""
    _forget_expired(db, now_us)
    if db.execute("DELETE FROM login_codes WHERE sha256 = ?", [_digest(code)]).rowcount == 0:
        return None
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    db.execute(
        "INSERT INTO sessions (sha256, expires_us) VALUES (?, ?)",
        (_digest(token), now_us + limits.SESSION_TTL_S * US_PER_S),
    )
    return token


def session_valid(db: Database, token: str, *, now_us: int) -> bool:
    row = db.execute("SELECT expires_us FROM sessions WHERE sha256 = ?", [_digest(token)]).fetchone()
    return row is not None and now_us < row[0]


def end_session(db: Database, token: str) -> None:
    db.execute("DELETE FROM sessions WHERE sha256 = ?", [_digest(token)])


def _forget_expired(db: Database, now_us: int) -> None:
    db.execute("DELETE FROM login_codes WHERE expires_us <= ?", [now_us])
    db.execute("DELETE FROM sessions WHERE expires_us <= ?", [now_us])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
