"""What each page is, said once: the guard, the menu and the role-by-route tests read the same declaration."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from hub_server.web.auth import Caller, caller, csrf_token, session_token, visitor
from hub_server.web.office import office
from hub_server.web.pages.menu import entries
from hub_server.web.scopes import Scope
from hub_server.web.times import OFFICE_ZONE, rfc3339

View = Callable[..., str | Response]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page. Who lacks the scope is told so; who has no session is sent to log in and comes back."""

    path: str  # as Flask writes it: /people/<person>
    scope: Scope | None  # None: every account
    looks: bool = False  # shows somebody: each view is a row of the audit
    urgent: bool = False  # of `looks`, as in Operation
    anywhere: str = ""  # as in Operation: why the guard of reach need not look at the path
    unbound: bool = False  # as in Operation: for the whole office


class Pages(Blueprint):
    """A blueprint that knows what its pages are."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.pages: dict[str, Page] = {}  # by Flask's name of the endpoint

    def page(self, page: Page) -> Callable[[View], View]:
        def declare(view: View) -> View:
            @wraps(view)
            def shown(**given: Any) -> str | Response:
                return view(**given)

            self.pages[f"{self.name}.{view.__name__}"] = page
            self.add_url_rule(page.path, view.__name__, shown, methods=["GET"])
            return view

        return declare


def shown(template: str, **values: Any) -> str:
    """The page, with what every page has: the menu for this caller, the session's CSRF token, the hub's time."""
    return render_template(template, **_frame(caller()), **values)


def refused(status: HTTPStatus, detail: str) -> str:
    """What cannot be shown: in the frame for who has logged in; for a stranger, and when the hub itself fails, bare."""
    fails = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    who = None if fails else visitor()
    values: dict[str, Any] = {"status": int(status), "detail": detail}
    if who is None:
        return render_template("message.html", **values)
    return render_template("refused.html", **_frame(who), **values)


def _frame(who: Caller) -> dict[str, Any]:
    session = session_token()
    now_us = office().store.now_us()
    return {
        "menu": entries(who),
        "csrf": None if session is None else csrf_token(session),
        "comfort": who.settings,
        "signed_in": who.display if who.account is not None else "",
        "now_us": now_us,
        "now_s": now_us // 1_000_000,
        "now_at": rfc3339(now_us),
        "zone": OFFICE_ZONE.tzname(None),
        "zone_s": int(OFFICE_ZONE.utcoffset(None).total_seconds()),
    }
