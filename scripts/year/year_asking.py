"""Cameras that do not watch, and the lists of people to look in on that the hub makes of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from sqlite_utils import Database
from year_rates import area as area_of

from hub_server.store import alarms, look_ins, observers, recipients
from hub_server.store.alarms import AlarmKind
from hub_server.store.outbox import Message, Notice
from hub_server.store.recipients import Recipient

DEAD_S: Final = observers.DEAD_US // 1_000_000


class Asking:
    """What a round of the scheduler does about them, given since when each of them does not watch.

    Its own look at them (store.observers) needs each camera's word every quarter of an hour, here it comes daily.
    """

    def __init__(self, *, us: Callable[[int], int], subject: Callable[[int], str], area: Callable[[int], str]) -> None:
        self._us = us
        self._subject = subject
        self._area = area
        self._alarmed: set[int] = set()  # of which the office knows

    def look(self, db: Database, down_s: Mapping[int, int], *, now_s: int, listening: bool) -> None:
        now_us = self._us(now_s)
        for camera in sorted(self._alarmed - set(down_s)):
            self._alarmed.remove(camera)
            alarms.clear(db, kind=AlarmKind.OBSERVER, subject=self._subject(camera), now_us=now_us)
        for camera, since_s in down_s.items():
            if camera not in self._alarmed and now_s - since_s >= DEAD_S:
                self._alarmed.add(camera)
                alarms.raise_(
                    db,
                    kind=AlarmKind.OBSERVER,
                    subject=self._subject(camera),
                    detail="silent",
                    since_us=self._us(since_s),
                    now_us=now_us,
                    area=self._area(area_of(camera)),
                )
        if listening:
            look_ins.tell(db, look_ins.look(db, now_us=now_us), now_us=now_us)


def named(db: Database, message: Message, notices: Iterable[Notice], now_us: int) -> tuple[str, ...]:
    """Whom the lists of a letter name, as notify.facts reads them; the office's own letters about cameras apart."""
    to = recipients.addressed(db, message.addressee)
    found: dict[str, None] = {}
    for notice in notices:
        alarm = alarms.get(db, notice.alarm) if notice.alarm is not None and "/look_in-" in notice.key else None
        if alarm is not None and isinstance(to, Recipient):
            found |= dict.fromkeys(one.person for one in look_ins.awaited(db, alarm, now_us=now_us, area=to.area))
    return tuple(found)
