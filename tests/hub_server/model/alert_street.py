"""Somebody who is not seen, and a ladder of people above them: what happens is said, what each hears is asked."""

from sqlite_utils import Database

from hub_server.store import (
    alerts,
    observations,
    outbox,
    people,
    recipients,
    watches,
)
from hub_server.store.outbox import NoticeKind
from hub_server.store.rows import Alert
from hub_server.store.store import Store
from hub_server.watch.ladder import DEFAULT_WAIT_S, Rung
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, Report

NOW_US = 1_795_471_200_000_000
S = 1_000_000
DAY_US = 86_400 * S
WORKER_WAIT_US = DEFAULT_WAIT_S[Rung.WORKER] * S
OPEN, ACKNOWLEDGED, ON_THE_WAY, CLOSED = AlertState


class Street:
    """Somebody who was last seen a day ago, and a ladder above them. Everything happens at `now_us`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now_us = NOW_US

        def job(db: Database) -> None:
            people.create(db, id="zhao", name="赵", address="", phone="", note="", area="桂花村", now_us=NOW_US)
            watches.create(db, person="zhao", period_s=86400, last_seen_us=NOW_US - DAY_US, now_us=NOW_US - DAY_US)

        store.write(job)

    def staff(self, *rungs: Rung) -> None:
        for rung in rungs:
            if rung is Rung.FAMILY:
                self.store.write(
                    lambda db: recipients.add_contact(
                        db, person="zhao", name="女儿", relation="", phone="", urls=["json://f"], now_us=NOW_US
                    )
                )
            else:
                self.store.write(
                    lambda db, rung=rung: recipients.add(  # type: ignore[misc]
                        db, area="桂花村", rung=rung, name=rung.name, phone="", urls=["json://a"], now_us=NOW_US
                    )
                )

    def raises(self) -> Alert:
        (alert,) = self.store.write(lambda db: alerts.raise_due(db, now_us=self.now_us, limit=9))
        return alert

    def silent(self) -> bool:
        return self.store.write(lambda db: alerts.raise_due(db, now_us=self.now_us, limit=9)) == []

    def climbs(self, after_us: int = 0) -> int:
        self.now_us += after_us
        return len(self.store.write(lambda db: alerts.climb_due(db, now_us=self.now_us, limit=9)))

    def moves(
        self, to: AlertState, outcome: Outcome | None = None, *, until_us: int | None = None, note: str = ""
    ) -> Alert:
        return self.store.write(
            lambda db: alerts.move(
                db, 1, to=to, outcome=outcome, author="小李", note=note, until_us=until_us, now_us=self.now_us
            )
        )

    def reports(self, found: Report) -> Alert:
        return self.store.write(
            lambda db: alerts.report(db, 1, report=found, author="小李", note="敲门无人", now_us=self.now_us)
        )

    def reopens(self) -> Alert:
        return self.store.write(lambda db: alerts.reopen(db, 1, author="王敏", note="走错门了", now_us=self.now_us))

    def sees(self, at_us: int) -> None:
        self.store.write(
            lambda db: observations.add(
                db, person="zhao", kind=Kind.PHONE, at_us=at_us, author="王", note="", now_us=self.now_us
            )
        )

    def alert(self) -> Alert:
        with self.store.read() as db:
            found = alerts.get(db, 1)
        assert found is not None
        return found

    def hears(self) -> dict[str, list[NoticeKind]]:
        """What each addressee is told now, by name; it is sent, and not told again."""
        heard: dict[str, list[NoticeKind]] = {}

        def job(db: Database) -> None:
            for message in outbox.form(db, now_us=self.now_us + 10 * S):
                who = recipients.addressed(db, message.addressee)
                assert who is not None
                heard[who.name] = [notice.kind for notice in outbox.contents(db, message.id)]
                outbox.sent(db, message.id, by="json", now_us=self.now_us)

        self.store.write(job)
        return heard
