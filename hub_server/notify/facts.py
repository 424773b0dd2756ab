"""What a message tells of, read from the store at the moment of sending: nothing personal waits in the outbox."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlite_utils import Database

from hub_server.store import alarms, alerts, coverage, devices, look_ins, outbox, pauses, people, recipients
from hub_server.store.alarms import Alarm
from hub_server.store.outbox import Message, Notice, NoticeKind
from hub_server.store.recipients import Recipient
from hub_server.store.rows import Alert, Pause, Person
from hub_server.watch.states import Report

WATCHERS_TOLD_UP_TO = 10
"""Of more alerts in one letter nobody reads each camera's share: the page has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watcher:
    """A usual camera and what share of the time it watched, 0 to 1."""

    place: str
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class OfAlert:
    """A notice about an alert. `watchers` is None where there are too many alerts to tell."""

    kind: NoticeKind
    alert: Alert
    person: Person
    seen_at: str  # the last sighting's place, as people call it; "visit: 王敏" for what is vouched for; "" for none
    watchers: tuple[Watcher, ...] | None
    report: Report | None
    said: str  # what the author of the report, or of the reopening, wrote
    author: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OfPause:
    """A pause that ends soon."""

    pause: Pause
    person: Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Awaited:
    """Somebody of whom nobody can tell from `due_us` on if the camera stays dead, and who is not due yet."""

    person: Person
    due_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OfAlarm:
    """Something that is no person. `about`: its subject as people call it; `awaited`: whom to look in on."""

    alarm: Alarm
    about: str
    awaited: tuple[Awaited, ...] = ()


Fact = OfAlert | OfPause | OfAlarm


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """A message with all that its text needs. `urls`: the ways to the addressee, in order."""

    key: str
    addressee: str
    urls: tuple[str, ...]
    facts: tuple[Fact, ...]


def sending(db: Database, message: Message, *, now_us: int) -> Sending | None:
    """None when nothing of it needs to be told any more, or the addressee has been removed."""
    notices = outbox.contents(db, message.id)
    to = recipients.addressed(db, message.addressee)
    if to is None:
        return None
    in_full = len(notices) <= WATCHERS_TOLD_UP_TO
    area = to.area if isinstance(to, Recipient) else ""
    found = (_fact(db, notice, now_us, area, in_full=in_full) for notice in notices)
    facts = tuple(_named_once(fact for fact in found if fact is not None))
    if not facts:
        return None
    return Sending(key=message.key, addressee=message.addressee, urls=to.urls, facts=facts)


def _named_once(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Who depends on several cameras of a letter is named with the first."""
    named: set[str] = set()
    for fact in facts:
        if not isinstance(fact, OfAlarm):
            yield fact
            continue
        new = tuple(one for one in fact.awaited if one.person.id not in named)
        named |= {one.person.id for one in new}
        yield replace(fact, awaited=new)


def _fact(db: Database, notice: Notice, now_us: int, area: str, *, in_full: bool) -> Fact | None:
    if notice.alert is not None:
        return _of_alert(db, notice, notice.alert, now_us, in_full=in_full)
    if notice.pause is not None:
        pause = pauses.get(db, notice.pause)
        person = None if pause is None else people.get(db, pause.person)
        return None if pause is None or person is None else OfPause(pause=pause, person=person)
    assert notice.alarm is not None, "a notice is about one of the three"
    alarm = alarms.get(db, notice.alarm)
    if alarm is None:
        return None
    waited = [
        (people.get(db, watch.person), watch.due_us) for watch in look_ins.awaited(db, alarm, now_us=now_us, area=area)
    ]
    return OfAlarm(
        alarm=alarm,
        about=_about(db, alarm.subject),
        awaited=tuple(Awaited(person=person, due_us=due_us) for person, due_us in waited if person is not None),
    )


def _of_alert(db: Database, notice: Notice, id: int, now_us: int, *, in_full: bool) -> OfAlert | None:  # noqa: A002 as the column
    alert = alerts.get(db, id)
    person = None if alert is None else people.get(db, alert.person)
    if alert is None or person is None:
        return None
    seen = coverage.for_alert(db, alert, now_us) if in_full else None
    change = _told_change(db, notice, alert)
    return OfAlert(
        kind=notice.kind,
        alert=alert,
        person=person,
        seen_at=_place(db, alert.last_seen_by),
        watchers=None
        if seen is None
        else tuple(Watcher(place=camera.place, share=camera.shares.watching) for camera in seen.cameras),
        report=None if change is None else change[0],
        said="" if change is None else change[1],
        author="" if change is None else change[2],
    )


def _told_change(db: Database, notice: Notice, alert: Alert) -> tuple[Report | None, str, str] | None:
    """Of a report or a reopening: the newest line of history that says it."""
    if notice.kind not in (NoticeKind.REPORTED, NoticeKind.REOPENED):
        return None
    wanted = notice.kind is NoticeKind.REPORTED
    for change in reversed(alerts.history(db, alert.id)):
        if (change.report is not None) is wanted and change.at_us <= notice.created_us:
            return change.report, change.note, change.author
    return None


def _place(db: Database, seen_by: str) -> str:
    """The place of "door-east/east", also behind "vehicle: "; what a human vouches for stays as it is."""
    kind, colon, rest = seen_by.partition(": ")
    if colon:
        return f"{kind}: {_place(db, rest)}"
    device, slash, _camera = seen_by.partition("/")
    found = devices.get(db, device) if slash else None
    return seen_by if found is None or not found.place else found.place


def _about(db: Database, subject: str) -> str:
    """Of an alarm: "door-east/east", "recipient/7", "contact/3", "area/桂花村" or "hub"."""
    kind, _, rest = subject.partition("/")
    if kind in ("recipient", "contact"):
        somebody = recipients.addressed(db, subject)
        return subject if somebody is None else somebody.name
    return rest if kind == "area" else _place(db, subject)
