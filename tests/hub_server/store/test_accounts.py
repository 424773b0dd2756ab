"""Who may open the page: names, roles, areas, the last administrator; and what a password must be."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.store import accounts, logins, passwords, throttle
from hub_server.store.accounts import Account
from hub_server.store.errors import (
    ConflictingChangeError,
    ExistsError,
    InvalidValueError,
    NotFoundError,
    StoreBusyError,
)
from hub_server.store.logins import IDLE_S, SESSIONS_MAX
from hub_server.store.passwords import Hasher
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000
GOOD = "桂花开了 又见炊烟 2026"


def make(store: Store, name: str = "wangmin", role: str = "grid_worker", **given: Any) -> Account:
    told: dict[str, Any] = {"display": "王敏", "by": "tests", "now_us": NOW_US} | given
    return store.write(lambda db: accounts.create(db, name=name, role=role, **told))


def areas(store: Store, *names: str, parent: str | None = None) -> None:
    def job(db: Database) -> None:
        for name in names:
            kind = "community" if parent is None else "grid"
            db.execute("INSERT INTO areas (name, kind, parent, created_us) VALUES (?, ?, ?, 0)", (name, kind, parent))

    store.write(job)


def reach(store: Store, account: Account) -> Reach:
    with store.read() as db:
        return accounts.reach_of(db, account)


def log_in(store: Store, name: str = "wangmin", *, now_us: int = NOW_US) -> str:
    return store.write(lambda db: logins.open_session(db, account=name, now_us=now_us))


def is_in(store: Store, token: str, *, now_us: int = NOW_US) -> bool:
    with store.read() as db:
        return logins.holding(db, token, now_us=now_us) is not None


def test_an_account_is_made_listed_and_found_without_its_password(store: Store) -> None:
    areas(store, "桂花村")
    made = make(store, areas=["桂花村"])
    assert (made.areas, made.password_us, made.disabled_us) == (frozenset({"桂花村"}), None, None)
    make(store, "limin", "viewer")
    with store.read() as db:
        assert [row.name for row in accounts.page(db, after=None, limit=10)] == ["limin", "wangmin"]
        assert [row.name for row in accounts.page(db, after="limin", limit=10)] == ["wangmin"]
        assert accounts.one(db, "wangmin") == made
        assert accounts.get(db, "nobody") is None


@pytest.mark.parametrize("name", ["", "Wang", "-w", ".w", "a b", "x" * 64, "王敏", "a/b", "a\n"])
def test_a_name_must_fit_into_a_path(store: Store, name: str) -> None:
    with pytest.raises(InvalidValueError, match="63"):
        make(store, name)


def test_a_name_serves_once_even_when_it_is_disabled(store: Store) -> None:
    make(store)
    store.write(lambda db: accounts.disable(db, "wangmin", now_us=NOW_US))
    with pytest.raises(ExistsError):
        make(store)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"role": "king"}, "role"),
        ({"areas": ["nowhere"]}, "areas"),
        ({"recipient": 7}, "recipient"),
        ({"display": "  "}, "display"),
        ({"settings": {"type": "x" * 3000}}, "settings"),
        ({"password": "sneaked in"}, "password"),
        ({"created_by": "somebody else"}, "created_by"),
    ],
)
def test_a_wrong_change_names_its_field_and_changes_nothing(store: Store, given: Any, field: str) -> None:
    before = make(store)
    with pytest.raises(InvalidValueError) as wrong:
        store.write(lambda db: accounts.change(db, "wangmin", **given))
    assert wrong.value.field == field
    with store.read() as db:
        assert accounts.one(db, "wangmin") == before


@pytest.mark.parametrize("role", accounts.ROLES)
def test_without_areas_an_administrator_and_an_auditor_look_everywhere_and_nobody_else(store: Store, role: str) -> None:
    found = reach(store, make(store, role=role))
    if role in {"administrator", "auditor"}:
        assert found == EVERYWHERE
    else:
        assert not found.covers("桂花村")
        assert found.areas == frozenset()


@pytest.mark.parametrize("role", accounts.ROLES)
def test_areas_bind_every_role_and_bring_what_lies_in_them(store: Store, role: str) -> None:
    areas(store, "桂花村", "东河社区")
    areas(store, "桂花村第二网格", parent="桂花村")
    found = reach(store, make(store, role=role, areas=["桂花村"]))
    assert found.areas == frozenset({"桂花村", "桂花村第二网格"})


def test_the_last_administrator_of_the_whole_office_stays(store: Store) -> None:
    areas(store, "桂花村")
    make(store, "boss", "administrator")
    make(store, "bound", "administrator", areas=["桂花村"])
    for attempt in (
        lambda db: accounts.disable(db, "boss", now_us=NOW_US),
        lambda db: accounts.change(db, "boss", role="viewer"),
        lambda db: accounts.change(db, "boss", areas=["桂花村"]),
    ):
        with pytest.raises(ConflictingChangeError):
            store.write(attempt)
    with store.read() as db:
        boss = accounts.one(db, "boss")
    assert (boss.role, boss.areas, boss.disabled_us) == ("administrator", frozenset(), None)
    make(store, "second", "administrator")
    store.write(lambda db: accounts.disable(db, "boss", now_us=NOW_US))
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: accounts.disable(db, "second", now_us=NOW_US))


def test_where_there_never_was_an_administrator_the_others_can_be_disabled(store: Store) -> None:
    make(store)
    assert store.write(lambda db: accounts.disable(db, "wangmin", now_us=NOW_US)).disabled_us == NOW_US


def test_there_are_only_so_many_accounts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "ACCOUNTS_MAX", 2)
    make(store, "a")
    make(store, "b")
    with pytest.raises(ConflictingChangeError):
        make(store, "c")


@pytest.mark.parametrize(
    "job",
    [
        lambda db: accounts.change(db, "wangmin", role="viewer"),
        lambda db: accounts.change(db, "wangmin", areas=["桂花村"]),
        lambda db: accounts.disable(db, "wangmin", now_us=NOW_US),
        lambda db: accounts.set_password(db, "wangmin", hashed="a hash", now_us=NOW_US),
        lambda db: logins.revoke_all(db, "wangmin"),
    ],
)
def test_other_rights_another_password_and_the_end_of_an_account_end_its_sessions_and_nobody_elses(
    store: Store, job: Any
) -> None:
    areas(store, "桂花村")
    make(store)
    make(store, "limin")
    mine, other = log_in(store), log_in(store, "limin")
    store.write(job)
    assert not is_in(store, mine)
    assert is_in(store, other)


def test_another_display_name_ends_no_session(store: Store) -> None:
    make(store)
    token = log_in(store)
    store.write(lambda db: accounts.change(db, "wangmin", display="王小敏", settings={"type": "large"}))
    assert is_in(store, token)


def test_a_session_is_over_after_seven_days_and_after_twelve_idle_hours(store: Store) -> None:
    make(store)
    token = log_in(store)
    idle_us = IDLE_S * 1_000_000
    assert is_in(store, token, now_us=NOW_US + idle_us - 1)
    assert not is_in(store, token, now_us=NOW_US + idle_us)
    with store.read() as db:
        (session,) = logins.of_account(db, "wangmin", now_us=NOW_US)
    for hour in range(10, 7 * 24, 10):
        store.write(lambda db, hour=hour: logins.seen(db, session.id, now_us=NOW_US + hour * 3_600_000_000))  # type: ignore[misc]
    assert is_in(store, token, now_us=NOW_US + 7 * DAY_US - 1)
    assert not is_in(store, token, now_us=NOW_US + 7 * DAY_US)


def test_a_session_is_revoked_by_its_id_and_only_by_its_own_account(store: Store) -> None:
    make(store)
    make(store, "limin")
    token = log_in(store)
    with store.read() as db:
        (session,) = logins.of_account(db, "wangmin", now_us=NOW_US)
    for wrong in (session.id[:-1], "", "0" * 16, session.id + "0", "%" * 16):
        with pytest.raises(NotFoundError):
            store.write(lambda db, wrong=wrong: logins.revoke(db, wrong))  # type: ignore[misc]
    with pytest.raises(NotFoundError):
        store.write(lambda db: logins.revoke(db, session.id, account="limin"))
    assert is_in(store, token)
    assert token not in session.id
    store.write(lambda db: logins.revoke(db, session.id, account="wangmin"))
    assert not is_in(store, token)


def test_one_account_has_only_so_many_sessions_and_the_newest_is_never_the_one_that_goes(store: Store) -> None:
    make(store)
    tokens = [log_in(store, now_us=NOW_US + n) for n in range(SESSIONS_MAX + 3)]
    assert [is_in(store, token) for token in tokens] == [False] * 3 + [True] * SESSIONS_MAX


def test_a_link_for_an_account_is_good_for_that_account_once_and_the_latest_only(store: Store) -> None:
    make(store)

    def code() -> str:
        return store.write(lambda db: logins.new_code(db, account="wangmin", now_us=NOW_US, ttl_s=60))

    early, late = code(), code()
    assert store.write(lambda db: logins.redeem(db, early, now_us=NOW_US)) is None
    with store.read() as db:
        good_for = logins.look(db, late, now_us=NOW_US)
    assert good_for is not None
    assert good_for.sets_password, "it has none yet"
    token = store.write(lambda db: logins.redeem(db, late, now_us=NOW_US))
    assert token is not None
    with store.read() as db:
        found = logins.holding(db, token, now_us=NOW_US)
    assert found is not None
    assert found.account is not None
    assert found.account.name == "wangmin"
    assert store.write(lambda db: logins.redeem(db, late, now_us=NOW_US)) is None


def test_invitations_do_not_push_out_the_owners_links(store: Store) -> None:
    for n in range(120):
        make(store, f"worker-{n}")
        store.write(lambda db, n=n: logins.new_code(db, account=f"worker-{n}", now_us=NOW_US, ttl_s=86_400))  # type: ignore[misc]
    own = store.write(lambda db: logins.new_code(db, now_us=NOW_US, ttl_s=60))
    assert store.write(lambda db: logins.redeem(db, own, now_us=NOW_US)) is not None


def test_a_link_for_a_disabled_account_opens_nothing_and_none_is_made(store: Store) -> None:
    make(store)
    code = store.write(lambda db: logins.new_code(db, account="wangmin", now_us=NOW_US, ttl_s=60))
    store.write(lambda db: accounts.disable(db, "wangmin", now_us=NOW_US))
    assert store.write(lambda db: logins.redeem(db, code, now_us=NOW_US)) is None
    with pytest.raises(NotFoundError):
        store.write(lambda db: logins.new_code(db, account="wangmin", now_us=NOW_US, ttl_s=60))


def test_browsers_are_known_no_longer_after_another_password(store: Store) -> None:
    make(store)
    store.write(lambda db: throttle.know(db, account="wangmin", browser="b", now_us=NOW_US))
    store.write(lambda db: accounts.set_password(db, "wangmin", hashed="h", now_us=NOW_US))
    with store.read() as db:
        assert not throttle.is_known(db, account="wangmin", browser="b", now_us=NOW_US)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "elevenchars",
        "x" * 129,
        "password1234",
        "Password1234",
        "qwertyuiop12",
        "wangmin12345",
        "aaaaaaaaaaaaaaaa",
        "守望守望守望守望守望守望",
        "ｐａｓｓｗｏｒｄ１２３４",
        "1234567890ab",
        "password12345678",
        "admin2024admin2024",
    ],
)
def test_a_password_that_is_short_or_guessed_first_is_refused(password: str) -> None:
    if password == "wangmin12345":
        passwords.demand_good(password, account="limin")
    with pytest.raises(InvalidValueError):
        passwords.demand_good(password, account="wangmin")


@pytest.mark.parametrize(
    "password", [GOOD, "correct horse", "x9-Kd2.mQ8_w", "我家门前有两棵树一棵是枣树", "xyzzy" * 25 + "abc"]
)
def test_a_long_one_is_taken_whatever_its_characters(password: str) -> None:
    passwords.demand_good(password, account="wangmin")


def test_a_password_fits_however_it_is_typed_and_only_itself() -> None:
    hasher = Hasher()
    hashed = hasher.hash("Ｋａｆｆｅｅ café 十二点")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.fits("Kaffee cafe\u0301 十二点", hashed)
    assert not hasher.fits("Kaffee cafe 十二点", hashed)
    assert not hasher.fits("x" * 1_000_000, hashed)
    assert not hasher.fits("anything", "no hash at all")


def test_who_is_unknown_costs_the_same_work_and_never_fits() -> None:
    hasher = Hasher()
    hashed = hasher.hash(GOOD)
    before = hasher.worked
    assert not hasher.fits("wrong", hashed)
    assert not hasher.fits("wrong", None)
    assert not hasher.fits("nobody has this one", None)
    assert hasher.worked - before == 3


def test_a_hash_of_other_parameters_is_to_be_made_anew() -> None:
    weak = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21l$ZGlnZXN0ZGlnZXN0ZGlnZXN0"
    hasher = Hasher()
    assert hasher.is_old(weak)
    assert not hasher.is_old(hasher.hash(GOOD))


def test_a_rehash_loses_against_a_change_of_the_password(store: Store) -> None:
    make(store)
    store.write(lambda db: accounts.set_password(db, "wangmin", hashed="old", now_us=NOW_US))
    store.write(lambda db: accounts.set_password(db, "wangmin", hashed="changed", now_us=NOW_US))
    store.write(lambda db: accounts.rehash(db, "wangmin", before="old", hashed="stronger"))
    with store.read() as db:
        assert accounts.password(db, "wangmin") == "changed"


def test_when_a_crowd_waits_strangers_are_sent_away_and_who_is_known_still_gets_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "WAITING_MAX", 1)
    monkeypatch.setattr(passwords, "WAITING_KNOWN_MAX", 3)
    hasher = Hasher()
    hashed = hasher.hash(GOOD)
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(hasher.fits(GOOD, hashed, known=True)))
    with turn_taken(hasher):
        waiting.start()
        while hasher._waiting == 0:
            pass
        with pytest.raises(StoreBusyError):
            hasher.fits(GOOD, hashed)
        monkeypatch.setattr(passwords, "WAIT_S", 0.01)
        worked = hasher.worked
        with pytest.raises(StoreBusyError):
            hasher.fits(GOOD, hashed, known=True)
    waiting.join()
    assert results == [True]
    assert hasher.worked == worked + 1, "who gave up is not worked for"
    monkeypatch.undo()
    assert hasher.fits(GOOD, hashed)


@contextmanager
def turn_taken(hasher: Hasher) -> Iterator[None]:
    """Somebody's turn lasts."""
    done = threading.Event()
    hasher._worker.submit(done.wait)
    try:
        yield
    finally:
        done.set()


def test_all_hashes_are_made_by_one_thread_so_that_one_alone_keeps_their_memory() -> None:
    hasher = Hasher()
    seen: set[int] = set()

    def noting(job: Any) -> Any:
        seen.add(threading.get_ident())
        return job()

    hasher._counted = noting  # type: ignore[method-assign]
    askers = [threading.Thread(target=hasher.hash, args=(GOOD,)) for _ in range(8)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    assert len(seen) == 1
    assert threading.get_ident() not in seen
