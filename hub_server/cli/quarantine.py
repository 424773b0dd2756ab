"""`hub-server quarantine ...` and `hub-server conflicts ...`: what needs a person's eye, through the running hub."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError, say, say_json

Json = Mapping[str, Any]

_PAGE_ROWS: Final = 500
_BY: Final = "hub-server"
_QUARANTINE_STORY: Final = """\
an event of a type that this hub does not know keeps its place, and waits. After an upgrade:
  hub-server quarantine list --data ./hub
  hub-server quarantine show 7 --data ./hub
  hub-server quarantine release --all --device east-gate --by 王敏 --reason "升级之后" --data ./hub
  hub-server quarantine dismiss 9 --by 王敏 --note "测试卡" --data ./hub

A release reads the bytes again. What is understood now counts as it would have then, once; what is not stays, and the
command says why. What is dismissed stays stored, and may still be released.
"""
_CONFLICTS_STORY: Final = """\
two events for one place of one journal, as after a cloned or restored card. Both are kept:
  hub-server conflicts list --data ./hub
  hub-server conflicts show 1 --data ./hub
  hub-server conflicts settle 1 --by 王敏 --note "卡被复制过，已换" --data ./hub

The device goes on in a new epoch by itself; settling says that a person knows why.
"""


def listed(asked: argparse.Namespace) -> int:
    found = list(_all(RunningHub.of(asked.data), asked.noun, asked.device))
    if asked.json:
        say_json({"items": found})
        return 0
    for one in found:
        say(_line(one))
    if not found:
        say("没有要看的  nothing waits" + (f" of {asked.device}" if asked.device else ""))
    return 0


def show(asked: argparse.Namespace) -> int:
    one = RunningHub.of(asked.data).get(f"/api/v1/{asked.noun}/{asked.id}")
    if asked.json:
        say_json(one)
        return 0
    for name, word in one.items():
        if name != "steps":
            say(f"{name:<12} {'' if word is None else word}")
    for step in one.get("steps", ()):
        say(f"{step['step']:<12} {step['at']} {step['author']} {step['note']}")
    return 0


def release(asked: argparse.Namespace) -> int:
    """One after the other, each in a transaction of its own; 1 when one of them is still not understood."""
    hub = RunningHub.of(asked.data)
    told = [
        hub.post(f"/api/v1/quarantine/{event}/release", {"by": asked.by, "note": asked.reason})
        for event in _wanted(asked, hub)
    ]
    if asked.json:
        say_json({"items": told})
    else:
        for one in told:
            say(_outcome(one))
        if not told:
            say("没有要看的  nothing waits")
    return 1 if any(one["outcome"] == "not_understood" for one in told) else 0


def dismiss(asked: argparse.Namespace) -> int:
    return _change_each(asked, "dismiss")


def settle(asked: argparse.Namespace) -> int:
    return _change_each(asked, "settle")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of both commands."""
    actions = _noun(commands, "quarantine", "events that the hub did not understand", _QUARANTINE_STORY)
    _add_looks(actions, "quarantine")
    releasing = _action(actions, "release", release, "read again: what is understood now takes effect, once")
    releasing.add_argument("ids", nargs="*", type=int, metavar="ID")
    releasing.add_argument("--all", action="store_true", help="all that wait")
    releasing.add_argument("--device", metavar="DEVICE", help="with --all: those of one device")
    releasing.add_argument("--by", default=_BY, help="who releases them")
    releasing.add_argument("--reason", default="", metavar="TEXT", help="why")
    _add_decision(_action(actions, "dismiss", dismiss, "no longer shown; they stay stored"), "quarantine")
    actions = _noun(commands, "conflicts", "two events for one place of a journal", _CONFLICTS_STORY)
    _add_looks(actions, "conflicts")
    _add_decision(_action(actions, "settle", settle, "a person has looked into them"), "conflicts")


_Actions = argparse._SubParsersAction  # noqa: SLF001 argparse has no public name for what add_subparsers gives


def _noun(
    commands: "_Actions[argparse.ArgumentParser]", name: str, words: str, story: str
) -> "_Actions[argparse.ArgumentParser]":
    parser = commands.add_parser(
        name,
        help=f"{words} (while the hub runs)",
        epilog=story,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser.add_subparsers(required=True, metavar="ACTION")


def _add_looks(actions: "_Actions[argparse.ArgumentParser]", noun: str) -> None:
    listing = _action(actions, "list", listed, "those that wait for somebody")
    listing.add_argument("--device", metavar="DEVICE", help="those of one device")
    listing.set_defaults(noun=noun)
    showing = _action(actions, "show", show, "one of them, with its bytes")
    showing.add_argument("id", type=int, metavar="ID")
    showing.set_defaults(noun=noun)


def _add_decision(parser: argparse.ArgumentParser, noun: str) -> None:
    parser.add_argument("ids", nargs="+", type=int, metavar="ID")
    parser.add_argument("--by", required=True, metavar="NAME", help="who has looked at it")
    parser.add_argument("--note", required=True, metavar="TEXT", help="what they found")
    parser.set_defaults(noun=noun)


def _action(actions: "_Actions[argparse.ArgumentParser]", name: str, run: Any, words: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words)
    parser.set_defaults(run=run)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    parser.add_argument("--json", action="store_true", help="JSON instead of words")
    return parser


def _change_each(asked: argparse.Namespace, verb: str) -> int:
    hub = RunningHub.of(asked.data)
    done = [hub.post(f"/api/v1/{asked.noun}/{one}/{verb}", {"by": asked.by, "note": asked.note}) for one in asked.ids]
    if asked.json:
        say_json({"items": done})
        return 0
    for one in done:
        say(_line(one))
    return 0


def _wanted(asked: argparse.Namespace, hub: RunningHub) -> list[int]:
    if bool(asked.ids) is asked.all:
        raise CommandError("say which: one or more IDs, or --all", exit_code=2)
    if asked.device is not None and not asked.all:
        raise CommandError("--device goes with --all", exit_code=2)
    return asked.ids or [one["id"] for one in _all(hub, "quarantine", asked.device)]


def _all(hub: RunningHub, noun: str, device: str | None) -> Iterator[Json]:
    of_device = "" if device is None else f"&device={quote(device, safe='')}"
    after = 0
    while page := hub.get(f"/api/v1/{noun}?limit={_PAGE_ROWS}&after={after}{of_device}")["items"]:
        yield from page
        after = page[-1]["id"]


def _line(one: Json) -> str:
    state = one.get("state") or ("settled" if one["settled_at"] else "waiting")
    words = (one["id"], state, f"{one['device']}/{one['epoch'][:8]}/{one['seq']}", one["received_at"])
    return "  ".join([*map(str, words), f"{one['bytes']} bytes", one.get("reason", "")]).rstrip()


def _outcome(told: Json) -> str:
    event = told["event"]
    words = {
        "released": f"已放行  is a {event['type']} now",
        "released_before": f"早已放行，没有改动  was released before, nothing has changed: a {event['type']}",
        "not_understood": f"仍看不懂，没有改动  is still not understood, nothing has changed: {told['why']}",
    }
    return f"{event['id']}  {words[told['outcome']]}"
