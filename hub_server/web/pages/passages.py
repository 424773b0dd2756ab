"""/passages: who and what passes, live and filtered; /passages/figures: how many, by gate, hour and weekday."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import events, people, searching, traffic, whereabouts
from hub_server.store.errors import InvalidValueError
from hub_server.store.reach import Reach
from hub_server.store.rows import Person
from hub_server.store.traffic import Kind, Wanted
from hub_server.web import traffic_figures, traffic_shapes, traffic_words
from hub_server.web.auth import caller
from hub_server.web.fields import ROW_ID_MAX
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope
from hub_server.web.times import OFFICE_ZONE, microseconds

blueprint = Pages("passages_pages", __name__)
ROWS: Final = 60  # on a page; the live list grows to ROWS_MAX
ROWS_MAX: Final = 200
TEXT_CHARS_MAX: Final = 100  # of a filter
KINDS: Final = (
    ("", "全部", "all"),
    (Kind.PERSON, "人员", "people"),
    (Kind.KNOWN, "认识的人", "known"),
    (Kind.STRANGER, "陌生人", "strangers"),
    (Kind.VEHICLE, "车辆", "vehicles"),
    (Kind.VEHICLE_KNOWN, "登记车辆", "listed vehicles"),
    (Kind.VEHICLE_UNKNOWN, "其他车辆", "other vehicles"),
)


@blueprint.page(Page(path="/passages", scope=Scope.READ, looks=True))
def show() -> str | Response:
    given, reach = _given(request.args), caller().reach
    with office().store.read() as db:
        last_event_id = events.last_id(db)
        meant = _meant(db, given.get("who", ""), reach)
        wrong, rows = "", []
        try:
            asked = _asked(given, meant)
            rows = traffic.page(db, asked, before=_before(given), limit=ROWS, reach=reach)
            devices = traffic.within(db, asked, reach)
        except InvalidValueError as error:
            wrong, asked, devices = error.message, Wanted(), []
        cameras = traffic.cameras(db, reach=reach)
        person = None if asked.person is None else _named(db, asked.person, reach)
    shapes = [traffic_shapes.passage(row) for row in rows]
    moves = not wrong and "before" not in given and asked.until_us is None and len(meant) <= 1
    return shown(
        "passages/list.html",
        rows=shapes,
        given=given,
        kinds=KINDS,
        places=sorted({place for _, place in cameras if place}),
        meant=meant if len(meant) > 1 else [],
        nobody=bool(given.get("who")) and not meant,
        person=person,
        wrong=wrong,
        older=shapes[-1]["id"] if len(shapes) >= ROWS else None,
        filtered=any(given.get(name) for name in ("place", "who", "person", "plate", "kind", "from", "until")),
        moves=moves,
        live=msgspec.json.encode(
            {"devices": devices, "person": asked.person, "plate": asked.plate, "kind": asked.kind}
        ).decode(),
        last_event_id=last_event_id,
        rows_max=ROWS_MAX,
        words=traffic_words,
        may_correct=caller().may(Scope.ALERTS),
    )


@blueprint.page(Page(path="/passages/figures", scope=Scope.READ))
def counts() -> str | Response:
    now_us, reach = office().store.now_us(), caller().reach
    days = {"7": 7, "30": 30}.get(request.args.get("days", ""), 1)
    gate = request.args.get("gate", "")[:TEXT_CHARS_MAX]
    with office().store.read() as db:
        cameras = traffic.cameras(db, reach=reach)
        chosen = gate if gate in {device for device, _ in cameras} else None
        told = traffic_figures.take(db, device=chosen, days=days, now_us=now_us, reach=reach)
    return shown("passages/figures.html", told=told, days=days, gate=chosen or "", cameras=cameras)


def _given(args: Mapping[str, str]) -> dict[str, str]:
    """What the form sent, without what is empty."""
    names = ("place", "who", "person", "plate", "kind", "from", "until", "before")
    found = {name: args.get(name, "").strip()[:TEXT_CHARS_MAX] for name in names}
    return {name: text for name, text in found.items() if text}


def _asked(given: Mapping[str, str], meant: Sequence[Person]) -> Wanted:
    """Raises InvalidValueError."""
    person = given.get("person")
    if "who" in given:
        person = meant[0].id if len(meant) == 1 else "?"  # nobody is called so: an empty list until one is chosen
    kind = given.get("kind")
    return Wanted(
        place=given.get("place"),
        person=person,
        plate=given.get("plate"),
        kind=Kind(kind) if kind in set(Kind) else None,
        from_us=_moment(given, "from"),
        until_us=_moment(given, "until"),
    )


def _moment(given: Mapping[str, str], name: str) -> int | None:
    """The office's wall clock, as an input of the type datetime-local has it. Raises InvalidValueError."""
    if name not in given:
        return None
    try:
        at = datetime.fromisoformat(given[name])
    except ValueError as error:
        raise InvalidValueError(name, "不是时间；is no time") from error
    return microseconds(at.replace(tzinfo=at.tzinfo or OFFICE_ZONE))


def _before(given: Mapping[str, str]) -> int | None:
    text = given.get("before", "")
    return min(int(text), ROW_ID_MAX) if text.isdecimal() else None


def _meant(db: Database, who: str, reach: Reach) -> list[Person]:
    """Whom a name, its pinyin or a telephone number may mean; one whose name it is exactly is alone."""
    if not who:
        return []
    found = list(searching.find(db, who, reach=reach).people)
    exact = [one for one in found if one.name == who]
    return exact if len(exact) == 1 else found


def _named(db: Database, person: str, reach: Reach) -> Person | None:
    return people.get(db, person) if whereabouts.is_within(db, "person", person, reach) else None
