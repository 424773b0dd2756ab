"""A name and a password held against the store, with the delays of failures (store/throttle.py)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from sqlite_utils import Database

from hub_server.store import accounts, throttle
from hub_server.store.errors import StoreBusyError
from hub_server.store.throttle import Subject
from hub_server.watch.due import US_PER_S
from hub_server.web.auth import cookie_name
from hub_server.web.office import office

KNOWN_COOKIE = "shouwang_known"
"""Of a browser in which accounts have logged in before; it opens nothing."""
_log = logging.getLogger(__name__)


class TooManyTriesError(Exception):
    """Nothing was looked at: come again after `wait_s` seconds."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(f"too many wrong tries: wait {wait_s} s")

    @property
    def zh(self) -> str:
        return f"试错的次数太多，请等 {_long(self.wait_s, '秒', '分钟')} 再试。"

    @property
    def en(self) -> str:
        return f"Too many wrong tries: wait {_long(self.wait_s, 's', 'min')}, then try again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Proved:
    """The password was right a moment ago. `settle` it in the transaction of what it is for."""

    account: str
    hashed: str
    fresh: str | None  # the same password by today's parameters
    counted: Sequence[Subject]

    def settle(self, db: Database) -> bool:
        """Forgets the failures before it; False when the password was changed, or the account disabled, meanwhile."""
        if accounts.password(db, self.account) != self.hashed:
            return False
        throttle.give_back(db, self.counted)
        if self.fresh is not None:
            accounts.rehash(db, self.account, before=self.hashed, hashed=self.fresh)
        return True


def prove(account: str, password: str) -> Proved | None:
    """None when there is no such account, or that is not its password: which of the two, nobody learns.

    Raises TooManyTriesError, StoreBusyError (too many log in at once).
    """
    store, hasher, source = office().store, office().hasher, request.remote_addr or ""
    browser = request.cookies.get(cookie_name(KNOWN_COOKIE))
    with store.read() as db:
        counted = throttle.subjects(db, account=account, source=source, browser=browser, now_us=store.now_us())
        left_us = throttle.wait_us(db, counted, now_us=store.now_us())
        hashed = accounts.password(db, account)
    left_us = left_us or store.write(lambda db: throttle.charge(db, counted, now_us=store.now_us()))
    if left_us > 0:
        raise TooManyTriesError(-(-left_us // US_PER_S))
    try:
        fits = hasher.fits(password, hashed, known=len(counted) == 1)
    except StoreBusyError:
        store.write(lambda db: throttle.uncharge(db, counted))
        raise
    if not fits or hashed is None:
        _log.warning("a login as %.63r was refused, from %s", account, source)
        return None
    fresh = hasher.hash(password) if hasher.is_old(hashed) else None
    return Proved(account=account, hashed=hashed, fresh=fresh, counted=counted)


def _long(wait_s: int, seconds: str, minutes: str) -> str:
    return f"{wait_s} {seconds}" if wait_s < 120 else f"{-(-wait_s // 60)} {minutes}"
