"""How long a login has to wait after failures: longer each time, never for good, and never for who is known here.

A try is charged before the password is looked at, so that many at once cannot outrun the count, and given back when it
was right. A browser in which the account has logged in before is counted by itself: what others do, from wherever,
does not delay it.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.watch.due import US_PER_S

WAIT_S_MAX: Final = 15 * 60
FREE: Final = 4  # failures without a wait: of an account from one source, and in a known browser
FREE_OF_ACCOUNT: Final = 20  # the same of an account from all strange browsers together
FORGET_S: Final = 24 * 3600  # after the last failure
TRIES_MAX: Final = 20_000  # subjects on record; above it the one that was quiet longest goes
BROWSERS_MAX: Final = 20  # known ones of one account; above it the oldest goes
BROWSER_TTL_S: Final = 180 * 24 * 3600  # since its last login
_SKEW_US: Final = 60_000_000  # a try on record may be so much ahead of another that began before it
_V6_SITE_BITS: Final = 64  # one household has so many addresses at least
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is counted, and how many failures cost nothing."""

    sha256: str
    free: int


def new_browser() -> str:
    """The secret of a browser's cookie."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def subjects(db: Database, *, account: str, source: str, browser: str | None, now_us: int) -> list[Subject]:
    """By what a try is counted. `browser`: of its cookie; one that the account does not know is no better than none."""
    if browser is not None and is_known(db, account=account, browser=browser, now_us=now_us):
        return [Subject(sha256=_digest("browser", account, browser), free=FREE)]
    return [
        Subject(sha256=_digest("source", account, place_of(source)), free=FREE),
        Subject(sha256=_digest("account", account), free=FREE_OF_ACCOUNT),
    ]


def wait_us(db: Database, counted: Sequence[Subject], *, now_us: int) -> int:
    """How long from now until a try is looked at; 0: at once. Never more than WAIT_S_MAX."""
    waits = [0]
    for subject in counted:
        row = db.execute("SELECT last_us, next_us FROM login_tries WHERE subject = ?", [subject.sha256]).fetchone()
        if row is not None and row[0] <= now_us + _SKEW_US:  # else the clock was set back
            waits.append(row[1] - now_us)
    return min(max(waits), WAIT_S_MAX * US_PER_S)


def charge(db: Database, counted: Sequence[Subject], *, now_us: int) -> int:
    """Counts a try as a failure before it is known to be one: 0; else it must wait, and is not counted: how long."""
    left_us = wait_us(db, counted, now_us=now_us)
    if left_us > 0:
        return left_us
    _forget(db, now_us)
    for subject in counted:
        failures = _failures(db, subject) + 1
        db.execute(
            "INSERT INTO login_tries (subject, failures, last_us, next_us)"
            " VALUES (:subject, :failures, :now_us, :next_us)"
            " ON CONFLICT (subject) DO UPDATE SET failures = :failures, last_us = :now_us, next_us = :next_us",
            {
                "subject": subject.sha256,
                "failures": failures,
                "now_us": now_us,
                "next_us": now_us + delay_s(failures, free=subject.free) * US_PER_S,
            },
        )
    return 0


def give_back(db: Database, counted: Sequence[Subject]) -> None:
    """The try was right: what the own browser or source did wrong before is forgotten, what others did is not."""
    own, *others = counted
    db.execute("DELETE FROM login_tries WHERE subject = ?", [own.sha256])
    for subject in others:
        left = _failures(db, subject) - 1
        db.execute(
            "UPDATE login_tries SET failures = ?, next_us = last_us + ? WHERE subject = ?",
            (left, delay_s(left, free=subject.free) * US_PER_S, subject.sha256),
        )
        db.execute("DELETE FROM login_tries WHERE subject = ? AND failures <= 0", [subject.sha256])


def uncharge(db: Database, counted: Sequence[Subject]) -> None:
    """The try was not looked at after all."""
    for subject in counted:
        db.execute(
            "UPDATE login_tries SET failures = failures - 1, next_us = last_us WHERE subject = ?", [subject.sha256]
        )
        db.execute("DELETE FROM login_tries WHERE subject = ? AND failures <= 0", [subject.sha256])


def delay_s(failures: int, *, free: int) -> int:
    """0 up to `free` failures, then 2, 4, 8 ... seconds, at most WAIT_S_MAX."""
    over = failures - free
    return 0 if over <= 0 else min(2 ** min(over, 20), WAIT_S_MAX)


def know(db: Database, *, account: str, browser: str, now_us: int) -> None:
    """The account has logged in here; the browser keeps the secret."""
    db.execute(
        "INSERT INTO known_browsers (sha256, account, created_us, expires_us)"
        " VALUES (:sha256, :account, :now_us, :end_us)"
        " ON CONFLICT (sha256) DO UPDATE SET created_us = :now_us, expires_us = :end_us",
        {
            "sha256": _digest("known", account, browser),
            "account": account,
            "now_us": now_us,
            "end_us": now_us + BROWSER_TTL_S * US_PER_S,
        },
    )
    db.execute("DELETE FROM known_browsers WHERE expires_us <= ?", [now_us])
    db.execute(
        "DELETE FROM known_browsers WHERE account = :account AND sha256 NOT IN (SELECT sha256 FROM known_browsers"
        " WHERE account = :account ORDER BY created_us DESC, sha256 LIMIT :most)",
        {"account": account, "most": BROWSERS_MAX},
    )


def is_known(db: Database, *, account: str, browser: str, now_us: int) -> bool:
    found = db.execute(
        "SELECT 1 FROM known_browsers WHERE sha256 = ? AND expires_us > ?",
        (_digest("known", account, browser), now_us),
    ).fetchone()
    return found is not None


def place_of(source: str) -> str:
    """The part of an address that one person cannot easily change: of IPv6 the first 64 bits."""
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _V6_SITE_BITS), strict=False))


def _failures(db: Database, subject: Subject) -> int:
    row = db.execute("SELECT failures FROM login_tries WHERE subject = ?", [subject.sha256]).fetchone()
    return 0 if row is None else int(row[0])


def _forget(db: Database, now_us: int) -> None:
    db.execute(
        "DELETE FROM login_tries WHERE last_us <= ? OR last_us > ?", (now_us - FORGET_S * US_PER_S, now_us + _SKEW_US)
    )
    (count,) = db.execute("SELECT count(*) FROM login_tries").fetchone()
    if count >= TRIES_MAX:
        db.execute(
            "DELETE FROM login_tries WHERE subject IN (SELECT subject FROM login_tries ORDER BY last_us LIMIT ?)",
            [count - TRIES_MAX + 2],
        )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
