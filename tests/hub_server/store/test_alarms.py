"""What the office must know besides alerts: once, until it is over."""

from hub_server.store import alarms, outbox, recipients
from hub_server.store.alarms import Alarm, AlarmKind
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

NOW_US = 1_795_471_200_000_000


def raised(store: Store, area: str = "", subject: str = "hub", now_us: int = NOW_US) -> Alarm:
    return store.write(
        lambda db: alarms.raise_(
            db, kind=AlarmKind.CLOCK, subject=subject, detail="x" * 999, since_us=1, now_us=now_us, area=area
        )
    )


def add(store: Store, rung: Rung, area: str) -> str:
    return store.write(
        lambda db: recipients.add(db, area=area, rung=rung, name="n", phone="", urls=["json://a"], now_us=NOW_US)
    ).addressee


def told(store: Store) -> list[str]:
    return [message.addressee for message in store.write(lambda db: outbox.form(db, now_us=NOW_US))]


def test_an_alarm_stands_once_and_is_told_once_until_it_is_cleared(store: Store) -> None:
    office = add(store, Rung.OFFICE, "桂花村")
    first = raised(store)
    assert raised(store, now_us=NOW_US + 5) == first
    assert told(store) == [office]
    store.write(lambda db: alarms.clear(db, kind=AlarmKind.CLOCK, subject="hub", now_us=NOW_US + 6))
    with store.read() as db:
        assert alarms.open(db) == []
        assert [alarm.cleared_us for alarm in alarms.page(db, after=None, limit=9)] == [NOW_US + 6]
    assert raised(store).id != first.id


def test_an_alarm_of_an_area_is_told_to_its_office_and_one_of_all_to_every_office(store: Store) -> None:
    here, there = add(store, Rung.OFFICE, "桂花村"), add(store, Rung.OFFICE, "桃园")
    add(store, Rung.WORKER, "桂花村")
    raised(store, area="桂花村", subject="a")
    assert told(store) == [here]
    raised(store, subject="b")
    assert told(store) == [here, there]


def test_without_an_office_the_next_below_hears_of_it(store: Store) -> None:
    worker = add(store, Rung.WORKER, "桂花村")
    raised(store)
    assert told(store) == [worker]


def test_an_alarm_that_is_over_before_it_was_sent_is_not_told(store: Store) -> None:
    add(store, Rung.OFFICE, "")
    raised(store)
    store.write(lambda db: alarms.clear(db, kind=AlarmKind.CLOCK, subject="hub", now_us=NOW_US))
    assert told(store) == []


def test_clearing_what_does_not_stand_changes_nothing(store: Store) -> None:
    store.write(lambda db: alarms.clear(db, kind=AlarmKind.DELIVERY, subject="hub", now_us=NOW_US))
    with store.read() as db:
        assert alarms.page(db, after=None, limit=9) == []
