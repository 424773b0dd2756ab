"""`hub-server backup`, `restore`, `verify`: what is kept, brought back, and known to be right."""

import argparse
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
from sqlite_utils import Database

from hub_server.cli.speech import CommandError, say, say_json
from hub_server.store import backup, verify
from hub_server.store.backup import DATABASE_NAME
from hub_server.store.connection import open_copy, open_reader
from hub_server.store.errors import StoreError
from hub_server.store.restore import restore
from hub_server.store.store import now_us
from hub_server.store.verify import Check


def run_backup(asked: argparse.Namespace) -> int:
    try:
        made = backup.take(asked.data, asked.to, now_us=now_us())
    except (StoreError, OSError, sqlite3.Error) as error:
        raise CommandError(f"no backup was made: {error}") from error
    if asked.json:
        say_json({"path": str(made.path), "manifest": msgspec.to_builtins(made.manifest)})
        return 0
    say(f"backup   {made.path}")
    say(f"taken    {made.manifest.taken_at}")
    say(f"holds    {sum(made.manifest.counts.values())} rows, {made.manifest.bytes} bytes")
    say(f"sha256   {made.manifest.sha256}")
    return 0


def run_restore(asked: argparse.Namespace) -> int:
    try:
        done = restore(asked.data, asked.source, force=asked.force, now_us=now_us())
    except (StoreError, OSError, sqlite3.Error) as error:
        raise CommandError(f"nothing was restored: {error}") from error
    if asked.json:
        aside = None if done.set_aside is None else str(done.set_aside)
        say_json({"data": str(asked.data), "taken_at": done.backup.manifest.taken_at, "set_aside": aside})
        return 0
    say(f"restored   {asked.data}, as it was at {done.backup.manifest.taken_at}")
    if done.set_aside is not None:
        say(f"set aside  {done.set_aside}")
    say("Cameras will send again what came after that time, as far as they still keep it.")
    return 0


def run_verify(asked: argparse.Namespace) -> int:
    try:
        found = _checks_of_backup(asked.source) if asked.data is None else _checks_of_store(asked.data)
    except (StoreError, OSError, sqlite3.Error) as error:
        raise CommandError(f"cannot be verified: {error}") from error
    well = all(check.ok for check in found)
    if asked.json:
        say_json({"ok": well, "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in found]})
    else:
        for check in found:
            say(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<16} {check.detail}")
    return 0 if well else 1


def _checks_of_backup(path: Path) -> list[Check]:
    manifest = backup.read(path).manifest
    with closing(open_copy(path)) as db:
        return [Check(name="sha256", ok=True, detail=manifest.sha256), _counts(db, manifest.counts), *verify.checks(db)]


def _checks_of_store(data_dir: Path) -> list[Check]:
    path = data_dir / DATABASE_NAME
    if not path.is_file():
        raise CommandError(f"there is no store in {data_dir}")
    with closing(open_reader(path)) as db:
        db.conn.execute("BEGIN")  # one moment, whether a hub runs there or not
        return verify.checks(db)


def _counts(db: Database, told: dict[str, int]) -> Check:
    found = backup.counts(db)
    return Check(
        name="rows", ok=found == told, detail=f"{sum(found.values())} rows; the manifest says {sum(told.values())}"
    )


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of the three commands."""
    taking = commands.add_parser("backup", help="copy the store, while the hub runs or not")
    taking.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    taking.add_argument("--to", type=Path, required=True, metavar="FILE|DIR", help="a new file, or a folder for it")
    taking.set_defaults(run=run_backup)
    restoring = commands.add_parser("restore", help="make a data folder of a backup")
    restoring.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder to make")
    restoring.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE", help="the backup")
    restoring.add_argument("--force", action="store_true", help="when the folder is not empty: set it aside first")
    restoring.set_defaults(run=run_restore)
    verifying = commands.add_parser("verify", help="check what must hold in a store or in a backup")
    either = verifying.add_mutually_exclusive_group(required=True)
    either.add_argument("--data", type=Path, metavar="DIR", help="a hub's folder, while it runs or not")
    either.add_argument("--from", dest="source", type=Path, metavar="FILE", help="a backup")
    verifying.set_defaults(run=run_verify)
    for parser in (taking, restoring, verifying):
        parser.add_argument("--json", action="store_true", help="one JSON object instead of words")
