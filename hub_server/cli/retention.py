"""`hub-server retention show | set | run`: how long each class of data is kept, and deleting what is older now."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError, say, say_json
from hub_server.store import retention
from hub_server.store.custody import Custody
from hub_server.store.errors import InvalidValueError, StoreBusyError
from hub_server.store.expiring import Expiry
from hub_server.store.replay import replay_erasures
from hub_server.store.retention import DataClass
from hub_server.store.store import Store
from hub_server.web.retention import kept_shape, ran_shape
from hub_server.web.retention_words import WORDS

_STORY: Final = """\
what is older than its class is kept goes, every night by itself, or now:
  hub-server retention show --data ./hub
  hub-server retention set strangers 14 --by 王敏 --data ./hub
  hub-server retention run --data ./hub

Nothing goes that an open alert or a watch stands on. What was deleted stands in the store, and in the audit.
"""
_PATH: Final = "/api/v1/retention"
_PART_S: Final = 10
T = TypeVar("T")


def show(asked: argparse.Namespace) -> int:
    def inside(store: Store) -> list[Any]:
        with store.read() as db:
            return [kept_shape(row) for row in retention.in_force(db)]

    rows = _either(asked.data, inside, lambda hub: list(hub.get(_PATH)["items"]))
    if asked.json:
        say_json({"items": rows})
        return 0
    for row in rows:
        say(_line(row))
    return 0


def set_days(asked: argparse.Namespace) -> int:
    def inside(store: Store) -> Any:
        now_us = store.now_us()
        return kept_shape(
            store.write(lambda db: retention.set_days(db, asked.name, days=asked.days, by=asked.by, now_us=now_us))
        )

    row = _either(
        asked.data,
        inside,
        lambda hub: hub.request("PUT", f"{_PATH}/{asked.name}", {"days": asked.days, "by": asked.by}),
    )
    if asked.json:
        say_json(row)
    else:
        say(_line(row))
    return 0


def run(asked: argparse.Namespace) -> int:
    """In parts, until nothing is left to delete."""
    total: dict[str, int] = {}
    took_ms = held_ms_max = 0.0
    transactions = 0
    for part in _either(asked.data, _run_inside, _run_through):
        for one in part["rows"]:
            total[one["name"]] = total.get(one["name"], 0) + one["rows"]
        took_ms += part["took_ms"]
        held_ms_max = max(held_ms_max, part["held_ms_max"])
        transactions += part["transactions"]
    if asked.json:
        say_json({"rows": total, "transactions": transactions, "took_ms": took_ms, "held_ms_max": held_ms_max})
        return 0
    for name, rows in total.items():
        say(f"{name:<16} {rows:>9}  {WORDS[DataClass(name)].zh}  {WORDS[DataClass(name)].en}")
    say(
        f"{sum(total.values())} rows in {transactions} transactions, {took_ms:.0f} ms;"
        f" the longest held the store for {held_ms_max:.1f} ms"
    )
    return 0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of the command."""
    parser = commands.add_parser(
        "retention",
        help="how long each class of data is kept",
        epilog=_STORY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    showing = actions.add_parser("show", help="every class, its days, and within which limits they may be set")
    showing.set_defaults(run=show)
    setting = actions.add_parser("set", help="another number of days, from the next run on")
    setting.add_argument("name", type=DataClass, choices=list(DataClass), metavar="CLASS", help=", ".join(DataClass))
    setting.add_argument("days", type=int, metavar="DAYS")
    setting.add_argument("--by", required=True, metavar="NAME", help="who says so")
    setting.set_defaults(run=set_days)
    running = actions.add_parser("run", help="delete what is old enough, now")
    running.set_defaults(run=run)
    for action in (showing, setting, running):
        action.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
        action.add_argument("--json", action="store_true", help="JSON instead of words")


def _run_inside(store: Store) -> list[Any]:
    replay_erasures(store, store.data_dir)
    custody = Custody.open(store, store.data_dir)
    return [ran_shape(Expiry(store, erase=custody.erase_person, within_s=24 * 3600.0).run())]


def _run_through(hub: RunningHub) -> list[Any]:
    parts: list[Any] = []
    while not parts or not parts[-1]["done"]:
        parts.append(hub.post(f"{_PATH}/run", {"within_s": _PART_S}))
    return parts


def _either(data_dir: Path, inside: Callable[[Store], T], through: Callable[[RunningHub], T]) -> T:
    """By the store when nobody holds it, else through the hub that does."""
    if not data_dir.is_dir():
        raise CommandError(f"there is no store in {data_dir}")
    try:
        store = Store.open(data_dir)
    except StoreBusyError:
        return through(RunningHub.of(data_dir))
    try:
        return inside(store)
    except InvalidValueError as error:
        raise CommandError(str(error)) from error
    finally:
        store.close()


def _line(row: Any) -> str:
    words = WORDS[DataClass(row["name"])]
    changed = f"  set by {row['changed_by']}" if row["changed_at"] else ""
    limits = f"({row['days_min']}-{row['days_max']})"
    return f"{row['name']:<16} {row['days']:>5} days {limits}  {words.zh}  {words.en}{changed}"
