"""`hub-server audit verify | head | list`: who looked at whom, and whether nobody has changed it since."""

import argparse
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from sqlite_utils import Database

from hub_server.app.audit_head import day
from hub_server.cli.speech import CommandError, say, say_json
from hub_server.store import audit, audit_heads, audit_reading
from hub_server.store.audit_reading import AuditRow, Verified, Why
from hub_server.store.backup import DATABASE_NAME
from hub_server.store.connection import open_reader
from hub_server.store.errors import StoreError
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.store import now_us
from hub_server.web.times import rfc3339

_STORY: Final = """\
each look at a person, picture or plate and each change is a row, chained to the one before it:
  hub-server audit list --data ./hub --subject person/p-li
  hub-server audit verify --data ./hub
  hub-server audit verify --data ./hub --head /mnt/auditor/audit-heads.txt

Once a day the hub appends the chain's head to DATA/audit-heads.txt, and to the folder of --keys-mirror. Whoever keeps
those lines elsewhere sees with --head whether the end was cut off, or all of it was made anew, since then. A hub that
was restored from a backup has lost the rows that came after it: lines of those days then fail, and rightly.
"""
_WHY: Final = {
    Why.PAYLOAD: "what it says was edited",
    Why.CHAIN: "its time, its actor or its place was edited",
    Why.COPY: "what it is found by is not what it says",
    Why.GAP: "a row before it is gone",
    Why.START: "the oldest rows are gone, and the chain does not say so",
    Why.CUT: "rows behind it are gone",
    Why.HEAD: "it is not the row whose head was exported: rows were made anew since",
    Why.BLANKED: "more rows are blank than erasures have blanked",
}
T = TypeVar("T")


def verify(asked: argparse.Namespace) -> int:
    """1 when the chain does not hold."""
    own = asked.data / audit_heads.FILE_NAME
    files = [*([own] if own.exists() else []), *asked.head]
    try:
        known = [line.head for path in files for line in audit_heads.read(path)]
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from error
    found = _read(asked.data, lambda db: audit_reading.verify(db, known=known))
    if asked.json:
        say_json(_as_json(found, known=len(known)))
    else:
        say(_words(found, known=len(known)))
    return 0 if found.broken is None else 1


def head(asked: argparse.Namespace) -> int:
    """One line, as the exported file has them."""
    end = _read(asked.data, audit.head)
    if asked.json:
        say_json({"id": end.id, "at": rfc3339(end.at_us), "chain": end.chain.hex()})
    else:
        say(audit_heads.line(day=day(now_us()), head=end))
    return 0


def listed(asked: argparse.Namespace) -> int:
    def read(db: Database) -> list[AuditRow]:
        return audit_reading.page(
            db, before=asked.before, limit=asked.limit, actor=asked.actor, action=asked.action, subject=asked.subject
        )

    rows = _read(asked.data, read)
    if asked.json:
        say_json({"items": [_row(row) for row in rows]})
        return 0
    for row in rows:
        detail = " ".join(f"{name}={value}" for name, value in row.detail.items())
        say(f"{row.id:>8}  {rfc3339(row.at_us)[:19]}Z  {row.actor:<24} {row.action:<26} {row.subject or ''}  {detail}")
    if not rows:
        say("没有  nothing")
    return 0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of the command."""
    parser = commands.add_parser(
        "audit",
        help="who looked at whom and who changed what; does its chain hold",
        epilog=_STORY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    verifying = actions.add_parser("verify", help="read the whole chain, and compare it with every exported head")
    verifying.add_argument(
        "--head",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="lines that were kept elsewhere; repeatable",
    )
    verifying.set_defaults(run=verify)
    ending = actions.add_parser("head", help="where the chain ends: keep the line elsewhere")
    ending.set_defaults(run=head)
    listing = actions.add_parser("list", help="rows, the newest first")
    listing.add_argument("--actor", metavar="TEXT", help="as it begins, for example 'account wangmin'")
    listing.add_argument("--action", metavar="TEXT", help="as it begins, for example people.")
    listing.add_argument("--subject", metavar="TEXT", help="as it begins, for example person/p-li")
    listing.add_argument("--before", type=int, metavar="ID", help="older than this row")
    listing.add_argument("--limit", type=_limit, default=50, metavar="N", help="so many rows (default %(default)s)")
    listing.set_defaults(run=listed)
    for action in (verifying, ending, listing):
        action.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
        action.add_argument("--json", action="store_true", help="one JSON object instead of words")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= PAGE_ROWS_MAX):
        raise argparse.ArgumentTypeError(f"1 to {PAGE_ROWS_MAX}")
    return int(text)


def _read(data_dir: Path, ask: Callable[[Database], T]) -> T:
    """One moment of the store, whether a hub runs there or not. Raises CommandError."""
    path = data_dir / DATABASE_NAME
    if not path.is_file():
        raise CommandError(f"there is no store in {data_dir}")
    try:
        with closing(open_reader(path)) as db:
            db.conn.execute("BEGIN")
            return ask(db)
    except (StoreError, sqlite3.Error, OSError) as error:
        raise CommandError(f"the audit cannot be read: {error}") from error


def _words(found: Verified, *, known: int) -> str:
    if found.broken is not None:
        return f"FAIL  row {found.broken.id}: {_WHY[found.broken.why]}"
    heads = f", as the {known} exported heads say" if known else "; no head was exported yet"
    blank = f", {found.forgotten} of them about people who are erased" if found.forgotten else ""
    return f"ok    {found.rows} rows from {found.first} to {found.head.id}{blank}{heads}"


def _as_json(found: Verified, *, known: int) -> dict[str, object]:
    broken = None if found.broken is None else {"id": found.broken.id, "why": found.broken.why.value}
    return {
        "ok": broken is None,
        "broken": broken,
        "first": found.first,
        "last": found.head.id,
        "rows": found.rows,
        "forgotten": found.forgotten,
        "heads": known,
    }


def _row(row: AuditRow) -> dict[str, object]:
    return {
        "id": row.id,
        "at": rfc3339(row.at_us),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "detail": dict(row.detail),
        "forgotten": row.forgotten,
    }
