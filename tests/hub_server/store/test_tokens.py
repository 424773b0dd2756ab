import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hub_server.store import devices, migrations, tokens
from hub_server.store.connection import open_writer
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.store import Store
from hub_server.store.tokens import LOCAL, USED_EVERY_US, Token

NOW_US = 1_795_471_200_000_000
MINUTE_US = 60_000_000


def make(store: Store, name: str = "screen", **given: Any) -> tuple[Token, str]:
    told = {"scopes": ["read"], "expires_us": None, "now_us": NOW_US} | given
    return store.write(lambda db: tokens.create(db, name=name, **told))


def held(store: Store, secret: str) -> Token | None:
    with store.read() as db:
        return tokens.holding(db, secret)


def test_a_token_is_found_by_its_secret_of_which_only_the_hash_is_stored(store: Store) -> None:
    token, secret = make(store, scopes=["read", "alerts"], expires_us=NOW_US + 1)
    assert held(store, secret) == token
    assert held(store, secret + "x") is None
    assert token.scopes == {"read", "alerts"}
    assert (token.created_us, token.last_used_us, token.revoked_us) == (NOW_US, None, None)
    with store.read() as db:
        (row,) = db.query("SELECT * FROM tokens")
    assert row["sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(row)
    assert len(secret.removeprefix("shouwang_")) == 43  # 256 bits
    assert make(store, "other")[1] != secret


def test_it_lives_until_the_very_moment_it_expires_or_is_revoked(store: Store) -> None:
    token, secret = make(store, expires_us=NOW_US + 1)
    assert token.lives(now_us=NOW_US)
    assert not token.lives(now_us=NOW_US + 1)
    revoked = store.write(lambda db: tokens.revoke(db, "screen", now_us=NOW_US))
    assert not revoked.lives(now_us=NOW_US)
    assert held(store, secret) == revoked
    again = store.write(lambda db: tokens.revoke(db, "screen", now_us=NOW_US + 9))
    assert again.revoked_us == NOW_US


def test_a_name_serves_once_even_after_revocation(store: Store) -> None:
    make(store)
    with pytest.raises(ExistsError):
        make(store)
    store.write(lambda db: tokens.revoke(db, "screen", now_us=NOW_US))
    with pytest.raises(ExistsError):
        make(store)
    with pytest.raises(ExistsError):
        make(store, LOCAL)


@pytest.mark.parametrize("name", ["", "Screen", "-a", "a b", "x" * 64, "屏"])
def test_a_name_must_fit_into_a_path(store: Store, name: str) -> None:
    with pytest.raises(InvalidValueError, match="63"):
        make(store, name)


def test_no_scope_or_an_end_in_the_past_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValueError):
        make(store, scopes=[])
    with pytest.raises(InvalidValueError):
        make(store, expires_us=NOW_US)
    with pytest.raises(NotFoundError):
        store.write(lambda db: tokens.revoke(db, "screen", now_us=NOW_US))


def test_use_is_worth_noting_once_a_minute_and_after_a_clock_set_back(store: Store) -> None:
    fresh, secret = make(store)
    assert tokens.is_worth_noting(fresh, now_us=NOW_US)
    store.write(lambda db: tokens.used(db, "screen", now_us=NOW_US))
    used = held(store, secret)
    assert used is not None
    assert used.last_used_us == NOW_US
    assert not tokens.is_worth_noting(used, now_us=NOW_US + USED_EVERY_US - 1)
    assert tokens.is_worth_noting(used, now_us=NOW_US + USED_EVERY_US)
    assert tokens.is_worth_noting(used, now_us=NOW_US - MINUTE_US)


def test_above_the_limit_what_is_over_goes_first_and_what_lives_is_never_pushed_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "TOKENS_MAX", 3)
    adopt(store, "file-1")
    make(store, "expired", expires_us=NOW_US + 1)
    make(store, "revoked", now_us=NOW_US + 1)
    store.write(lambda db: tokens.revoke(db, "revoked", now_us=NOW_US + 2))
    make(store, "new-1", now_us=NOW_US + 2)
    assert names(store) == ["local", "new-1", "revoked"]
    make(store, "new-2", now_us=NOW_US + 2)
    assert names(store) == ["local", "new-1", "new-2"]
    with pytest.raises(ConflictingChangeError):
        make(store, "new-3", now_us=NOW_US + 2)
    assert names(store) == ["local", "new-1", "new-2"]


def test_a_store_from_before_the_tokens_gets_them_and_keeps_the_rest(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.write(lambda db: devices.create(db, id="east-gate", place="", now_us=NOW_US))
    store.close()
    connection = sqlite3.connect(tmp_path / "hub.sqlite3")
    connection.execute("DROP TABLE tokens")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0002_tokens'")
    connection.commit()
    connection.close()
    store = Store.open(tmp_path)
    make(store)
    assert names(store) == ["screen"]
    with store.read() as db:
        assert devices.get(db, "east-gate") is not None
    store.close()


def test_programs_that_were_shown_people_in_the_clear_still_are_once_reading_is_masked(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "hub.sqlite3")) as db:
        migrations._steps.apply(db, stop_before="m0008_office")
        for name, scopes in (("board", "read"), ("desk", "read alerts"), ("tools", "devices")):
            db.execute(
                "INSERT INTO tokens (name, sha256, scopes, created_us) VALUES (?, ?, ?, 1)", (name, name, scopes)
            )
    store = Store.open(tmp_path)
    with store.read() as db:
        found = {token.name: token.scopes for token in tokens.page(db, after=None, limit=9)}
    store.close()
    assert found == {"board": {"read", "reveal"}, "desk": {"read", "alerts", "reveal"}, "tools": {"devices"}}


def names(store: Store) -> list[str]:
    with store.read() as db:
        return [token.name for token in tokens.page(db, after=None, limit=500)]


def adopt(store: Store, secret: str, scopes: tuple[str, ...] = ("read",)) -> bool:
    return store.write(lambda db: tokens.adopt_local(db, secret=secret, scopes=scopes, now_us=NOW_US))


def test_the_local_token_follows_its_file_and_gains_the_scopes_that_a_new_version_brings(store: Store) -> None:
    assert adopt(store, "file-1")
    assert adopt(store, "file-1", ("read", "admin"))
    token = held(store, "file-1")
    assert token is not None
    assert token.name == LOCAL
    assert token.scopes == {"read", "admin"}
    assert adopt(store, "file-2")
    assert held(store, "file-1") is None
    assert names(store) == [LOCAL]


def test_a_local_token_that_was_revoked_is_not_taken_back_but_another_is(store: Store) -> None:
    adopt(store, "file-1")
    store.write(lambda db: tokens.revoke(db, LOCAL, now_us=NOW_US))
    assert not adopt(store, "file-1")
    gone = held(store, "file-1")
    assert gone is not None
    assert gone.revoked_us == NOW_US
    assert adopt(store, "file-2")
    fresh = held(store, "file-2")
    assert fresh is not None
    assert fresh.revoked_us is None
