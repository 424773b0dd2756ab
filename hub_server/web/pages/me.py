"""/me: one's own account: the password, the browsers one is logged in with, and how one likes the page."""

from typing import Any

from werkzeug.wrappers import Response

from hub_server.store import accounts, logins, passwords
from hub_server.web import words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.accounts import SCOPE_WORDS, session
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import ROLE_WORDS, Role, Scope
from hub_server.web.times import rfc3339

blueprint = Pages("me_pages", __name__)


@blueprint.page(Page(path="/me", scope=None))
def show() -> str | Response:
    who, now_us = caller(), office().store.now_us()
    given: dict[str, Any] = {"account": None, "sessions": []}
    if who.account is not None:
        with office().store.read() as db:
            row = accounts.one(db, who.account)
            sessions = [session(one) for one in logins.of_account(db, row.name, now_us=now_us)]
        given = {
            "account": row,
            "role_words": ROLE_WORDS[Role(row.role)],
            "areas": "、".join(sorted(row.areas)),
            "everywhere": who.reach.areas is None,
            "password": None if row.password_us is None else words.clock(rfc3339(row.password_us), now_us // 1_000_000),
            "sessions": sessions,
            "others": sum(not one["this"] for one in sessions),
        }
    return shown(
        "me/me.html",
        scopes=[SCOPE_WORDS[scope] for scope in Scope if scope in who.scopes],
        chars_min=passwords.CHARS_MIN,
        **given,
    )
