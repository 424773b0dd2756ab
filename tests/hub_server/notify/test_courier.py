"""At least once, one key, the second way when the first fails, again until it is out or nobody needs it."""

import threading
import time

import pytest
from hook_server import Server

from hub_server.notify.apprise_channel import AppriseChannel
from hub_server.notify.channel import Channel, Letter
from hub_server.notify.courier import BACKOFF_S_MAX, BACKOFF_S_MIN, STUCK_S, backoff_s
from hub_server.store import alarms, alerts, outbox, recipients
from hub_server.store.errors import StoreFailingError
from hub_server.store.outbox import Message
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung
from hub_server.watch.states import AlertState, Outcome
from tests.hub_server.notify.conftest import S_US, Post

HOLD_S = 11.0  # what cannot tell waits for companions; then it is ready


def test_a_worker_is_told_once_of_an_alert(post: Post) -> None:
    post.worker("a://1")
    post.overdue("li")
    post.go_on(HOLD_S)
    post.go_on(1)
    post.go_on(60)
    ((url, letter),) = post.arrived
    assert url == "a://1"
    assert "li" in letter.title


def test_the_second_way_is_tried_at_once_when_the_first_fails(post: Post) -> None:
    post.worker("a://1", "b://1")
    post.broken = {"a://1"}
    post.overdue("li")
    post.go_on(HOLD_S)
    assert [url for url, _ in post.arrived] == ["b://1"]
    assert _message(post).sent_by == "2: b"


def test_it_is_tried_again_under_the_same_key_until_a_way_works(post: Post) -> None:
    post.worker("a://1")
    post.broken = {"a://1"}
    post.overdue("li")
    post.go_on(HOLD_S)
    key = _message(post).key
    waits_s: list[float] = []
    while len(waits_s) < 8:
        message = _message(post)
        assert message.next_us is not None
        wait_s = (message.next_us - post.now[0]) / S_US
        post.go_on(wait_s - 1)
        assert _message(post).tries == message.tries, "not before its time"
        post.go_on(1)
        assert _message(post).tries == message.tries + 1
        waits_s.append(wait_s)
    assert waits_s == sorted(waits_s)
    assert waits_s[0] == BACKOFF_S_MIN
    assert waits_s[-1] == BACKOFF_S_MAX
    post.broken.clear()
    post.go_on(BACKOFF_S_MAX)
    assert [letter.key for _, letter in post.arrived].count(key) == 1
    assert _message(post).trouble == ""


def test_what_somebody_has_in_hand_meanwhile_is_not_sent_any_more(post: Post) -> None:
    post.worker("a://1")
    post.broken = {"a://1"}
    (alert,) = post.overdue("li")
    post.go_on(HOLD_S)
    _move(post, alert.id, AlertState.ACKNOWLEDGED)
    post.broken.clear()
    assert post.go_on(3600) == 0
    assert post.arrived == []


def test_many_alerts_of_one_cause_are_one_letter_to_each_worker(post: Post) -> None:
    post.worker("a://1")
    post.worker("b://1")
    post.overdue(*(f"p{number:02}" for number in range(30)))
    post.go_on(HOLD_S)
    assert sorted(url for url, _ in post.arrived) == ["a://1", "b://1"]
    for _, letter in post.arrived:
        assert "30 人" in letter.title
        assert "p00" in letter.body


def test_a_retraction_reaches_whoever_was_told(post: Post) -> None:
    post.worker("a://1")
    (alert,) = post.overdue("li")
    post.go_on(HOLD_S)
    _move(post, alert.id, AlertState.ON_THE_WAY)
    post.store.write(
        lambda db: alerts.vouch_for_person(db, person="li", at_us=post.now[0], by="诊所", now_us=post.now[0])
    )
    post.go_on(1)
    assert [letter.title.split("】")[1] for _, letter in post.arrived][-1].startswith("li 已见到，警报解除")


def test_an_alarm_tells_others_when_nothing_gets_out_for_long_and_ends_by_itself(post: Post) -> None:
    broken = post.worker("a://1")
    post.worker("o://1", name="办公室", rung=Rung.OFFICE)
    post.broken = {"a://1"}
    post.overdue("li")
    for _ in range(12):
        post.go_on(BACKOFF_S_MAX)
    with post.store.read() as db:
        (alarm,) = alarms.open(db)
    assert alarm.subject == f"recipient/{broken}"
    assert post.now[0] - alarm.since_us >= STUCK_S * S_US
    post.go_on(0)
    assert any("通知送不出去" in letter.title for url, letter in post.arrived if url == "o://1")
    post.broken.clear()
    post.go_on(BACKOFF_S_MAX)
    with post.store.read() as db:
        assert alarms.open(db) == []


def test_who_is_removed_hears_nothing_more(post: Post) -> None:
    worker = post.worker("a://1")
    post.overdue("li")
    post.store.write(lambda db: recipients.remove(db, worker, now_us=post.now[0]))
    post.go_on(HOLD_S)
    assert post.arrived == []


def test_a_result_that_the_store_would_not_take_is_recorded_and_not_sent_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.worker("a://1")
    post.overdue("li")
    write = Store.write
    post.now[0] += round(HOLD_S * S_US)
    post.store.write(lambda db: outbox.form(db, now_us=post.now[0]))
    with post.store.read() as db:
        (message,) = outbox.due(db, now_us=post.now[0], limit=10)

    def refuses(*_: object, **__: object) -> None:
        raise StoreFailingError("the disk is full")

    monkeypatch.setattr(Store, "write", refuses)
    post.courier.deliver(message)
    assert len(post.arrived) == 1
    with pytest.raises(StoreFailingError):
        post.courier.round()
    monkeypatch.setattr(Store, "write", write)
    assert post.courier.round() == 0
    assert len(post.arrived) == 1
    assert _message(post).sent_us is not None


def test_the_thread_sends_by_itself_and_a_slow_way_holds_nobody_else_up(post: Post) -> None:
    post.worker("slow://1")
    post.worker("quick://1")
    post.overdue("li")
    post.now[0] += round(HOLD_S * S_US)
    held, quick = threading.Event(), threading.Event()
    opened = post.courier._open

    class Slow:
        def send(self, letter: object) -> None:  # noqa: ARG002
            held.wait(10)

    class Quick:
        def send(self, letter: object) -> None:  # noqa: ARG002
            quick.set()

    post.courier._open = lambda url: Slow() if url.startswith("slow") else Quick()
    post.courier.start()
    try:
        assert quick.wait(10)
    finally:
        held.set()
        post.courier.stop()
        post.courier._open = opened


@pytest.mark.parametrize("tries", range(40))
def test_the_wait_between_tries_grows_and_stays_bounded(tries: int) -> None:
    longest, shortest = backoff_s(tries, jitter=0.0), backoff_s(tries, jitter=1.0)
    assert BACKOFF_S_MIN / 2 <= shortest == longest / 2
    assert longest <= BACKOFF_S_MAX
    assert longest >= backoff_s(max(0, tries - 1), jitter=0.0)


def test_an_alert_closed_before_it_was_told_is_told_to_nobody(post: Post) -> None:
    post.worker("a://1")
    (alert,) = post.overdue("li")
    post.store.write(
        lambda db: alerts.move(
            db,
            alert.id,
            to=AlertState.CLOSED,
            outcome=Outcome.WELL,
            author="王敏",
            note="",
            until_us=None,
            now_us=post.now[0],
        )
    )
    post.go_on(HOLD_S)
    assert post.arrived == []


def _message(post: Post) -> Message:
    with post.store.read() as db:
        found = outbox.get(db, 1)
    assert found is not None
    return found


def _move(post: Post, alert: int, to: AlertState) -> None:
    post.store.write(
        lambda db: alerts.move(
            db, alert, to=to, outcome=None, author="王敏", note="", until_us=None, now_us=post.now[0]
        )
    )


@pytest.mark.parametrize("troubles", [[500], [503, 500], [500, None, 500]], ids=str)
def test_over_real_apprise_every_try_carries_the_same_key_until_the_hook_works(
    post: Post, server: Server, troubles: list[int | None]
) -> None:
    post.courier._open = lambda url: AppriseChannel(url, answer_s=0.3)
    post.worker(server.url)
    post.overdue("li")
    for server.answer in troubles:
        assert post.go_on(60) == 1
    server.released.set()
    server.answer = 200
    assert post.go_on(60) == 1
    assert post.go_on(BACKOFF_S_MAX) == 0
    assert server.keys == [_message(post).key] * (len(troubles) + 1)
    assert _message(post).sent_by == "1: json"


def test_an_addressee_has_one_message_under_way_and_others_do_not_wait_for_it(post: Post) -> None:
    post.worker("slow://1")
    post.worker("quick://1", name="张勇")
    for person in ("li", "zhang", "zhao"):
        post.overdue(person)
        post.now[0] += S_US
        post.store.write(lambda db: outbox.form(db, now_us=post.now[0]))
    slow = _Slow()
    quick = _Slow()
    quick.let_go.set()
    post.courier._open = lambda url: slow if url == "slow://1" else quick
    post.courier.start()
    try:
        assert all(quick.came.acquire(timeout=10) for _ in range(3))
        assert slow.came.acquire(timeout=10)
        assert not slow.came.acquire(blocking=False)
        slow.let_go.set()
        assert all(slow.came.acquire(timeout=10) for _ in range(2))
    finally:
        post.courier.stop()
    assert len(set(slow.keys)) == len(slow.keys) == 3


def test_stopping_waits_for_no_channel(post: Post) -> None:
    post.worker("slow://1")
    post.overdue("li")
    slow = _Slow()
    post.courier._open = lambda _url: slow
    post.courier.start()
    assert slow.came.acquire(timeout=10)
    began_s = time.monotonic()
    post.courier.stop()
    assert time.monotonic() - began_s < 5
    slow.let_go.set()


def test_a_message_that_was_settled_after_it_was_found_due_is_not_sent(post: Post) -> None:
    post.worker("a://1")
    (alert,) = post.overdue("li")
    post.store.write(lambda db: outbox.form(db, now_us=post.now[0]))
    found = _message(post)
    _move(post, alert.id, AlertState.ACKNOWLEDGED)
    post.courier.deliver(found)
    assert post.arrived == []


def test_a_fault_of_our_own_is_a_failed_try_like_any_other(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    def stumble(_url: str) -> Channel:
        raise ZeroDivisionError

    post.worker("a://1")
    post.overdue("li")
    opened, post.courier._open = post.courier._open, stumble
    post.go_on()
    assert _message(post).tries == 1
    assert "ZeroDivisionError" in caplog.text
    assert post.go_on(1) == 0, "it waits as after any failure"
    post.courier._open = opened
    assert post.go_on(BACKOFF_S_MAX) == 1
    assert len(post.arrived) == 1


def test_an_alarm_about_who_needs_to_hear_nothing_any_more_ends(post: Post) -> None:
    post.worker("a://1")
    post.broken = {"a://1"}
    (alert,) = post.overdue("li")
    for _ in range(12):
        post.go_on(BACKOFF_S_MAX)
    post.courier.look_at_alarms()
    with post.store.read() as db:
        assert len(alarms.open(db)) == 1, "it still fails"
    _move(post, alert.id, AlertState.ACKNOWLEDGED)
    post.courier.look_at_alarms()
    with post.store.read() as db:
        assert alarms.open(db) == []


class _Slow:
    """A channel that says when a letter came, and returns when it is let go."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.keys: list[str] = []

    def send(self, letter: Letter) -> None:
        self.keys.append(letter.key)
        self.came.release()
        self.let_go.wait(10)
