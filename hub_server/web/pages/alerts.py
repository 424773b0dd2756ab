"""/alerts: who was not seen in time, with what to do next; and one alert, for whoever stands at the door."""

from dataclasses import dataclass
from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import alert_lists, alerts, areas, courses, coverage, devices, explain, recipients, told
from hub_server.store.alert_lists import NOT_CLOSED, Wanted
from hub_server.store.coverage import Coverage
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Alert
from hub_server.watch.coverage import Verdict, Window
from hub_server.watch.ladder import Rung
from hub_server.watch.states import AlertState
from hub_server.web import alert_words, ladder_shapes, masking, resources, snapshot, timeline, words
from hub_server.web.alerts import whole
from hub_server.web.auth import Caller, caller
from hub_server.web.ladder_words import OUTCOMES
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope
from hub_server.web.timeline import Line, Mark, Timeline

blueprint = Pages("alerts_pages", __name__)
WAITING_MAX: Final = 200  # of those not closed, the most urgent
ENDED_MAX: Final = 10  # recently closed, beside those that wait
PAGE_ROWS: Final = 50  # of closed ones
_CALLED_MAX: Final = 6  # workers whose telephone stands on the page


@blueprint.page(Page(path="/alerts", scope=Scope.READ, looks=True, urgent=True))
def index() -> str | Response:
    wanted, after = _wanted(), request.args.get("after", type=int)
    store, who = office().store, caller()
    ended = wanted.states == {AlertState.CLOSED}
    with store.read() as db:
        rows = (
            alert_lists.newest(db, wanted=wanted, after=after, limit=PAGE_ROWS, reach=who.reach)
            if ended
            else alert_lists.urgent(db, wanted=wanted, limit=WAITING_MAX, reach=who.reach)
        )
        recent = _recent(db, wanted, who) if wanted.states == NOT_CLOSED else []
        return shown(
            "alerts/list.html",
            alerts=[_card(db, row, who, store.now_us()) for row in rows],
            recent=[_card(db, row, who, store.now_us()) for row in recent],
            counts=alert_lists.counts(db, wanted=Wanted(), reach=who.reach),
            wanted=wanted,
            ended=ended,
            areas=areas.names(db, reach=who.reach),
            after=rows[-1].id if ended and len(rows) == PAGE_ROWS else None,
            full=not ended and len(rows) == WAITING_MAX,
            may_act=who.may(Scope.ALERTS),
        )


@blueprint.page(Page(path="/alerts/<row_id:alert>", scope=Scope.READ, looks=True, urgent=True))
def one(alert: int) -> str | Response:
    store, who = office().store, caller()
    now_us = store.now_us()
    with store.read() as db:
        row = alerts.get(db, alert)
        if row is None:
            raise NotFoundError(f"没有 {alert} 号警报；there is no alert {alert}")
        shape = masking.whole_alert(whole(db, row), who)
        seen = coverage.for_alert(db, row, now_us)
        why = explain.explain(db, person=row.person, now_us=now_us, observers=_for_why(row, seen))
        return shown(
            "alerts/one.html",
            alert=shape,
            row=row,
            texts=words.alert(shape, _places(db, row), now_us // 1_000_000) | alert_words.next_step(shape),
            steps=[alert_words.step(step, now_us // 1_000_000) for step in reversed(shape["history"])],
            outcome=OUTCOMES.get(str(row.outcome)),
            calls=_calls(db, row, who, shape),
            told=alert_words.told(_notices(db, row), now_us // 1_000_000),
            course=_picture(db, row, seen),
            window=seen.window,
            why=why.sentences,
            may_act=who.may(Scope.ALERTS),
            who=who,
        )


def _wanted() -> Wanted:
    """What the address asks for; what it cannot mean is not asked for."""
    state, verdict = request.args.get("state", ""), request.args.get("verdict", "")
    return Wanted(
        states=frozenset({AlertState(state)}) if state in set(AlertState) else NOT_CLOSED,
        area=request.args.get("area") or None,
        verdict=Verdict(verdict) if verdict in set(Verdict) else None,
    )


def _recent(db: Database, wanted: Wanted, who: Caller) -> list[Alert]:
    closed = Wanted(states=frozenset({AlertState.CLOSED}), area=wanted.area, verdict=wanted.verdict)
    return alert_lists.newest(db, wanted=closed, after=None, limit=ENDED_MAX, reach=who.reach)


def _card(db: Database, row: Alert, who: Caller, now_us: int) -> dict[str, Any]:
    """An alert in the list: its words, and those for what to do."""
    shape = masking.alert(snapshot.alert(db, row), who)
    now_s = now_us // 1_000_000
    texts = words.alert(shape, _places(db, row), now_s) | alert_words.next_step(shape)
    ended = OUTCOMES.get(str(row.outcome), ("", ""))
    return {
        "id": row.id,
        "state": row.state.value,
        "area": row.area,
        "grid": row.grid,
        "texts": texts,
        "outcome": ended,
        "at": words.clock(shape["latest"]["at"], now_s),
    }


def _places(db: Database, row: Alert) -> dict[str, str]:
    """Of the device that saw the person last."""
    device = devices.get(db, row.last_seen_by.rpartition(": ")[2].partition("/")[0])
    return {} if device is None else {device.id: device.place}


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """Somebody to be called. `link`: empty where the number is masked, or none."""

    name: str
    what: tuple[str, str]
    phone: str
    link: str


def _calls(db: Database, row: Alert, who: Caller, shape: resources.WholeAlert) -> list[Call]:
    """The person, their family as it stands in the file, then the workers of the area."""
    needed = row.state is not AlertState.CLOSED
    family = [
        masking.contact(ladder_shapes.contact(one), who, needed=needed)
        for one in recipients.contacts_of(db, row.person)
    ]
    workers = recipients.on_rung(db, rung=Rung.WORKER, area=row.area)[:_CALLED_MAX]
    return [
        one
        for one in (
            _call(row.person_name, "本人", "themselves", shape["contact"]["phone"]),
            *(_call(one["name"], one["relation"] or "家属", "family", one["phone"]) for one in family),
            *(_call(one.name, "网格员", "grid worker", one.phone) for one in workers),
        )
        if one.phone
    ]


def _call(name: str, zh: str, en: str, phone: str) -> Call:
    return Call(name=name, what=(zh, en), phone=phone, link=words.telephone(phone))


def _notices(db: Database, row: Alert) -> list[Any]:
    return [ladder_shapes.notice(one, recipients.addressed(db, one.addressee)) for one in told.of_alert(db, row.id)]


def _for_why(row: Alert, seen: Coverage) -> Coverage | None:
    """What is known of who was watching serves the sentences too, while they are about this alert."""
    return None if row.state is AlertState.CLOSED else seen


def _picture(db: Database, row: Alert, seen: Coverage) -> Timeline | None:
    found = courses.of_usual(db, seen)
    marks = [Mark(at_us=row.due_us, zh="到期", en="due")]
    if row.last_seen_us is not None:
        marks.insert(0, Mark(at_us=row.last_seen_us, zh="最后见到", en="last seen"))
    lines = [Line(name=_camera(one.place or one.device, one.camera), parts=one.parts) for one in found]
    return timeline.draw(lines, Window(from_us=seen.window.from_us, until_us=seen.window.until_us), marks)


def _camera(place: str, camera: str) -> str:
    return f"{place}（{camera}）" if camera else place
