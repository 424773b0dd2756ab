import hashlib
from typing import Any

import pytest

from hub_server.store import (
    alarms,
    broker_access,
    certificates,
    device_lists,
    devices,
    events,
    galleries,
    join_tokens,
    journals,
    observers,
    observing,
    people,
    retiring,
    watches,
)
from hub_server.store.alarms import AlarmKind
from hub_server.store.certificates import REPLACED, NewCertificate
from hub_server.store.errors import ConflictingChangeError, InvalidValueError, NotFoundError
from hub_server.store.events import NewEvent
from hub_server.store.join_tokens import DAYS_MAX, KEPT_MAX, JoinToken, Outcome
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000
EAST, SEAL_KEY = "east-gate", "9" * 64


@pytest.fixture(autouse=True)
def east(store: Store) -> None:
    store.write(lambda db: devices.create(db, id=EAST, place="东门", area="桂花村", now_us=NOW_US))


def made(key: str = "a", ends_us: int = NOW_US + 3650 * DAY_US) -> NewCertificate:
    return NewCertificate(serial=f"5{ord(key):x}", key_sha256=key * 64, pem=f"PEM of {key}", ends_us=ends_us)


def card(store: Store, *, days: int = 14, now_us: int = NOW_US, device: str = EAST) -> tuple[JoinToken, str]:
    return store.write(lambda db: join_tokens.create(db, device, days=days, now_us=now_us))


def spend(store: Store, secret: str, new: NewCertificate, *, now_us: int = NOW_US, device: str = EAST) -> Any:
    return store.write(
        lambda db: join_tokens.spend(db, secret, device=device, made=new, seal_key=SEAL_KEY, now_us=now_us)
    )


def test_only_the_hash_of_a_token_is_stored_and_it_has_256_bits(store: Store) -> None:
    token, secret = card(store)
    with store.read() as db:
        (row,) = db.query("SELECT * FROM join_tokens")
    assert row["sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(row)
    assert len(secret) == 43
    assert token.state(now_us=NOW_US) == "live"
    assert (token.device, token.expires_us) == (EAST, NOW_US + 14 * DAY_US)


def test_a_token_serves_once_and_the_same_key_again_gets_the_same(store: Store) -> None:
    _, secret = card(store)
    first = spend(store, secret, made("a"))
    assert first[0] is Outcome.JOINS
    again = spend(store, secret, made("a"), now_us=NOW_US + 5)
    assert again == (Outcome.AGAIN, first[1])
    assert spend(store, secret, made("b")) == (Outcome.USED, None)
    with store.read() as db:
        assert certificates.of_device(db, EAST, limit=9) == [first[1]]
        token = join_tokens.newest(db, EAST)
    assert token is not None
    assert (token.state(now_us=NOW_US), token.certificate) == ("used", first[1].id)


def test_a_device_has_one_token_that_lives_and_keeps_few_of_the_old(store: Store) -> None:
    secrets = [card(store)[1] for _ in range(KEPT_MAX + 5)]
    assert spend(store, secrets[-2], made("a")) == (Outcome.REFUSED, None)
    assert spend(store, secrets[-1], made("a"))[0] is Outcome.JOINS
    with store.read() as db:
        ((count,),) = db.execute("SELECT count(*) FROM join_tokens").fetchall()
    assert count == KEPT_MAX


@pytest.mark.parametrize("days", [0, DAYS_MAX + 1])
def test_a_token_lives_for_some_days_and_no_longer(store: Store, days: int) -> None:
    with pytest.raises(InvalidValueError, match="days"):
        card(store, days=days)


def test_nobody_makes_a_card_for_what_is_not_there_or_is_no_more(store: Store) -> None:
    with pytest.raises(NotFoundError):
        card(store, device="nowhere")
    store.write(lambda db: retiring.retire(db, EAST, reason="拆了", now_us=NOW_US))
    with pytest.raises(ConflictingChangeError, match="retired"):
        card(store)


def test_a_new_certificate_revokes_the_one_before_as_replaced(store: Store) -> None:
    _, one = card(store)
    spend(store, one, made("a"))
    _, two = card(store)
    spend(store, two, made("b"), now_us=NOW_US + 7)
    with store.read() as db:
        newest, before = certificates.of_device(db, EAST, limit=9)
        assert [row.serial for row in certificates.revoked(db, now_us=NOW_US + 8)] == [before.serial]
    assert newest.state(now_us=NOW_US + 8) == "good"
    assert (before.revoked_us, before.reason) == (NOW_US + 7, REPLACED)


def test_the_very_moment_of_its_end_a_certificate_counts_no_more_and_needs_no_revoking(store: Store) -> None:
    end_us = NOW_US + 70 * DAY_US
    spend(store, card(store)[1], made("a", ends_us=end_us))
    with store.read() as db:
        (row,) = certificates.of_device(db, EAST, limit=9)
        assert [row.state(now_us=end_us - 1), row.state(now_us=end_us)] == ["good", "expired"]
        asked = {"after": None, "limit": 9}
        assert certificates.page(db, state="good", now_us=end_us - 1, **asked) == [row]  # type: ignore[arg-type]
        assert certificates.page(db, state="good", now_us=end_us, **asked) == []  # type: ignore[arg-type]
        assert certificates.page(db, state="expired", now_us=end_us, **asked) == [row]  # type: ignore[arg-type]
        assert certificates.ending(db, before_us=end_us) == []
        assert certificates.ending(db, before_us=end_us + 1) == [row]
        assert certificates.count_ending(db, before_us=end_us + 1) == 1
    store.write(lambda db: retiring.revoke(db, EAST, reason="偷", now_us=NOW_US))
    with store.read() as db:
        assert len(certificates.revoked(db, now_us=end_us - 1)) == 1
        assert certificates.revoked(db, now_us=end_us) == []


def test_who_is_revoked_is_shut_out_until_there_is_a_new_card(store: Store) -> None:
    def allowed() -> list[str]:
        with store.read() as db:
            return broker_access.allowed(db)

    spend(store, card(store)[1], made("a"))
    _, waiting = card(store)
    store.write(lambda db: retiring.revoke(db, EAST, reason=" 卡被偷了 ", now_us=NOW_US))
    assert allowed() == []
    assert spend(store, waiting, made("b")) == (Outcome.REFUSED, None)
    with store.read() as db:
        barred = broker_access.barred(db, EAST)
    assert barred is not None
    assert (barred.since_us, barred.reason) == (NOW_US, "卡被偷了")
    card(store)
    assert allowed() == [EAST]
    with pytest.raises(InvalidValueError, match="reason"):
        store.write(lambda db: retiring.revoke(db, EAST, reason="  ", now_us=NOW_US))


def test_whatever_changes_the_brokers_files_is_counted_and_nothing_else(store: Store) -> None:
    def revision() -> int:
        with store.read() as db:
            return broker_access.revision(db)

    seen = [revision()]

    def counted(job: Any) -> bool:
        store.write(job)
        seen.append(revision())
        return seen[-1] != seen[-2]

    assert counted(lambda db: devices.create(db, id="west-gate", place="", now_us=NOW_US))
    assert counted(lambda db: certificates.add(db, EAST, made("a"), now_us=NOW_US))
    assert counted(lambda db: retiring.revoke(db, EAST, reason="偷", now_us=NOW_US))
    assert counted(lambda db: join_tokens.create(db, EAST, days=1, now_us=NOW_US)), "it may speak again"
    assert counted(lambda db: retiring.retire(db, "west-gate", reason="拆", now_us=NOW_US))
    assert counted(lambda db: retiring.unretire(db, "west-gate", now_us=NOW_US))
    assert not counted(lambda db: devices.heard(db, EAST, now_us=NOW_US))
    assert not counted(lambda db: devices.change(db, EAST, place="西门", now_us=NOW_US))


def test_the_alarm_of_a_card_of_which_there_are_two_goes_to_the_office_of_its_area_once(store: Store) -> None:
    _, secret = card(store)
    spend(store, secret, made("a"))
    for key in "bcd":
        spend(store, secret, made(key))
    with store.read() as db:
        (alarm,) = alarms.open(db)
    assert (alarm.kind, alarm.subject, alarm.area) == (AlarmKind.CARD, EAST, "桂花村")
    store.write(lambda db: retiring.revoke(db, EAST, reason="偷", now_us=NOW_US))
    with store.read() as db:
        assert alarms.open(db) == []


def test_a_retired_device_is_on_no_list_gets_no_gallery_and_nobody_misses_it(store: Store) -> None:
    store.write(lambda db: devices.said_hello(db, EAST, agent="a", seal_key=SEAL_KEY, now_us=NOW_US))
    secret = store.write(lambda db: devices.new_secret(db, EAST, NOW_US))
    dead = observers.Round(died=((EAST, "east"),), revived=())
    store.write(lambda db: observers.tell(db, dead, now_us=NOW_US))
    row, _ = store.write(lambda db: retiring.retire(db, EAST, reason="门拆了", now_us=NOW_US))
    assert (row.retired_us, row.online) == (NOW_US, False)
    with store.read() as db:
        assert devices.page(db, after=None, limit=9) == device_lists.page(db, after=None, limit=9) == []
        assert device_lists.page(db, after=None, limit=9, retired=True) == [row]
        assert device_lists.totals(db).all == 0
        assert galleries.takers(db) == []
        assert alarms.open(db) == []
        assert not devices.secret_is(db, EAST, secret)
        assert devices.get(db, EAST) == row, "what it has seen still names it"
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: retiring.retire(db, EAST, reason="再拆", now_us=NOW_US))
    back = store.write(lambda db: retiring.unretire(db, EAST, now_us=NOW_US))
    assert back.retired_us is None
    with store.read() as db:
        assert devices.page(db, after=None, limit=9) == [back]
        assert broker_access.allowed(db) == [], "it needs a new card"
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: retiring.unretire(db, EAST, now_us=NOW_US))


def test_the_cameras_of_a_retired_device_raise_no_alarm_any_more(store: Store) -> None:
    stretch = observing.NewStretch(
        camera="east",
        state="watching",
        cause="",
        boot="0" * 32,
        began_mono_us=0,
        ended_mono_us=1,
        ended_us=NOW_US,
    )

    seen = NewEvent(
        device=EAST,
        epoch="0" * 32,
        seq=1,
        last_seq=1,
        hash="0" * 64,
        type="passage",
        received_us=NOW_US,
        raw=b"{}",
        captured_us=NOW_US,
        clock_trusted=True,
        camera="east",
        person="p-li",
        strict=True,
        counts=True,
    )

    def watched_somebody(db: Any) -> None:
        journals.enter(db, device=EAST, epoch="0" * 32, now_us=NOW_US)
        people.create(db, id="p-li", name="李秀兰", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="p-li", period_s=86400, last_seen_us=NOW_US, now_us=NOW_US)
        events.add(db, seen)
        observing.add(db, stretch, event=1, device=EAST, received_us=NOW_US, anchor=None)

    store.write(watched_somebody)
    later_us = NOW_US + DAY_US
    with store.read() as db:
        assert observers.look(db, now_us=later_us).died == ((EAST, "east"),)
    store.write(lambda db: retiring.retire(db, EAST, reason="拆", now_us=NOW_US))
    with store.read() as db:
        assert observers.look(db, now_us=later_us).died == ()
