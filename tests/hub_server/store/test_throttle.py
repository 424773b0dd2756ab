"""Failures make the next try wait, for its own account and source; never for good, never for who is known here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from hub_server.store import accounts, throttle
from hub_server.store.store import Store
from hub_server.store.throttle import FREE, FREE_OF_ACCOUNT, WAIT_S_MAX, delay_s, place_of

NOW_US = 1_795_471_200_000_000
S = 1_000_000
DAY_US = 86_400 * S


def fail(
    store: Store, source: str = "10.0.0.1", *, account: str = "wangmin", browser: str | None = None, at: int
) -> int:
    """A try with a wrong password; what it has to wait, and then it did not count."""

    def job(db: Database) -> int:
        counted = throttle.subjects(db, account=account, source=source, browser=browser, now_us=at)
        return throttle.charge(db, counted, now_us=at)

    return store.write(job)


def succeed(store: Store, source: str = "10.0.0.1", *, browser: str | None = None, at: int) -> int:
    def job(db: Database) -> int:
        counted = throttle.subjects(db, account="wangmin", source=source, browser=browser, now_us=at)
        left_us = throttle.charge(db, counted, now_us=at)
        if left_us == 0:
            throttle.give_back(db, counted)
        return left_us

    return store.write(job)


def know(store: Store, browser: str = "a browser", *, at: int = NOW_US) -> str:
    def job(db: Database) -> None:
        if accounts.get(db, "wangmin") is None:
            accounts.create(db, name="wangmin", display="王敏", role="viewer", by="tests", now_us=at)
        throttle.know(db, account="wangmin", browser=browser, now_us=at)

    store.write(job)
    return browser


def exhaust(store: Store, *, at: int, sources: int = 200) -> int:
    """Attackers from many addresses, until the account makes every strange browser wait longest; the time then."""
    n = 0
    while (left_us := fail(store, f"10.{n // 250}.{n % 250}.7", at=at)) < 0.9 * WAIT_S_MAX * S:
        at += left_us
        n += 1
        assert n < sources
    return at


def test_the_first_failures_are_free_and_then_each_waits_twice_as_long(store: Store) -> None:
    at = NOW_US
    for _ in range(FREE + 1):
        assert fail(store, at=at) == 0
    waits = []
    for _ in range(12):
        left_us = fail(store, at=at)
        waits.append(left_us // S)
        assert fail(store, at=at + left_us - 1) == 1  # not a microsecond early
        at += left_us
        assert fail(store, at=at) == 0
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_a_try_that_must_wait_neither_counts_nor_makes_the_wait_longer(store: Store) -> None:
    for _ in range(FREE + 1):
        fail(store, at=NOW_US)
    for _ in range(500):
        assert fail(store, at=NOW_US) == 2 * S
    assert fail(store, at=NOW_US + 2 * S) == 0


def test_another_source_and_another_account_do_not_wait_with_it(store: Store) -> None:
    for _ in range(FREE + 1):
        fail(store, at=NOW_US)
    assert fail(store, at=NOW_US) > 0
    assert fail(store, "10.0.0.2", at=NOW_US) == 0
    assert fail(store, account="limin", at=NOW_US) == 0


def test_many_sources_together_make_every_strange_browser_wait(store: Store) -> None:
    for n in range(FREE_OF_ACCOUNT + 1):
        assert fail(store, f"10.0.{n}.1", at=NOW_US) == 0
    assert fail(store, "10.9.9.9", at=NOW_US) > 0


def test_a_browser_that_is_known_waits_for_its_own_failures_only(store: Store) -> None:
    browser = know(store)
    at = exhaust(store, at=NOW_US)
    assert fail(store, "10.200.0.1", at=at) > 0
    assert succeed(store, browser=browser, at=at) == 0
    for _ in range(FREE + 1):
        assert fail(store, browser=browser, at=at) == 0
    assert succeed(store, browser=browser, at=at) > 0
    other = know(store, "another browser")
    assert succeed(store, browser=other, at=at) == 0


def test_a_browser_known_to_one_account_or_made_up_is_strange_to_another(store: Store) -> None:
    browser = know(store)
    for n in range(FREE_OF_ACCOUNT + 1):
        fail(store, f"10.0.{n}.1", account="limin", at=NOW_US)
    assert fail(store, "10.9.9.9", account="limin", browser=browser, at=NOW_US) > 0
    assert fail(store, "10.9.9.9", account="limin", browser="made up", at=NOW_US) > 0


def test_a_browser_is_known_for_half_a_year_after_its_last_login(store: Store) -> None:
    browser = know(store)
    end_us = NOW_US + throttle.BROWSER_TTL_S * S
    with store.read() as db:
        assert throttle.is_known(db, account="wangmin", browser=browser, now_us=end_us - 1)
        assert not throttle.is_known(db, account="wangmin", browser=browser, now_us=end_us)
    know(store, browser, at=end_us - 1)
    with store.read() as db:
        assert throttle.is_known(db, account="wangmin", browser=browser, now_us=end_us)


def test_a_right_password_forgets_what_the_own_source_did_and_not_what_others_did(store: Store) -> None:
    for n in range(FREE_OF_ACCOUNT):
        fail(store, f"10.0.{n}.1", at=NOW_US)
    for _ in range(30):
        assert succeed(store, at=NOW_US) == 0  # it costs nothing, however often
    assert fail(store, "10.9.9.8", at=NOW_US) == 0
    assert fail(store, "10.9.9.9", at=NOW_US) > 0


def test_many_tries_at_once_cannot_outrun_the_count(store: Store) -> None:
    """Each is charged before the password is looked at, so the sixth of a burst is not looked at."""
    looked_at = [fail(store, at=NOW_US) == 0 for _ in range(50)]
    assert sum(looked_at) == FREE + 1


def test_a_try_that_was_not_looked_at_is_given_back(store: Store) -> None:
    def job(db: Database) -> None:
        counted = throttle.subjects(db, account="wangmin", source="10.0.0.1", browser=None, now_us=NOW_US)
        assert throttle.charge(db, counted, now_us=NOW_US) == 0
        throttle.uncharge(db, counted)

    for _ in range(50):
        store.write(job)
    assert fail(store, at=NOW_US) == 0


def test_what_is_a_day_old_is_forgotten_and_so_is_what_a_clock_set_back_left_in_the_future(store: Store) -> None:
    for _ in range(FREE + 1):
        fail(store, at=NOW_US)
    assert fail(store, at=NOW_US - DAY_US) == 0
    for _ in range(FREE + 1):
        fail(store, at=NOW_US + DAY_US)
    assert fail(store, "10.1.1.1", at=NOW_US + 2 * DAY_US) == 0
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM login_tries").fetchone()[0] == 2


def test_the_table_is_bounded_and_what_was_quiet_longest_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "TRIES_MAX", 20)
    for n in range(100):
        fail(store, account=f"made-up-{n}", at=NOW_US + n)
        with store.read() as db:
            assert db.execute("SELECT count(*) FROM login_tries").fetchone()[0] <= 21


def test_neither_names_nor_addresses_stand_in_the_table(store: Store) -> None:
    fail(store, "203.0.113.77", at=NOW_US)
    know(store)
    with store.read() as db:
        text = str([list(db.table(table).rows) for table in ("login_tries", "known_browsers")])
    assert "203.0.113.77" not in text
    assert "a browser" not in text


def test_one_account_has_only_so_many_known_browsers(store: Store) -> None:
    for n in range(throttle.BROWSERS_MAX + 5):
        know(store, f"browser {n}", at=NOW_US + n)
    with store.read() as db:
        known = [throttle.is_known(db, account="wangmin", browser=f"browser {n}", now_us=NOW_US) for n in range(25)]
    assert known == [False] * 5 + [True] * 20


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("192.168.3.17", "192.168.3.17"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.168.3.17", "192.168.3.17"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_of_an_address_only_the_part_counts_that_one_person_cannot_easily_change(source: str, place: str) -> None:
    assert place_of(source) == place


@given(st.integers(0, 10**6), st.integers(0, 50))
def test_a_wait_grows_with_the_failures_and_never_beyond_a_quarter_of_an_hour(failures: int, free: int) -> None:
    assert 0 <= delay_s(failures, free=free) <= delay_s(failures + 1, free=free) <= WAIT_S_MAX
    assert (delay_s(failures, free=free) == 0) == (failures <= free)
