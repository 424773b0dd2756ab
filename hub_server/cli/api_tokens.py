"""`hub-server token create | list | revoke`: through the running hub, or in the store when none runs."""

import argparse
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError, say, say_json
from hub_server.store import tokens
from hub_server.store.errors import (
    ConflictingChangeError,
    ExistsError,
    InvalidValueError,
    NotFoundError,
    StoreBusyError,
)
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.store import Store
from hub_server.web import shapes
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds

EXPIRES_DAYS_MAX = 3650
Json = Mapping[str, Any]
T = TypeVar("T")


def create(asked: argparse.Namespace) -> int:
    expires_at = None if asked.expires_days is None else datetime.now(UTC) + timedelta(days=asked.expires_days)
    made = _create(asked.data, asked.name, asked.scope, expires_at)
    if asked.json:
        say_json(made)
        return 0
    say(_line(made))
    say(f"secret {made['secret']}")
    say("Give it to the program now: it is not shown again. It goes into the header Authorization: Bearer.")
    return 0


def show(asked: argparse.Namespace) -> int:
    found = _list(asked.data)
    if asked.json:
        say_json({"items": found})
        return 0
    for token in found:
        say(_line(token))
    return 0


def revoke(asked: argparse.Namespace) -> int:
    gone = _revoke(asked.data, asked.name)
    if asked.json:
        say_json(gone)
        return 0
    say(_line(gone))
    if gone["name"] == tokens.LOCAL:
        say("The hub writes a new one into its data directory when it starts the next time.")
    return 0


def scopes(text: str) -> list[Scope]:
    """Of an argument: names with commas between. Raises ArgumentTypeError."""
    try:
        return [Scope(word.strip()) for word in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"one or more of {','.join(Scope)}") from error


def expires_days(text: str) -> int:
    """Of an argument. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= EXPIRES_DAYS_MAX):
        raise argparse.ArgumentTypeError(f"whole days, 1 to {EXPIRES_DAYS_MAX}")
    return int(text)


def _create(data_dir: Path, name: str, wanted: list[Scope], expires_at: datetime | None) -> Json:
    def inside(store: Store) -> Json:
        expires_us = None if expires_at is None else microseconds(expires_at)
        now_us = store.now_us()
        row, secret = store.write(
            lambda db: tokens.create(db, name=name, scopes=wanted, expires_us=expires_us, now_us=now_us)
        )
        return {**shapes.token(row, now_us=now_us), "secret": secret}

    body: dict[str, object] = {
        "name": name,
        "scopes": wanted,
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
    return _either(data_dir, inside, lambda hub: hub.post("/api/v1/tokens", body))


def _list(data_dir: Path) -> list[Json]:
    def inside(store: Store) -> list[Json]:
        with store.read() as db:
            rows = tokens.page(db, after=None, limit=tokens.TOKENS_MAX)
        return [shapes.token(row, now_us=store.now_us()) for row in rows]

    path = f"/api/v1/tokens?limit={min(tokens.TOKENS_MAX, PAGE_ROWS_MAX)}"
    return _either(data_dir, inside, lambda hub: list(hub.get(path)["items"]))


def _revoke(data_dir: Path, name: str) -> Json:
    def inside(store: Store) -> Json:
        now_us = store.now_us()
        return shapes.token(store.write(lambda db: tokens.revoke(db, name, now_us=now_us)), now_us=now_us)

    if not tokens.is_name(name):  # it becomes a part of a path
        raise CommandError(f"there is no token {name}")
    return _either(data_dir, inside, lambda hub: hub.post(f"/api/v1/tokens/{name}/revoke"))


def _either(data_dir: Path, inside: Callable[[Store], T], through: Callable[[RunningHub], T]) -> T:
    """By the store when nobody holds it, else through the hub that does."""
    try:
        store = Store.open(data_dir)
    except StoreBusyError:
        return through(RunningHub.of(data_dir))
    try:
        return inside(store)
    except (ExistsError, InvalidValueError, NotFoundError, ConflictingChangeError) as error:
        raise CommandError(str(error)) from error
    finally:
        store.close()


def _line(token: Json) -> str:
    until = f"until {token['expires_at']}" if token["expires_at"] else "without end"
    used = f"used {token['last_used_at']}" if token["last_used_at"] else "never used"
    return f"{token['name']}  {token['state']}  {','.join(token['scopes'])}  {until}  {used}"
