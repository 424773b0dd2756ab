"""What somebody must be told: written once, joined once, sent under one key, settled when nobody needs it."""

import pytest

from hub_server.store import alerts, outbox, people, recipients, watches
from hub_server.store.outbox import Message, NoticeKind
from hub_server.store.recipients import Recipient
from hub_server.store.rows import Alert
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000
S = 1_000_000


class Outbox:
    """Some alerts that nobody hears of by themselves, and an outbox for two addressees."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alerts = [self.alert(person) for person in ("zhao", "qian", "sun")]

    def alert(self, person: str) -> Alert:
        def job(db: object) -> Alert:
            people.create(db, id=person, name=person, address="", phone="", note="", now_us=NOW_US)  # type: ignore[arg-type]
            watches.create(db, person=person, period_s=86400, last_seen_us=NOW_US - DAY_US, now_us=NOW_US)  # type: ignore[arg-type]
            (raised,) = alerts.raise_due(db, now_us=NOW_US, limit=1)  # type: ignore[arg-type]
            return raised

        return self.store.write(job)

    def tell(self, n: int, addressee: str = "recipient/1", *, ready_s: int = 0, kind: str = "raised") -> None:
        alert = self.alerts[n]
        self.store.write(
            lambda db: outbox.tell(
                db,
                kind=NoticeKind(kind),
                alert=alert,
                addressee=addressee,
                dedupe=f"alert-{alert.id}/{kind}/{addressee}",
                now_us=NOW_US,
                ready_us=NOW_US + ready_s * S,
            )
        )

    def form(self, after_s: int = 0) -> list[Message]:
        return self.store.write(lambda db: outbox.form(db, now_us=NOW_US + after_s * S))

    def due(self, after_s: int = 0) -> list[Message]:
        with self.store.read() as db:
            return outbox.due(db, now_us=NOW_US + after_s * S, limit=9)

    def told(self, message: Message) -> list[int | None]:
        with self.store.read() as db:
            return [notice.alert for notice in outbox.contents(db, message.id)]

    def settle(self, n: int) -> None:
        self.store.write(lambda db: outbox.settle_alert(db, self.alerts[n], NOW_US))


@pytest.fixture
def box(store: Store) -> Outbox:
    return Outbox(store)


def test_what_is_ready_together_is_one_message_to_each_addressee(box: Outbox) -> None:
    for n in range(3):
        box.tell(n)
        box.tell(n, "recipient/2")
    made = box.form()
    assert [message.addressee for message in made] == ["recipient/1", "recipient/2"]
    assert [box.told(message) for message in made] == [[alert.id for alert in box.alerts]] * 2
    assert len({message.key for message in made}) == 2
    assert box.form() == [], "each notice is in one message"


def test_what_is_not_ready_yet_waits_and_does_not_hold_up_the_rest(box: Outbox) -> None:
    box.tell(0)
    box.tell(1, ready_s=10)
    box.tell(2, ready_s=10)
    assert [box.told(message) for message in box.form()] == [[box.alerts[0].id]]
    with box.store.read() as db:
        assert not outbox.ready(db, now_us=NOW_US + 10 * S - 1)
        assert outbox.ready(db, now_us=NOW_US + 10 * S)
    assert [box.told(message) for message in box.form(10)] == [[box.alerts[1].id, box.alerts[2].id]]


def test_the_same_thing_is_queued_once(box: Outbox) -> None:
    box.tell(0)
    box.tell(0)
    (message,) = box.form()
    box.tell(0)
    assert box.told(message) == [box.alerts[0].id]
    assert box.form() == []


def test_a_message_keeps_its_key_and_its_notices_over_every_try(box: Outbox) -> None:
    box.tell(0)
    (made,) = box.form()
    box.tell(1)
    box.form()
    for tries in range(1, 4):
        box.store.write(
            lambda db, n=tries: outbox.failed(db, made.id, trouble="no", next_us=NOW_US + n * S, now_us=NOW_US)  # type: ignore[misc]
        )
        found = next(message for message in box.due(tries) if message.id == made.id)
        assert (found.key, found.tries, box.told(found)) == (made.key, tries, [box.alerts[0].id])
        assert made.id not in [message.id for message in box.due(tries - 1)], "it is not tried before its time"


def test_what_was_sent_is_not_tried_again(box: Outbox) -> None:
    box.tell(0)
    (made,) = box.form()
    box.store.write(lambda db: outbox.sent(db, made.id, by="mail", now_us=NOW_US + 1))
    assert box.due(9999) == []
    box.store.write(lambda db: outbox.failed(db, made.id, trouble="late", next_us=NOW_US, now_us=NOW_US))
    with box.store.read() as db:
        found = outbox.get(db, made.id)
        assert found is not None
        assert (found.sent_by, found.sent_us, found.trouble, found.next_us) == ("mail", NOW_US + 1, "", None)
        assert outbox.unsent_since_us(db) is None


@pytest.mark.parametrize("formed", [False, True])
def test_what_is_settled_is_not_told_and_the_rest_of_its_message_is(box: Outbox, formed: bool) -> None:  # noqa: FBT001 a parameter
    box.tell(0)
    box.tell(1)
    if formed:
        box.form()
    box.settle(0)
    if not formed:
        box.form()
    (message,) = box.due()
    assert box.told(message) == [box.alerts[1].id]
    box.settle(1)
    assert box.due(9999) == []
    with box.store.read() as db:
        assert outbox.unsent_since_us(db) is None, "nothing waits for a message that has nothing to tell"


def test_a_failure_that_comes_after_the_settling_brings_nothing_back(box: Outbox) -> None:
    box.tell(0)
    (message,) = box.form()
    box.settle(0)
    box.store.write(lambda db: outbox.failed(db, message.id, trouble="no", next_us=NOW_US, now_us=NOW_US))
    assert box.due(9999) == []


def test_settling_leaves_alone_what_was_sent_and_what_calls_for_nobody(box: Outbox) -> None:
    box.tell(0)
    (first,) = box.form()
    box.store.write(lambda db: outbox.sent(db, first.id, by="mail", now_us=NOW_US))
    box.tell(0, kind="retracted")
    box.settle(0)
    assert [box.told(message) for message in box.form()] == [[box.alerts[0].id]]
    assert box.told(first) == [box.alerts[0].id]


def test_who_may_have_heard_is_whoever_a_message_was_made_for(box: Outbox) -> None:
    box.tell(0)
    box.form()
    box.tell(0, "recipient/2")
    with box.store.read() as db:
        assert outbox.told(db, box.alerts[0], or_waiting=False) == ["recipient/1"]
        assert outbox.told(db, box.alerts[0], or_waiting=True) == ["recipient/1", "recipient/2"]


def test_who_is_removed_hears_nothing_more(box: Outbox) -> None:
    def add(db: object) -> Recipient:
        return recipients.add(db, area="", rung=Rung.WORKER, name="王", phone="", urls=["json://a"], now_us=NOW_US)  # type: ignore[arg-type]

    worker = box.store.write(add)
    box.tell(0, worker.addressee)
    box.form()
    box.tell(1, worker.addressee)
    box.store.write(lambda db: recipients.remove(db, worker.id, now_us=NOW_US))
    assert box.form() == []
    assert box.due(9999) == []


def test_a_flood_is_cut_into_messages_and_transactions(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MESSAGE_NOTICES_MAX", 2)
    monkeypatch.setattr(outbox, "FORMED_AT_ONCE_MAX", 4)
    for n in range(3):
        box.tell(n)
        box.tell(n, "recipient/2")
    sizes = [[len(box.told(message)) for message in box.form()] for _ in range(3)]
    assert sizes == [[2, 2], [1, 1], []]


def test_when_the_clock_steps_back_what_waits_waits_as_long_as_before(box: Outbox) -> None:
    box.tell(0)
    box.form()
    box.tell(1, ready_s=10)
    box.store.write(lambda db: outbox.shift(db, by_us=-DAY_US))
    with box.store.read() as db:
        assert len(outbox.due(db, now_us=NOW_US - DAY_US, limit=9)) == 1
        assert outbox.ready(db, now_us=NOW_US + 10 * S - DAY_US)
        assert not outbox.ready(db, now_us=NOW_US + 10 * S - DAY_US - 1)
