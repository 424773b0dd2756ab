"""/devices: what watches, how well it is heard, and what of it waits for a person. No names without the right."""

from typing import Any, Final, get_args

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import areas, commands, conflicts, courses, device_lists, devices, pass_sheets, releases
from hub_server.store.alarms import AlarmKind
from hub_server.store.courses import Course, LastWord
from hub_server.store.device_lists import Standing, Waiting
from hub_server.store.errors import NotFoundError
from hub_server.store.observers import SILENT
from hub_server.store.rows import Device
from hub_server.watch.coverage import Window, watched_share
from hub_server.web import (
    command_words,
    issuing_words,
    ladder_words,
    quarantine_shapes,
    release_shapes,
    shapes,
    snapshot,
    timeline,
    words,
)
from hub_server.web.auth import Caller, caller
from hub_server.web.commands import has_picture, kinds_of
from hub_server.web.commands import shape as command_shape
from hub_server.web.courses import days
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.pass_sheets import shape as sheet_shape
from hub_server.web.scopes import Scope
from hub_server.web.timeline import Line, Mark, Timeline
from hub_server.web.times import DAY_US, today

blueprint = Pages("devices_pages", __name__)
PAGE_ROWS: Final = 100
WAITING_MAX: Final = 20  # events in quarantine, and conflicts, of one device
KNOWN_MAX: Final = 50  # people whose names are shown
DAYS: Final = 7
ASKED_MAX: Final = 10  # commands of before
_OF_DEVICES: Final = frozenset({AlarmKind.OBSERVER, AlarmKind.CARD})
_EYES: Final = {SILENT: ("没有消息", "silent")}
_STANDINGS: Final = get_args(Standing)


@blueprint.page(Page(path="/devices", scope=Scope.EQUIPMENT))
def index() -> str | Response:
    store, who = office().store, caller()
    asked = request.args.get("state", "")
    standing: Standing | None = asked if asked in _STANDINGS else None  # type: ignore[assignment] # just looked up
    area, retired = request.args.get("area") or None, request.args.get("retired") == "yes"
    now_us = store.now_us()
    with store.read() as db:
        rows = device_lists.page(
            db,
            after=request.args.get("after"),
            limit=PAGE_ROWS,
            area=area,
            standing=standing,
            retired=retired,
            reach=who.reach,
        )
        ids = [row.id for row in rows]
        waiting = device_lists.waiting(db, ids)
        last = courses.last_words(db, ids, now_us=now_us)
        return shown(
            "devices/list.html",
            devices=[_line(row, waiting.get(row.id, Waiting()), last.get(row.id, ()), now_us) for row in rows],
            totals=device_lists.totals(db, reach=who.reach),
            area=area,
            standing=standing,
            retired=retired,
            areas=areas.names(db, reach=who.reach),
            after=ids[-1] if len(ids) == PAGE_ROWS else None,
            may_change=who.may(Scope.DEVICES),
        )


@blueprint.page(Page(path="/devices/<device>", scope=Scope.EQUIPMENT))
def one(device: str) -> str | Response:
    store, who = office().store, caller()
    now_us = store.now_us()
    with store.read() as db:
        row = devices.get(db, device)
        if row is None:
            raise NotFoundError(f"没有设备 {device}；there is no device {device}")
        return shown(
            "devices/one.html",
            row=row,
            shape=shapes.device(row),
            texts=words.device(shapes.device(row), now_us // 1_000_000),
            alarms=[ladder_words.alarm(one, now_us // 1_000_000) for one in _alarms(db, device)],
            areas=areas.names(db, reach=who.reach),
            may_change=who.may(Scope.DEVICES),
            me=who.author(None),
            account=who.account,
            words=words,
            papers=issuing_words.of_device(db, row, office().issuing, now_us=now_us),
            sheet=_sheet(db, device),
            asking=_asking(db, device, who, now_us),
            released=[release_shapes.device_release(one) for one in releases.of_device(db, device)],
            **_waits(db, device),
            **_seen(db, device, now_us),
            **_known(db, row, who, now_us),
        )


def _line(row: Device, waiting: Waiting, last: tuple[LastWord, ...], now_us: int) -> dict[str, Any]:
    shape = shapes.device(row)
    return {
        "row": row,
        "texts": words.device(shape, now_us // 1_000_000),
        "waiting": waiting,
        "blind": [(one.camera, *_eyes(one)) for one in last if not one.watches],
        "behind": max(0, row.last - row.high) if row.epoch else 0,
        "gallery_behind": row.gallery_version is not None and row.gallery_held_version != row.gallery_version,
    }


def _eyes(one: LastWord) -> tuple[str, str]:
    return _EYES.get(one.state) or timeline.words(one.state)


def _alarms(db: Database, device: str) -> list[Any]:
    return [
        one
        for one in snapshot.open_alarms(db)
        if one["kind"] in _OF_DEVICES and one["subject"].partition("/")[0] == device
    ]


def _asking(db: Database, device: str, who: Caller, now_us: int) -> dict[str, Any]:
    """What may be asked of it now, and what was asked before."""
    kinds = kinds_of(who)
    before = commands.of_device(db, device, kinds=kinds, limit=ASKED_MAX)
    return {
        **dict.fromkeys(kinds, True),
        "listens": office().asked_devices.challenge_age_s(device) is not None,
        "before": [command_shape(one, has_picture=has_picture(one)) for one in before],
        "kinds": command_words.KINDS,
        "states": command_words.STATES,
        "facts": [(name, zh, en) for name, (zh, en) in command_words.FACTS.items()],
        "refusals": [(word.value, zh, en) for word, (zh, en) in command_words.REFUSALS.items()],
        "strange": sum(commands.refusals(db, device, since_us=now_us - DAYS * DAY_US).values()),
    }


def _sheet(db: Database, device: str) -> Any:
    """What was proved of it last; None: nothing yet."""
    newest = pass_sheets.newest(db, device)
    return None if newest is None else sheet_shape(newest)


def _waits(db: Database, device: str) -> dict[str, Any]:
    """What of it waits for a person."""
    held = device_lists.quarantined(db, device, limit=WAITING_MAX)
    clashes = conflicts.page(db, after=None, limit=WAITING_MAX, device=device)
    return {
        "quarantined": [quarantine_shapes.quarantined(row) for row in held],
        "conflicts": [quarantine_shapes.conflict(row) for row in clashes],
    }


def _seen(db: Database, device: str, now_us: int) -> dict[str, Any]:
    """What its cameras did in the last days, and how many passed today."""
    from_us, until_us = today(now_us)
    window = days(now_us, DAYS)
    week = courses.of_device(db, device, from_us=window.from_us, until_us=window.until_us)
    return {
        "course": _picture(week, now_us),
        "eyes": [(one, _watching_today(one, from_us, now_us)) for one in week],
        "blind": [(one.camera, *_eyes(one)) for one in _last(db, device, now_us) if not one.watches],
        "passed": device_lists.passed(db, device, from_us=from_us, until_us=until_us),
    }


def _last(db: Database, device: str, now_us: int) -> tuple[LastWord, ...]:
    return courses.last_words(db, [device], now_us=now_us).get(device, ())


def _picture(week: tuple[Course, ...], now_us: int) -> Timeline | None:
    window = days(now_us, DAYS)
    lines = [Line(name=one.camera or one.device, parts=one.parts) for one in week]
    return timeline.draw(lines, window, [Mark(at_us=now_us, zh="现在", en="now")])


def _watching_today(one: Course, from_us: int, now_us: int) -> float:
    """The share of today so far, 0 to 1."""
    spans = [(part.began_us, part.ended_us) for part in one.parts if part.state == "watching"]
    return watched_share(spans, Window(from_us=from_us, until_us=now_us))


def _known(db: Database, row: Device, who: Caller, now_us: int) -> dict[str, Any]:
    """Whom and what it knows: how many for everybody, who for those who may read names."""
    named = device_lists.known_people(db, row.id, limit=KNOWN_MAX, reach=who.reach) if who.may(Scope.READ) else None
    return {"people": named, "vehicles": device_lists.known_vehicles(db, row.id, now_us=now_us)}
