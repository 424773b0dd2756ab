"""Who was told of an alert, and what became of it."""

from sqlite_utils import Database

from hub_server.store import alerts, outbox, people, recipients, told, watches
from hub_server.store.outbox import NoticeKind
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

NOW_US = 1_795_471_200_000_000
DAY_US = 24 * 3_600_000_000


def test_a_notice_is_told_with_the_fate_of_its_message_the_oldest_first(store: Store) -> None:
    def job(db: Database) -> None:
        people.create(db, id="p-li", name="李", address="", phone="", note="", area="村", now_us=NOW_US)
        for name in ("王敏", "刘洋"):
            recipients.add(db, area="村", rung=Rung.WORKER, name=name, phone="", urls=["topic://a"], now_us=NOW_US)
        watches.create(db, person="p-li", period_s=86400, last_seen_us=NOW_US - 2 * DAY_US, now_us=NOW_US)
        (alert,) = alerts.raise_due(db, now_us=NOW_US, limit=9)
        before = told.of_alert(db, alert.id)
        assert [(one.addressee, one.kind, one.tries, one.sent_us) for one in before] == [
            ("recipient/1", NoticeKind.RAISED, 0, None),
            ("recipient/2", NoticeKind.RAISED, 0, None),
        ]
        first, second = outbox.form(db, now_us=NOW_US + 20_000_000)
        outbox.sent(db, first.id, by="1: topic", now_us=NOW_US + 21_000_000)
        outbox.failed(db, second.id, trouble="no broker", next_us=NOW_US + 31_000_000, now_us=NOW_US + 21_000_000)
        sent, failed = told.of_alert(db, alert.id)
        assert (sent.sent_us, sent.sent_by, sent.tries, sent.next_us) == (NOW_US + 21_000_000, "1: topic", 1, None)
        assert (failed.sent_us, failed.trouble, failed.next_us) == (None, "no broker", NOW_US + 31_000_000)
        assert told.of_alert(db, alert.id + 1) == []

    store.write(job)
