"""/people/<person>/consents: agree, be photographed, withdraw in two taps, and where somebody may be recognised."""

from datetime import UTC, date, datetime
from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from edge_agent.wire.gallery import Purpose
from hub_server.store import consents, devices, faces, limits, people, placements, retention
from hub_server.store.consents import GUARDIAN_UNTIL_YEARS, Basis, Consent, age_years
from hub_server.store.errors import NotFoundError
from hub_server.store.retention import DataClass
from hub_server.store.rows import Person
from hub_server.web import words
from hub_server.web.auth import Caller, caller
from hub_server.web.consent_words import ASKED, PURPOSES, TEXT_VERSION
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope
from hub_server.web.times import OFFICE_ZONE, rfc3339

blueprint = Pages("consents_pages", __name__)
_SHEETS: Final = ("give", "withdraw")


@blueprint.page(Page(path="/people/<person>/consents", scope=Scope.PEOPLE, looks=True))
def one(person: str) -> str | Response:
    store, who = office().store, caller()
    now_us = store.now_us()
    with store.read() as db:
        somebody = _get(db, person)
        given = consents.of_person(db, person)
        placed = placements.of_person(db, person)
        face = faces.get(db, person)
        in_force = {row.purpose: row for row in given if row.withdrawn_us is None}
        return shown(
            "consents/one.html",
            person=somebody,
            needs_guardian=_needs_guardian(somebody, now_us),
            cards=[_card(purpose, in_force.get(purpose), len(in_force)) for purpose in _cards(who, in_force)],
            agreed=bool(in_force),
            face=face,
            enrolled_at="" if face is None else words.clock(rfc3339(face.enrolled_us), now_us // 1_000_000),
            kept=range(1, faces.kept_photos(db, person) + 1),
            past=[_past(row, now_us) for row in given if row.withdrawn_us is not None],
            places=_places(db, who, placed, in_force.keys()),
            today=_office_day(now_us).isoformat(),
            text_version=TEXT_VERSION,
            guardian_until=GUARDIAN_UNTIL_YEARS,
            photos_max=limits.PHOTOS_MAX,
            may_export=who.may(Scope.EXCHANGE),
            who=who,
        )


@blueprint.page(Page(path="/people/<person>/consents/form", scope=Scope.PEOPLE, looks=True))
def form(person: str) -> str | Response:
    """A paper to sign: ?sheet=give or withdraw, ?purpose=welfare and so on, none for all that people are asked for."""
    now_us = office().store.now_us()
    with office().store.read() as db:
        somebody = _get(db, person)
        days = {row.data_class: row.days for row in retention.in_force(db)}
    wanted = [purpose for purpose in ASKED if request.args.get("purpose", purpose) == purpose]
    sheet = request.args.get("sheet", _SHEETS[0])
    return shown(
        f"consents/{sheet if sheet in _SHEETS else _SHEETS[0]}.html",
        person=somebody,
        purposes=[PURPOSES[purpose] for purpose in wanted or ASKED],
        needs_guardian=_needs_guardian(somebody, now_us),
        guardian_until=GUARDIAN_UNTIL_YEARS,
        text_version=TEXT_VERSION,
        days_passages=days[DataClass.PEOPLE],
        days_visits=days[DataClass.VISITS],
    )


def _get(db: Database, person: str) -> Person:
    row = people.get(db, person)
    if row is None:
        raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
    return row


def _cards(who: Caller, in_force: dict[Purpose, Consent]) -> list[Purpose]:
    """The watchlist stands there for whoever is on it, and for administrators."""
    with_list = Purpose.WATCHLIST in in_force or who.may(Scope.ADMIN)
    return [*ASKED, *([Purpose.WATCHLIST] if with_list else [])]


def _card(purpose: Purpose, row: Consent | None, agreed: int) -> dict[str, Any]:
    return {
        "purpose": purpose.value,
        "words": PURPOSES[purpose],
        "consent": row,
        "is_last": row is not None and agreed == 1,
        "by_law": purpose is Purpose.WATCHLIST,
        "basis": Basis.LEGAL.value if purpose is Purpose.WATCHLIST else Basis.CONSENT.value,
    }


def _past(row: Consent, now_us: int) -> dict[str, str]:
    withdrawn_us = row.withdrawn_us or 0
    purpose = PURPOSES[row.purpose]
    return {
        "zh": purpose.zh,
        "en": purpose.en,
        "given_on": row.given_on,
        "text_version": row.text_version,
        "collector": row.collector,
        "withdrawn": words.clock(rfc3339(withdrawn_us), now_us // 1_000_000),
        "withdrawn_by": row.withdrawn_by,
    }


def _places(db: Database, who: Caller, placed: list[placements.Placement], agreed: Any) -> list[dict[str, Any]]:
    """For each purpose that has places: those of the person, and those that may be added."""
    known = {row.id: row.place or row.id for row in devices.page(db, after=None, limit=limits.PAGE_ROWS_MAX)}
    offered = devices.page(db, after=None, limit=limits.PAGE_ROWS_MAX, reach=who.reach)
    found = []
    for purpose in ASKED:
        theirs = [row.device for row in placed if row.purpose is purpose]
        found.append(
            {
                "purpose": purpose.value,
                "words": PURPOSES[purpose],
                "agreed": purpose in agreed,
                "theirs": [(device, known.get(device, device)) for device in theirs],
                "others": [(row.id, row.place or row.id) for row in offered if row.id not in theirs],
            }
        )
    return found


def _needs_guardian(somebody: Person, now_us: int) -> bool | None:
    """None: nobody knows how old they are, so nobody can agree yet."""
    if somebody.born is None:
        return None
    return age_years(date.fromisoformat(somebody.born), _office_day(now_us)) < GUARDIAN_UNTIL_YEARS


def _office_day(now_us: int) -> date:
    return datetime.fromtimestamp(now_us / 1e6, UTC).astimezone(OFFICE_ZONE).date()
