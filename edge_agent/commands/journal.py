"""`edge-agent journal`: what waits on this device for the hub, and how to save it by hand."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from edge_agent.errors import ShouwangError

if TYPE_CHECKING:
    from edge_agent.journal.export import Export, Stored
    from edge_agent.journal.status import JournalStatus

PROGRESS_EVERY_S: Final = 2.0

_EXAMPLES = """\
examples:
  edge-agent journal status --config agent.toml
  edge-agent journal status --journal /var/lib/shouwang/journal.sqlite3 --json | jq .unsent
  edge-agent journal export --config agent.toml --unsent --output waiting.jsonl

Each word has its own help: edge-agent journal export --help
"""

_STATUS = """\
How many events wait for the hub, how old the oldest is, how full the journal is, what was given up, and which damaged
journals lie beside it. Works while the agent runs, and changes nothing.

An event's importance says when it goes if space is short: counts (strangers, unknown plates) first, then ordinary ones
(known plates), then safety (known people, what cameras did, clocks). The hub hears of every place that is lost.
"""

_STATUS_EXAMPLES = """\
examples:
  edge-agent journal status --config agent.toml
  edge-agent journal status --journal journal.sqlite3 --json | jq .oldest_unsent_age_s
"""

_EXPORT = """\
Write events as JSON lines, in the order of their places:

  {"epoch", "seq", "last_seq", "hash", "event"}

The event stands there byte for byte as it is stored; "hash" is the SHA-256 of these bytes. "last_seq" differs from
"seq" for a tombstone ("lost") only. Works while the agent runs, and changes nothing.

It also reads a journal that was set aside because it was damaged (NAME.damaged-N): what cannot be read is left out, its
number is said on standard error, and the exit status is 1. Events that the journal had given up may be among them, and
"epoch" is null when the file does not tell it any more.
"""

_EXPORT_EXAMPLES = """\
examples:
  edge-agent journal export --config agent.toml --unsent --output waiting.jsonl
  edge-agent journal export --journal journal.sqlite3.damaged-1795471158905000000 --output saved.jsonl
  edge-agent journal export --config agent.toml | jq -c 'select(.event.type == "passage")'
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "journal",
        help="what waits on this device for the hub, and how to save it",
        description="Look into the journal: what this device keeps until the hub has it, and a week longer.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    status = _word(words, "status", "how much waits, how old it is, what was given up", _STATUS, _STATUS_EXAMPLES)
    status.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    status.set_defaults(run=run_status)
    export = _word(words, "export", "write events as JSON lines, also of a damaged journal", _EXPORT, _EXPORT_EXAMPLES)
    export.add_argument("--output", type=Path, metavar="FILE", help="only made when all is written; default: stdout")
    export.add_argument("--epoch", metavar="E", help="of this epoch only (32 hex digits); default: of all")
    export.add_argument("--after", type=_place, default=0, metavar="SEQ", help="only what follows this place")
    export.add_argument("--unsent", action="store_true", help="only what the hub has not acknowledged")
    export.set_defaults(run=run_export)


def _word(
    words: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str, description: str, examples: str
) -> argparse.ArgumentParser:
    parser = words.add_parser(
        name,
        help=what,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", type=Path, metavar="FILE", help="agent.toml, which names the journal")
    source.add_argument("--journal", type=Path, metavar="FILE", help="the journal itself")
    return parser


def _place(text: str) -> int:
    place = int(text)
    if place < 0:
        raise argparse.ArgumentTypeError(f"must not be below 0; found {text}")
    return place


def run_status(args: argparse.Namespace) -> int:
    """Exit status 0. Raises JournalError when the journal is not there or cannot be read, ConfigError."""
    from edge_agent.clock import SystemClock  # noqa: PLC0415 - so that the other commands start at once
    from edge_agent.journal.age import age_s, stamp_of  # noqa: PLC0415
    from edge_agent.journal.status import read_status  # noqa: PLC0415

    file, bytes_max = _source(args)
    status = read_status(file)
    stamp = None if status.oldest_unsent is None else stamp_of(status.oldest_unsent)
    age = None if stamp is None else age_s(stamp, SystemClock().stamp())
    said = as_dict(file, status, age, bytes_max)
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n" if args.json else in_words(said))
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Exit status 1 when something could not be read. Raises JournalError, ConfigError, ShouwangError."""
    from edge_agent.journal.export import Export, Wanted  # noqa: PLC0415

    file, _ = _source(args)
    export = Export(file=file, wanted=Wanted(epoch=args.epoch, after=args.after, unsent=args.unsent))
    if args.output is None:
        count = _write(export, sys.stdout.buffer)
    else:
        with _whole_or_nothing(args.output) as stream:
            count = _write(export, stream)
    sys.stderr.write(f"{count} events written\n")
    if export.damaged or export.unread:
        sys.stderr.write(f"edge-agent: {file}: is damaged: {export.unread} events could not be read and are left out\n")
        return 1
    return 0


def as_dict(file: Path, status: "JournalStatus", age: float | None, bytes_max: int | None) -> dict[str, Any]:
    """What --json prints."""
    return {
        "journal": str(file),
        "epoch": status.epoch,
        "epochs_left": status.epochs_left,
        "oldest": status.oldest,
        "last": status.last,
        "acked": status.acked,
        "unsent": status.unsent,
        "oldest_unsent_age_s": age,
        "used_bytes": status.used_bytes,
        "bytes_max": bytes_max,
        "kept": [
            {"type": row.type, "importance": row.importance.name.lower(), "kept": row.kept, "unsent": row.unsent}
            for row in status.kept
        ],
        "gone": status.gone,
        "set_aside": [str(path) for path in status.set_aside],
    }


def in_words(said: dict[str, Any]) -> str:
    cap = "" if said["bytes_max"] is None else f" of at most {said['bytes_max'] / 2**20:.0f}"
    left = f", and {said['epochs_left']} before it" if said["epochs_left"] else ""
    age = said["oldest_unsent_age_s"]
    old = "" if not said["unsent"] else f", the oldest {'of unknown age' if age is None else f'{_lasting(age)} old'}"
    lines = [
        f"journal    {said['journal']}",
        f"epoch      {said['epoch']}{left}",
        f"places     {said['last']} given, kept from {said['oldest']} on, acknowledged up to {said['acked']}",
        f"unsent     {said['unsent']}{old}",
        f"space      {said['used_bytes'] / 2**20:.1f} MiB{cap}",
    ]
    lines += [
        f"kept       {row['kept']:>7} {row['type']} ({row['importance']}), {row['unsent']} of them unsent"
        for row in said["kept"]
    ]
    lines += [f"gone       {count:>7} {reason}" for reason, count in said["gone"].items()]
    lines += [f"set aside  {path}" for path in said["set_aside"]]
    return "\n".join(lines) + "\n"


def _lasting(seconds: float) -> str:
    for unit, size_s in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _source(args: argparse.Namespace) -> tuple[Path, int | None]:
    """The journal, and how large it may become, if a configuration says so."""
    if args.journal is not None:
        return args.journal, None
    from edge_agent.config import load  # noqa: PLC0415

    journal = load(args.config).journal
    return journal.file, journal.size_max_mb * 2**20


def _write(export: "Export", stream: BinaryIO) -> int:
    """All rows as lines, with a word on standard error now and then; how many."""
    count = 0
    said_s = time.monotonic()
    for row in export.rows():
        stream.write(line_of(row))
        count += 1
        if time.monotonic() - said_s >= PROGRESS_EVERY_S:
            said_s = time.monotonic()
            sys.stderr.write(f"{count} events so far, at place {row.seq}\n")
    stream.flush()
    return count


def line_of(row: "Stored") -> bytes:
    """The event's bytes are JSON already, and go through as they are."""
    epoch = "null" if row.epoch is None else f'"{row.epoch}"'
    head = f'{{"epoch":{epoch},"seq":{row.seq},"last_seq":{row.last_seq},"hash":"{row.hash}","event":'
    return head.encode("ascii") + row.raw + b"}\n"


@contextmanager
def _whole_or_nothing(output: Path) -> Iterator[BinaryIO]:
    """A private file that only gets its name when all is in it, on the disk. Raises ShouwangError."""
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(output)
    except OSError as error:
        raise ShouwangError(f"{output}: cannot be written: {error.strerror}; nothing was left there") from error
    finally:
        partial.unlink(missing_ok=True)
