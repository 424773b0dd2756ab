"""Who stands on the rungs of each area and how long they have, read once for a transaction; and telling them."""

from collections.abc import Iterable

from sqlite_utils import Database

from hub_server.store import alarms, ladder, outbox, pauses, people, recipients
from hub_server.store.alarms import AlarmKind
from hub_server.store.outbox import NoticeKind
from hub_server.store.rows import Alert
from hub_server.watch.ladder import TOP, Rung

_LACKING = "area/"


class Roster:
    """Of one transaction: what it has read of an area does not change in it. Says when an area has no worker."""

    def __init__(self, db: Database, *, now_us: int) -> None:
        self._db = db
        self._now_us = now_us
        self._addressees: dict[tuple[str, Rung], list[str]] = {}
        self._waits_s: dict[str, dict[Rung, int]] = {}

    def wait_s(self, area: str, rung: Rung) -> int:
        if area not in self._waits_s:
            self._waits_s[area] = dict(ladder.waits(self._db, area))
        return self._waits_s[area][rung]

    def on(self, rung: Rung, *, area: str, person: str) -> list[str]:
        """Whom a message can reach there."""
        if rung is TOP:
            return [contact.addressee for contact in recipients.contacts_of(self._db, person) if contact.urls]
        if (area, rung) not in self._addressees:
            self._addressees[area, rung] = self._read(area, rung)
        return self._addressees[area, rung]

    def reached(self, at_least: Rung, *, area: str, person: str) -> Rung | None:
        """The lowest rung from here up on which there is somebody: an empty one is climbed past at once."""
        wanted = (rung for rung in Rung if rung >= at_least)
        return next((rung for rung in wanted if self.on(rung, area=area, person=person)), None)

    def tell(self, alert: Alert, kind: NoticeKind, rungs: Iterable[Rung], *, change: int, ready_us: int) -> int:
        """Queues a notice for everybody on these rungs, and says how many that are.

        `change`: the id of the line of history that it tells of, 0 for none. Nobody is reminded of what waits unsent.
        """
        addressees = [who for rung in rungs for who in self.on(rung, area=alert.area, person=alert.person)]
        for who in addressees:
            if kind is not NoticeKind.REMINDED or not outbox.waits_for(self._db, alert, who):
                tell(self._db, alert, kind, who, change=change, now_us=self._now_us, ready_us=ready_us)
        return len(addressees)

    def _read(self, area: str, rung: Rung) -> list[str]:
        found = recipients.on_rung(self._db, rung=rung, area=area)
        if rung is Rung.WORKER and not found:
            alarms.raise_(
                self._db,
                kind=AlarmKind.DELIVERY,
                subject=f"{_LACKING}{area}",
                detail="no worker can be told: alerts go to the next rung at once",
                since_us=self._now_us,
                now_us=self._now_us,
                area=area,
            )
        return [recipient.addressee for recipient in found]


def tell(
    db: Database, alert: Alert, kind: NoticeKind, addressee: str, *, change: int, now_us: int, ready_us: int
) -> None:
    """One notice about an alert. Its key is like no other, in a store that was restored and went on too."""
    key = f"alert-{alert.id}/{kind}-{now_us}-{change}/{addressee}"
    outbox.tell(db, kind=kind, alert=alert, addressee=addressee, dedupe=key, now_us=now_us, ready_us=ready_us)


def tell_pauses(db: Database, *, now_us: int) -> None:
    """Of each pause that ends soon, once: to the worker of the area, or whoever stands lowest on the ladder."""
    roster = Roster(db, now_us=now_us)
    for pause in pauses.ending(db, now_us=now_us):
        person = people.get(db, pause.person)
        assert person is not None
        rung = roster.reached(Rung.WORKER, area=person.area, person=person.id)
        for who in [] if rung is None else roster.on(rung, area=person.area, person=person.id):
            key = f"pause-{pause.id}/ending-{pause.until_us}/{who}"
            outbox.tell(
                db,
                kind=NoticeKind.PAUSE_ENDING,
                pause=pause.id,
                addressee=who,
                dedupe=key,
                now_us=now_us,
                ready_us=now_us,
            )
        pauses.told(db, pause.id, now_us=now_us)


def is_staffed_again(db: Database) -> bool:
    """True when an alarm about an area without a worker is over. Cheap: for a reader."""
    return any(_staffed(db))


def settle_staffed(db: Database, *, now_us: int) -> None:
    """Clears the alarms about areas that have a worker now."""
    for subject in _staffed(db):
        alarms.clear(db, kind=AlarmKind.DELIVERY, subject=subject, now_us=now_us)


def _staffed(db: Database) -> list[str]:
    return [
        subject
        for subject in sorted(alarms.standing(db, AlarmKind.DELIVERY))
        if subject.startswith(_LACKING)
        and recipients.on_rung(db, rung=Rung.WORKER, area=subject.removeprefix(_LACKING))
    ]
