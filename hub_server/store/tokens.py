"""Tokens that open the API to programs, each for its scopes. Only hashes are stored: 256 random bits need no slow one.

The store keeps a scope as a word; which words there are is the caller's business.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError

LOCAL = "local"
"""The token in DATA/api-token: there from the first start on, for programs of the data's owner."""

TOKENS_MAX = 500  # above it what is over goes, the oldest first; as many as that alive are refused
USED_EVERY_US = 60_000_000
_TOKEN_BYTES = 32
_PREFIX = "shouwang_"  # a scanner for leaked secrets, or a person, knows what it found
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What is known of a token; not the secret. It opens nothing once it is revoked or `expires_us` has come."""

    name: str
    scopes: frozenset[str]
    created_us: int
    expires_us: int | None
    last_used_us: int | None  # behind by up to USED_EVERY_US
    revoked_us: int | None

    def lives(self, *, now_us: int) -> bool:
        return self.revoked_us is None and (self.expires_us is None or now_us < self.expires_us)


def is_name(text: str) -> bool:
    """1 to 63 of a-z, 0-9 and '-', not first '-'."""
    return _NAME.fullmatch(text) is not None


def create(
    db: Database, *, name: str, scopes: Collection[str], expires_us: int | None, now_us: int
) -> tuple[Token, str]:
    """A new token and its secret, which is shown this once.

    A name serves once: what a revoked token did stays its own. Raises ExistsError, InvalidValueError,
    ConflictingChangeError (TOKENS_MAX are alive).
    """
    if not is_name(name):
        raise InvalidValueError("name", "1 to 63 of a-z, 0-9 and '-', not first '-'")
    if get(db, name) is not None or name == LOCAL:
        raise ExistsError(f"there is a token {name} already, or there was one")
    if expires_us is not None and expires_us <= now_us:
        raise InvalidValueError("expires_at", "must be in the future")
    _make_room(db, now_us)
    secret = _PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    _insert(db, name=name, secret=secret, scopes=scopes, expires_us=expires_us, now_us=now_us)
    return _get(db, name), secret


def adopt_local(db: Database, *, secret: str, scopes: Collection[str], now_us: int) -> bool:
    """Makes `secret` the one of the token LOCAL, for good; False, and nothing changes, when it was revoked."""
    held = get(db, LOCAL)
    if held is not None and _digest(secret) == _sha256(db, LOCAL):
        if held.revoked_us is not None:
            return False
        db.execute("UPDATE tokens SET scopes = ? WHERE name = ?", (_words(scopes), LOCAL))
        return True
    db.execute("DELETE FROM tokens WHERE name = ?", [LOCAL])
    _insert(db, name=LOCAL, secret=secret, scopes=scopes, expires_us=None, now_us=now_us)
    return True


def get(db: Database, name: str) -> Token | None:
    return _first(db, "name = ?", name)


def holding(db: Database, secret: str) -> Token | None:
    """The token with this secret, whether it lives or not."""
    # Found by the hash of what was sent: how long the search takes tells nothing about the secret.
    return _first(db, "sha256 = ?", _digest(secret))


def page(db: Database, *, after: str | None, limit: int) -> list[Token]:
    """By name, from the one behind `after`; what has expired or was revoked, too."""
    rows = db.table("tokens").rows_where("name > ?", [after or ""], order_by="name", limit=limits.page_rows(limit))
    return [_token(row) for row in rows]


def used(db: Database, name: str, *, now_us: int) -> None:
    """Somebody asked with it."""
    db.execute("UPDATE tokens SET last_used_us = ? WHERE name = ?", (now_us, name))


def is_worth_noting(token: Token, *, now_us: int) -> bool:
    """True when the last use on record is not of this minute; also when it lies ahead, after a clock was set back."""
    return token.last_used_us is None or abs(now_us - token.last_used_us) >= USED_EVERY_US


def revoke(db: Database, name: str, *, now_us: int) -> Token:
    """It opens nothing from now on; again, nothing changes. Raises NotFoundError."""
    _get(db, name)
    db.execute("UPDATE tokens SET revoked_us = ? WHERE name = ? AND revoked_us IS NULL", (now_us, name))
    return _get(db, name)


def _insert(
    db: Database, *, name: str, secret: str, scopes: Collection[str], expires_us: int | None, now_us: int
) -> None:
    db.execute(
        "INSERT INTO tokens (name, sha256, scopes, created_us, expires_us) VALUES (?, ?, ?, ?, ?)",
        (name, _digest(secret), _words(scopes), now_us, expires_us),
    )


def _make_room(db: Database, now_us: int) -> None:
    db.execute(
        "DELETE FROM tokens WHERE name IN (SELECT name FROM tokens"
        " WHERE (revoked_us IS NOT NULL OR expires_us <= :now_us) AND name <> :local"
        " ORDER BY created_us, name LIMIT max(0, (SELECT count(*) FROM tokens) - :most + 1))",
        {"now_us": now_us, "local": LOCAL, "most": TOKENS_MAX},
    )
    (count,) = db.execute("SELECT count(*) FROM tokens").fetchone()
    if count >= TOKENS_MAX:
        raise ConflictingChangeError(f"there are {TOKENS_MAX} tokens: revoke one that nobody needs")


def _words(scopes: Collection[str]) -> str:
    if not scopes:
        raise InvalidValueError("scopes", "must name at least one")
    return " ".join(sorted(scopes))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _sha256(db: Database, name: str) -> str:
    (found,) = db.execute("SELECT sha256 FROM tokens WHERE name = ?", [name]).fetchone()
    return str(found)


def _get(db: Database, name: str) -> Token:
    token = get(db, name)
    if token is None:
        raise NotFoundError(f"there is no token {name}")
    return token


def _first(db: Database, where: str, value: str) -> Token | None:
    for row in db.table("tokens").rows_where(where, [value], limit=1):
        return _token(row)
    return None


def _token(row: dict[str, Any]) -> Token:
    del row["sha256"]
    return Token(**{**row, "scopes": frozenset(row["scopes"].split())})
