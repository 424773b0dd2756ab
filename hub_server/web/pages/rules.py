"""What each page is, said once: the guard, the menu and the role-by-route tests read the same declaration."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from hub_server.web.auth import csrf_token, session_token
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
    anywhere: str = ""  # as in Operation: why the guard of reach need not look at the path


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
    session = session_token()
    now_us = office().store.now_us()
    return render_template(
        template,
        menu=entries(),
        csrf=None if session is None else csrf_token(session),
        now_us=now_us,
        now_s=now_us // 1_000_000,
        now_at=rfc3339(now_us),
        zone=OFFICE_ZONE.tzname(None),
        zone_s=int(OFFICE_ZONE.utcoffset(None).total_seconds()),
        **values,
    )
