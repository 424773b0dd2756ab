"""One-time login codes and the sessions they open. Only hashes are stored: 256 random bits need no slow one.

A code or session without an account is the owner's of the data: the link that the machine itself prints.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import accounts, limits
from hub_server.store.accounts import Account
from hub_server.store.errors import NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.watch.due import US_PER_S

IDLE_S: Final = 12 * 3600  # an account's session that asks for nothing so long is over
SEEN_EVERY_US: Final = 60_000_000
SESSIONS_MAX: Final = 20  # of one account; the one that was quiet longest goes
AGENT_CHARS_MAX: Final = 200
SOURCE_CHARS_MAX: Final = 64
_TOKEN_BYTES: Final = 32
_ID_CHARS: Final = 16
_IS_ID: Final = "sha256 BETWEEN :id AND :id || 'g'"  # by the key: an id is its beginning


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One browser that is logged in. `id` names it, and opens nothing."""

    id: str
    account: str | None  # None: the owner's of the data
    created_us: int
    seen_us: int  # behind by up to SEEN_EVERY_US
    expires_us: int
    source: str  # the address it was opened from
    agent: str  # what the browser called itself then


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A session that is good now, and whose it is."""

    session: Session
    account: Account | None
    reach: Reach


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """What a code is good for."""

    account: Account | None
    sets_password: bool


def new_code(db: Database, *, now_us: int, ttl_s: int, account: str | None = None, sets_password: bool = False) -> str:
    """A code that opens one session within `ttl_s`. Above LOGIN_CODES_MAX the owner's that ends first is void.

    `sets_password`: whoever redeems it sets the account's password; so it is for an account that has none.
    Raises NotFoundError.
    """
    _forget_expired(db, now_us)
    if account is not None:
        found = accounts.one(db, account)
        if found.disabled_us is not None:
            raise NotFoundError(f"账号 {account} 已停用；the account {account} is disabled")
        sets_password = sets_password or found.password_us is None
    code = secrets.token_urlsafe(_TOKEN_BYTES)
    # Of an account only the latest of a kind is good; those of the owner of the data are counted by themselves.
    db.execute("DELETE FROM login_codes WHERE account = ? AND sets_password = ?", (account, sets_password))
    db.execute(
        "INSERT INTO login_codes (sha256, expires_us, account, sets_password) VALUES (?, ?, ?, ?)",
        (_digest(code), now_us + ttl_s * US_PER_S, account, sets_password),
    )
    db.execute(
        "DELETE FROM login_codes WHERE account IS NULL AND sha256 NOT IN"
        " (SELECT sha256 FROM login_codes WHERE account IS NULL ORDER BY expires_us DESC, sha256 LIMIT ?)",
        [limits.LOGIN_CODES_MAX],
    )
    return code


def look(db: Database, code: str, *, now_us: int) -> Code | None:
    """What the code is good for, which does not use it up; None when it is unknown, used or too old."""
    row = db.execute(
        "SELECT account, sets_password FROM login_codes WHERE sha256 = ? AND expires_us > ?", (_digest(code), now_us)
    ).fetchone()
    if row is None:
        return None
    account = None if row[0] is None else accounts.get(db, row[0])
    return Code(account=account, sets_password=bool(row[1]))


def take(db: Database, code: str, *, now_us: int) -> Code | None:
    """What the code was good for: from now on it is void. None when it is unknown, used or too old."""
    found = look(db, code, now_us=now_us)
    db.execute("DELETE FROM login_codes WHERE sha256 = ?", [_digest(code)])
    return found


def redeem(db: Database, code: str, *, now_us: int, source: str = "", agent: str = "") -> str | None:
    """A session's token for a code, once; None when it is unknown, used or too old."""
    found = take(db, code, now_us=now_us)
    if found is None:
        return None
    account = None if found.account is None else found.account.name
    return open_session(db, account=account, now_us=now_us, source=source, agent=agent)


def open_session(db: Database, *, account: str | None, now_us: int, source: str = "", agent: str = "") -> str:
    """The token of a new session, of this account or of the owner of the data."""
    _forget_expired(db, now_us)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    db.execute(
        "INSERT INTO sessions (sha256, expires_us, account, created_us, seen_us, source, agent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            _digest(token),
            now_us + limits.SESSION_TTL_S * US_PER_S,
            account,
            now_us,
            now_us,
            source[:SOURCE_CHARS_MAX],
            agent[:AGENT_CHARS_MAX],
        ),
    )
    db.execute(
        "DELETE FROM sessions WHERE account = :account AND sha256 NOT IN (SELECT sha256 FROM sessions"
        " WHERE account = :account ORDER BY seen_us DESC, created_us DESC, sha256 = :this DESC LIMIT :most)",
        {"account": account, "this": _digest(token), "most": SESSIONS_MAX},
    )
    return token


def holding(db: Database, token: str, *, now_us: int) -> Login | None:
    """Whose session this is, when it is good: not over, not idle, and its account not disabled."""
    for row in db.table("sessions").rows_where("sha256 = ?", [_digest(token)], limit=1):
        session = _session(row)
        if session.account is None:
            return Login(session=session, account=None, reach=EVERYWHERE) if now_us < session.expires_us else None
        account = accounts.get(db, session.account)
        over_us = min(session.expires_us, session.seen_us + IDLE_S * US_PER_S)
        if account is None or account.disabled_us is not None or now_us >= over_us:
            return None
        return Login(session=session, account=account, reach=accounts.reach_of(db, account))
    return None


def seen(db: Database, session: str, *, now_us: int) -> None:
    """Its browser asked for something. `session`: its id."""
    db.execute(f"UPDATE sessions SET seen_us = :now_us WHERE {_IS_ID}", {"now_us": now_us, "id": _id(session)})  # noqa: S608 our own names


def is_worth_noting(session: Session, *, now_us: int) -> bool:
    """True when what is on record is not of this minute; also when it lies ahead, after a clock was set back."""
    return abs(now_us - session.seen_us) >= SEEN_EVERY_US


def of_account(db: Database, account: str, *, now_us: int) -> list[Session]:
    """Its sessions that are good, the latest used first; at most SESSIONS_MAX."""
    return _living(db, "account = :account", {"account": account}, now_us)


def living(db: Database, *, limit: int, now_us: int) -> list[Session]:
    """Everybody's sessions that are good, the latest used first."""
    return _living(db, "1", {}, now_us)[: limits.page_rows(limit)]


def get(db: Database, session: str) -> Session | None:
    """By its id."""
    for row in db.table("sessions").rows_where(_IS_ID, {"id": _id(session)}, limit=1):
        return _session(row)
    return None


def revoke(db: Database, session: str, *, account: str | None = None) -> None:
    """Ends it; with `account` only one of that account. Raises NotFoundError."""
    found = get(db, session)
    if found is None or (account is not None and found.account != account):
        raise NotFoundError(f"没有这个登录；there is no session {session}")
    db.execute(f"DELETE FROM sessions WHERE {_IS_ID}", {"id": _id(session)})  # noqa: S608 our own names


def revoke_all(db: Database, account: str, *, but: str | None = None) -> int:
    """Ends the account's sessions, but for the one of this id; how many."""
    sql = f"DELETE FROM sessions WHERE account = :account AND (:id IS NULL OR NOT {_IS_ID})"  # noqa: S608 our own names
    return db.execute(sql, {"account": account, "id": None if but is None else _id(but)}).rowcount


def end_session(db: Database, token: str) -> None:
    db.execute("DELETE FROM sessions WHERE sha256 = ?", [_digest(token)])


def _living(db: Database, where: str, given: dict[str, object], now_us: int) -> list[Session]:
    sql = f"{where} AND expires_us > :now_us AND (account IS NULL OR seen_us > :quiet_us)"
    told = {**given, "now_us": now_us, "quiet_us": now_us - IDLE_S * US_PER_S}
    rows = db.table("sessions").rows_where(sql, told, order_by="seen_us DESC, sha256")
    return [_session(row) for row in rows]


def _forget_expired(db: Database, now_us: int) -> None:
    db.execute("DELETE FROM login_codes WHERE expires_us <= ?", [now_us])
    db.execute(
        "DELETE FROM sessions WHERE expires_us <= ? OR (account NOT NULL AND seen_us <= ?)",
        (now_us, now_us - IDLE_S * US_PER_S),
    )


def _id(text: str) -> str:
    """An id as it is, or one that nothing has: a shorter text would be the beginning of several."""
    return text if len(text) == _ID_CHARS else "-"


def _session(row: dict[str, Any]) -> Session:
    return Session(id=row.pop("sha256")[:_ID_CHARS], **row)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
