"""What workers and the office do to a world: pauses, words, corrections, the steps of alerts; the reference hears."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlite_utils import Database
from watch_devices import Seen
from watch_reference import Away, S, Sign
from watch_stage import PERSONS
from watch_verdict import Law, demand
from watch_world import World

from hub_server.store import alerts, corrections, observations, pauses, watches
from hub_server.store.errors import ConflictingChangeError
from hub_server.store.rows import Alert, Pause
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, Report

T = TypeVar("T")
AUTHOR: Final = "王敏"
CLOSINGS: Final = (Outcome.WELL, Outcome.HELPED, Outcome.AWAY)


@dataclass(kw_only=True)
class Word:
    """An observation that may be withdrawn."""

    id: int
    person: str
    sign: Sign


@dataclass(kw_only=True)
class Trip:
    """A pause that may end early."""

    id: int
    away: Away
    begins_us: int


class People:
    """All go through the store's functions, as the page and the API do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._words: list[Word] = []
        self._trips: list[Trip] = []
        self._corrected: set[int] = set()
        self._closed_by: dict[int, Sign | Away] = {}  # of each alert that a person closed

    def goes_away(self, person: str, *, begins_s: int, lasts_s: int) -> None:
        now_us, life = self._world.now_us(), self._world.lives[person]
        from_us = now_us + begins_s * S
        until_us = max(from_us, now_us) + lasts_s * S

        def job(db: Database) -> Pause | None:
            try:
                return pauses.add(
                    db, person=person, from_us=from_us, until_us=until_us, reason="医院", author=AUTHOR, now_us=now_us
                )
            except ConflictingChangeError:
                return None

        done = self._do(lambda db: (job(db),))
        if done is None:
            return
        (added,) = done
        demand((added is None) == life.alerted, Law.CAUSE, f"a pause while an alert waits, or none without: {added}")
        if added is not None:
            self._away(added.id, person, from_us, until_us)

    def is_back(self, number: int) -> None:
        now_us = self._world.now_us()
        going = [trip for trip in self._trips if trip.away.until_us > now_us]
        if going:
            trip = going[number % len(going)]
            if self._do(lambda db: pauses.end(db, trip.id, author=AUTHOR, now_us=now_us)) is not None:
                never_was = now_us <= trip.begins_us
                trip.away.until_us = trip.away.from_us if never_was else now_us
                self._trips.remove(trip)

    def vouches(self, person: str, *, kind: Kind, ago_s: int) -> None:
        now_us = self._world.now_us()
        at_us = now_us - ago_s * S
        told = self._do(
            lambda db: observations.add(
                db, person=person, kind=kind, at_us=at_us, author=AUTHOR, note="", now_us=now_us
            )
        )
        if told is not None:
            self._world.totals.vouched += 1
            sign = Sign(at_us=at_us, known_us=now_us, good=kind is not Kind.VEHICLE, by=kind)
            with self._world.news(now_us):
                self._world.lives[person].signs.append(sign)
            self._words.append(Word(id=told.id, person=person, sign=sign))

    def takes_back(self, number: int) -> None:
        now_us = self._world.now_us()
        if self._words:
            word = self._words[number % len(self._words)]
            if self._do(lambda db: observations.withdraw(db, word.id, author=AUTHOR, now_us=now_us)) is not None:
                word.sign.good = False
                self._words.remove(word)

    def corrects(self, number: int, *, named: bool) -> None:
        """A worker sees that a stored sighting was of somebody else."""
        with self._world.store.read() as db:
            rows = db.execute("SELECT id, person, device, seq FROM events WHERE type = 'passage' ORDER BY id DESC")
            stored = [row for row in rows.fetchall() if row[0] not in self._corrected]
        if not stored:
            return
        event, person, device_name, seq = stored[number % len(stored)]
        other = next(one for one in PERSONS if one != person) if named else None
        now_us = self._world.now_us()
        done = self._do(
            lambda db: corrections.not_this_person(db, event=event, other=other, author=AUTHOR, note="", now_us=now_us)
        )
        if done is not None:
            self._world.totals.corrections += 1
            self._corrected.add(event)
            device = next(one for one in self._world.devices if one.name == device_name)
            seen = device.journal[seq - 1].meaning
            assert isinstance(seen, Seen)
            seen.sign.good = False

    def takes_care(self, person: str, to: AlertState) -> None:
        alert = self._waiting(person)
        if alert is not None and (alert.state, to) in {
            (AlertState.OPEN, AlertState.ACKNOWLEDGED),
            (AlertState.OPEN, AlertState.ON_THE_WAY),
            (AlertState.ACKNOWLEDGED, AlertState.ON_THE_WAY),
        }:
            self._move(alert, to, None, None)

    def closes(self, person: str, outcome: Outcome, *, away_s: int) -> bool:
        """`well` and `helped`: somebody saw the person. `away`: they come back, then the clock begins anew."""
        alert, now_us, life = self._waiting(person), self._world.now_us(), self._world.lives[person]
        if alert is None:
            return False
        until_us = now_us + away_s * S if outcome is Outcome.AWAY else None
        if self._move(alert, AlertState.CLOSED, outcome, until_us) is None:
            return False
        life.alerted = False
        if until_us is not None:
            with self._world.store.read() as db:
                newest = max(pauses.of(db, person), key=lambda pause: pause.id)
            self._closed_by[alert.id] = self._away(newest.id, person, 0, until_us, now_us)  # not expected before then
        else:
            sign = Sign(at_us=now_us, known_us=now_us, good=True, by="visit")
            life.signs.append(sign)
            self._closed_by[alert.id] = sign
        return True

    def reports(self, person: str, report: Report) -> None:
        alert, now_us = self._waiting(person), self._world.now_us()
        if alert is not None:
            self._do(lambda db: alerts.report(db, alert.id, report=report, author=AUTHOR, note="", now_us=now_us))

    def reopens(self, number: int) -> None:
        with self._world.store.read() as db:
            closed = alerts.page(db, states=frozenset({AlertState.CLOSED}), after=None, limit=8)
        if not closed:
            return
        alert, now_us = closed[number % len(closed)], self._world.now_us()
        life = self._world.lives[alert.person]

        def job(db: Database) -> tuple[Alert | None]:
            try:
                return (alerts.reopen(db, alert.id, author=AUTHOR, note="?", now_us=now_us),)
            except ConflictingChangeError:
                return (None,)

        done = self._do(job)
        if done is not None:
            demand((done[0] is None) == life.alerted, Law.ONCE, f"opened again beside another alert: {done[0]}")
            if done[0] is not None:
                self._undo(self._closed_by.pop(alert.id, None))
            life.alerted = True

    def _undo(self, closed_by: Sign | Away | None) -> None:
        """Who opens an alert again says that what closed it was wrong. None: a sighting retracted it."""
        if isinstance(closed_by, Sign):
            closed_by.good = False
        elif closed_by is not None:
            closed_by.until_us = closed_by.from_us
            self._trips = [trip for trip in self._trips if trip.away is not closed_by]

    def changes_terms(self, person: str, *, period_s: int | None, grace_s: int | None, active: bool | None) -> None:
        life, now_us = self._world.lives[person], self._world.now_us()

        def job(db: Database) -> object:
            watch = watches.get_by_person(db, person)
            assert watch is not None
            return watches.change(db, watch.id, now_us=now_us, period_s=period_s, grace_s=grace_s, active=active)

        if self._do(job) is not None:
            life.period_s = life.period_s if period_s is None else period_s
            life.grace_s = life.grace_s if grace_s is None else grace_s
            life.on = life.on if active is None else active

    def _do(self, job: Callable[[Database], T]) -> T | None:
        """None: the hub died in it."""
        return self._world.write(job)

    def _waiting(self, person: str) -> Alert | None:
        with self._world.store.read() as db:
            return alerts.not_closed(db, person)

    def _move(self, alert: Alert, to: AlertState, outcome: Outcome | None, until_us: int | None) -> Alert | None:
        now_us = self._world.now_us()
        return self._do(
            lambda db: alerts.move(
                db, alert.id, to=to, outcome=outcome, author=AUTHOR, note="", until_us=until_us, now_us=now_us
            )
        )

    def _away(self, id: int, person: str, from_us: int, until_us: int, begins_us: int = 0) -> Away:  # noqa: A002 as its column
        self._world.totals.pauses += 1
        away = Away(from_us=from_us, until_us=until_us)
        self._world.lives[person].absences.append(away)
        self._trips.append(Trip(id=id, away=away, begins_us=max(from_us, begins_us)))
        return away
