"""What lies outside a caller's areas is not there for them: the same 404 as for what does not exist, byte for byte."""

from http import HTTPStatus

from flask import g, request
from sqlite_utils import Database

from hub_server.store import whereabouts
from hub_server.store.errors import NotFoundError
from hub_server.store.reach import Reach
from hub_server.web.auth import Caller
from hub_server.web.office import office
from hub_server.web.problems import ProblemError, invalid

NOT_THERE = "没有找到，或不在您的片区；there is none here, or not in your areas"
_NOT_YOURS = "不在您的片区；is not in your areas"


def demand_reach() -> None:
    """Before every view, behind `demand_caller`. Raises NotFoundError, ProblemError (403: for the whole office only).

    The first name in a path says what it is about; another one that names a thing must lie within reach, too. Whether
    there is none or one out of reach, the answer is made here, so that nobody can tell the two apart.
    """
    who: Caller | None = g.get("caller")
    if who is None or who.reach.areas is None:
        return
    endpoint = request.endpoint or ""
    rule = office().operations.get(endpoint) or office().pages.get(endpoint)
    if rule is not None and rule.unbound:
        raise ProblemError(HTTPStatus.FORBIDDEN, "this is for the whole office: the account is bound to areas")
    names = request.view_args
    if rule is None or rule.anywhere or not names:
        return
    with office().store.read() as db:
        for place, (kind, value) in enumerate(names.items()):
            known = kind in whereabouts.KINDS
            if (place == 0 and not known) or (known and not whereabouts.is_within(db, kind, value, who.reach)):
                raise NotFoundError(NOT_THERE)


def demand_within(db: Database, reach: Reach, *, area: str, grid: str = "") -> None:
    """Before something is put into an area, or moved there. Raises ProblemError (422, on `area` or `grid`)."""
    wrong = whereabouts.outside(db, reach, area=area, grid=grid)
    if wrong is not None:
        raise invalid({wrong: _NOT_YOURS})
