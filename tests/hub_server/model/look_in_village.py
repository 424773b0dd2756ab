"""A village whose cameras die: who is seen by which, what a round asks for, and who hears of it."""

from sqlite_utils import Database

from hub_server.store import alarms, devices, journals, look_ins, outbox, people, recipients
from hub_server.store import watches as watch_rows
from hub_server.store.alarms import Alarm, AlarmKind
from hub_server.store.events import NewEvent, add
from hub_server.store.observing import NewStretch
from hub_server.store.observing import add as add_stretch
from hub_server.store.outbox import Message, NoticeKind
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung
from hub_server.watch.look_in import HOUR_US

NOON_US = 1_795_406_400_000_000  # 2026-11-23 12:00 where the office is
DAY_US = 24 * HOUR_US
EPOCH = "0" * 32
VILLAGE, OTHER = "桂花村", "荷花村"


class Village:
    """Cameras `door` and `gate` of one village, a worker, a community, an office; people are seen as is said."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now_us = NOON_US
        self.seq = 0

        def job(db: Database) -> None:
            for device in ("door", "gate"):
                devices.create(db, id=device, place="", area=VILLAGE, now_us=NOON_US)
                journals.enter(db, device=device, epoch=EPOCH, now_us=NOON_US)
            for rung, area, name in (
                (Rung.WORKER, VILLAGE, "worker"),
                (Rung.WORKER, OTHER, "other worker"),
                (Rung.OFFICE, VILLAGE, "office"),
            ):
                recipients.add(db, area=area, rung=rung, name=name, phone="", urls=["json://a"], now_us=NOON_US)

        store.write(job)
        for device in ("door", "gate"):
            self.says(device, "watching", -3 * DAY_US, -3 * HOUR_US)

    def person(self, id: str, *, due_in_us: int, by: dict[str, int], area: str = VILLAGE) -> None:  # noqa: A002 as elsewhere
        """Seen so often by these cameras, the last time so that they fall due then."""

        def job(db: Database) -> None:
            people.create(db, id=id, name=id, address="", phone="", note="", area=area, now_us=NOON_US)
            seen_us = NOON_US + due_in_us - DAY_US
            watch_rows.create(db, person=id, period_s=86400, last_seen_us=seen_us, now_us=NOON_US)
            for device, times in by.items():
                for n in range(times):
                    self.event(db, device, id, seen_us - (n + 1) * HOUR_US)

        self.store.write(job)

    def event(self, db: Database, device: str, person: str | None, at_us: int) -> int:
        self.seq += 1
        return add(
            db,
            NewEvent(
                device=device,
                epoch=EPOCH,
                seq=self.seq,
                last_seq=self.seq,
                hash=str(self.seq),
                type="observing" if person is None else "passage",
                received_us=at_us,
                raw=b"{}",
                boot=EPOCH,
                mono_us=1,
                captured_us=at_us,
                clock_trusted=True,
                camera="cam",
                person=person,
                strict=person is not None,
                qualifies=person is not None,
                counts=person is not None,
            ),
        )

    def says(self, device: str, state: str, from_us: int, until_us: int) -> None:
        def job(db: Database) -> None:
            event = self.event(db, device, None, NOON_US + until_us)
            stretch = NewStretch(
                camera="cam",
                state=state,
                cause="",
                boot=EPOCH,
                began_mono_us=0,
                ended_mono_us=until_us - from_us,
                ended_us=NOON_US + until_us,
            )
            add_stretch(db, stretch, event=event, device=device, received_us=NOON_US + until_us, anchor=None)

        self.store.write(job)

    def dies(self, device: str = "door", *, ago_us: int = 3 * HOUR_US) -> Alarm:
        return self.store.write(
            lambda db: alarms.raise_(
                db,
                kind=AlarmKind.OBSERVER,
                subject=f"{device}/cam",
                detail="silent",
                since_us=self.now_us - ago_us,
                now_us=self.now_us,
                area=VILLAGE,
            )
        )

    def looks(self, after_us: int = 0) -> list[str]:
        """What a round asks for: "alarm area" of each list; it is told."""
        self.now_us += after_us
        with self.store.read() as db:
            calls = look_ins.look(db, now_us=self.now_us)
        self.store.write(lambda db: look_ins.tell(db, calls, now_us=self.now_us))
        return [f"{call.alarm} {call.area}" for call in calls]

    def named(self, alarm: Alarm, area: str = "") -> list[str]:
        with self.store.read() as db:
            return [watch.person for watch in look_ins.awaited(db, alarm, now_us=self.now_us, area=area)]

    def heard(self) -> list[tuple[str, list[NoticeKind]]]:
        """By whom, since it was asked last."""

        def job(db: Database) -> list[tuple[str, list[NoticeKind]]]:
            found = []
            for message in outbox.form(db, now_us=self.now_us):
                who = recipients.addressed(db, message.addressee)
                assert who is not None
                found.append((who.name, [notice.kind for notice in outbox.contents(db, message.id)]))
                outbox.sent(db, message.id, by="json", now_us=self.now_us)
            return found

        return self.store.write(job)

    def messages(self) -> list[Message]:
        """What is ready becomes messages."""
        return self.store.write(lambda db: outbox.form(db, now_us=self.now_us))
