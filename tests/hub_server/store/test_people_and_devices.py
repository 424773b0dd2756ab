import hashlib
from typing import Any

import pytest
from sqlite_utils import Database

from edge_agent.wire.limits import INTEGER_MAX
from hub_server.store import devices, logins, people
from hub_server.store.errors import ExistsError, InvalidValueError, NotFoundError
from hub_server.store.limits import LOGIN_CODES_MAX, SESSION_TTL_S
from hub_server.store.rows import Person
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000


def create(store: Store, id: str | None = None, **changed: str) -> Person:  # noqa: A002 the column's name
    fields: dict[str, Any] = {"name": "赵示一", "address": "1号楼", "phone": "", "note": ""} | changed
    return store.write(lambda db: people.create(db, id=id, **fields, now_us=NOW_US))


def test_a_person_without_an_id_gets_one_that_nobody_can_guess(store: Store) -> None:
    first, second = create(store), create(store)
    assert first.id.startswith("p-")
    assert len(first.id) == 14
    assert first.id != second.id
    with store.read() as db:
        assert people.get(db, first.id) == first


@pytest.mark.parametrize(
    ("field", "value"), [("name", "  "), ("name", "x" * 101), ("address", "x" * 201), ("note", "x" * 2001)]
)
def test_what_cannot_be_right_is_refused_by_field(store: Store, field: str, value: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        create(store, **{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize("id", ["", "a b", "../x", "x" * 65, "赵"])
def test_an_id_that_cannot_stand_in_an_event_is_refused(store: Store, id: str) -> None:  # noqa: A002 the column's name
    with pytest.raises(InvalidValueError):
        create(store, id)


def test_a_second_person_of_one_id_is_refused_and_a_change_touches_only_what_it_names(store: Store) -> None:
    before = create(store, "a")
    with pytest.raises(ExistsError):
        create(store, "a")
    after = store.write(lambda db: people.change(db, "a", now_us=NOW_US, note="听力不好"))
    assert (after.note, after.name, after.address) == ("听力不好", before.name, before.address)
    with pytest.raises(NotFoundError):
        store.write(lambda db: people.change(db, "nobody", now_us=NOW_US, note=""))


def test_pages_go_on_where_the_last_ended(store: Store) -> None:
    for id in "dbca":  # noqa: A001 the column's name
        create(store, id)
    with store.read() as db:
        first = people.page(db, after=None, limit=3)
        assert [person.id for person in first] == ["a", "b", "c"]
        assert [person.id for person in people.page(db, after="c", limit=3)] == ["d"]


def test_a_devices_secret_is_shown_once_and_only_its_hash_is_kept(store: Store) -> None:
    device, secret = store.write(lambda db: devices.create(db, id="door", place="东门", now_us=NOW_US))
    assert (device.place, device.online, device.high, device.epoch) == ("东门", False, 0, None)
    with store.read() as db:
        row = next(db.query("SELECT * FROM devices"))
        assert secret not in str(row)
        assert row["secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
        assert devices.secret_is(db, "door", secret)
        assert not devices.secret_is(db, "door", secret + "x")
        assert not devices.secret_is(db, "nobody", secret)


def test_a_new_secret_voids_the_old(store: Store) -> None:
    _, old = store.write(lambda db: devices.create(db, id="door", place="", now_us=NOW_US))
    new = store.write(lambda db: devices.new_secret(db, "door", NOW_US))
    with store.read() as db:
        assert devices.secret_is(db, "door", new)
        assert not devices.secret_is(db, "door", old)


@pytest.mark.parametrize("id", ["Door", "-door", "a/b", "+", "door\n", "x" * 64, ""])
def test_a_device_that_cannot_stand_in_a_topic_is_refused(store: Store, id: str) -> None:  # noqa: A002 the column's name
    with pytest.raises(InvalidValueError):
        store.write(lambda db: devices.create(db, id=id, place="", now_us=NOW_US))


def test_a_login_code_opens_one_session_once_and_in_time(store: Store) -> None:
    code = store.write(lambda db: logins.new_code(db, now_us=NOW_US, ttl_s=60))
    late = store.write(lambda db: logins.new_code(db, now_us=NOW_US, ttl_s=60))
    in_time_us = NOW_US + 60_000_000 - 1
    token = store.write(lambda db: logins.redeem(db, code, now_us=in_time_us))
    assert token is not None
    assert store.write(lambda db: logins.redeem(db, code, now_us=in_time_us)) is None
    assert store.write(lambda db: logins.redeem(db, late, now_us=in_time_us + 1)) is None
    with store.read() as db:
        assert logins.holding(db, token, now_us=in_time_us)
        assert not logins.holding(db, token, now_us=in_time_us + SESSION_TTL_S * 1_000_000)
        assert not logins.holding(db, code, now_us=in_time_us)
        assert token not in str(list(db.query("SELECT * FROM sessions")))


def test_an_ended_session_is_over(store: Store) -> None:
    code = store.write(lambda db: logins.new_code(db, now_us=NOW_US, ttl_s=60))
    token = store.write(lambda db: logins.redeem(db, code, now_us=NOW_US))
    assert token is not None
    store.write(lambda db: logins.end_session(db, token))
    with store.read() as db:
        assert not logins.holding(db, token, now_us=NOW_US)


def test_login_codes_do_not_pile_up(store: Store) -> None:
    codes = [
        store.write(lambda db, n=n: logins.new_code(db, now_us=NOW_US + n, ttl_s=60))  # type: ignore[misc]
        for n in range(LOGIN_CODES_MAX + 1)
    ]
    assert store.write(lambda db: logins.redeem(db, codes[0], now_us=NOW_US)) is None, "the oldest went"
    assert store.write(lambda db: logins.redeem(db, codes[1], now_us=NOW_US)) is not None


def test_no_device_can_make_a_counter_run_over(store: Store) -> None:
    """A tombstone may speak of 2^53 events; SQLite's integers end at 2^63, and its sum() with them."""
    for name in ("door", "gate"):
        store.write(lambda db, name=name: devices.create(db, id=name, place="", now_us=NOW_US))  # type: ignore[misc]

    def lose(db: Database) -> None:
        for name in ("door", "gate"):
            for _ in range(1100):
                devices.count(db, name, "lost", INTEGER_MAX)

    store.write(lose)
    with store.read() as db:
        assert devices.alarms(db).lost == 2 * INTEGER_MAX
