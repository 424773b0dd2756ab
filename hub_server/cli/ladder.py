"""`hub-server ladder ...`: who is told of an alert, and after how long the next; through the running hub."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from hub_server.cli.running_hub import RunningHub, person_path
from hub_server.cli.speech import CommandError, tell

Json = Mapping[str, Any]
_RUNGS: Final = ("worker", "community", "office", "family")
_PAGE_ROWS: Final = 500
_S_PER_MIN: Final = 60

_EPILOG: Final = """\
an alert goes up: worker, community, office, family; on the last rung everybody is told again until it is closed:
  hub-server ladder worker add --name 王敏 --area 桂花村 --phone "138 0013 0002" --url 'wecombot://BOTKEY' --data ./hub
  hub-server ladder worker add --name 街道值班室 --rung office --urls-file office.urls --data ./hub
  hub-server ladder contact add p-li --name 李明 --relation 儿子 --phone "138 0013 0003" --data ./hub
  hub-server ladder wait worker --minutes 10 --area 桂花村 --data ./hub
  hub-server ladder show --area 桂花村 --data ./hub
  hub-server ladder worker remove 3 --data ./hub

URLs are Apprise's (hub-server notify test URL tries one); the second is taken when the first fails. They hold secrets:
--urls-file reads them from a file, one a line, and keeps them out of the shell's history. The hub never shows them.
"""


def show(asked: argparse.Namespace) -> int:
    found = RunningHub.of(asked.data).get(f"/api/v1/ladder?area={quote(asked.area, safe='')}")
    words = "\n".join(_rung(one) for one in found["rungs"])
    return tell(asked, found, words)


def wait(asked: argparse.Namespace) -> int:
    body: dict[str, object] = {"area": asked.area, "wait_s": round(asked.minutes * _S_PER_MIN)}
    found = RunningHub.of(asked.data).request("PUT", f"/api/v1/ladder/{asked.rung}", body)
    return tell(asked, found, "\n".join(_rung(one) for one in found["rungs"]))


def add_worker(asked: argparse.Namespace) -> int:
    urls = _urls(asked)
    if not urls:
        raise CommandError("say how they are told: --url URL, or --urls-file FILE", exit_code=2)
    body = {"rung": asked.rung, "area": asked.area, "name": asked.name, "phone": asked.phone, "urls": urls}
    made = RunningHub.of(asked.data).post("/api/v1/recipients", body)
    return tell(asked, made, _recipient(made))


def list_workers(asked: argparse.Namespace) -> int:
    found = list(_all(RunningHub.of(asked.data)))
    words = "\n".join(map(_recipient, found)) or "还没有人会收到通知  nobody is told yet"
    return tell(asked, {"items": found}, words)


def remove_worker(asked: argparse.Namespace) -> int:
    gone = RunningHub.of(asked.data).request("DELETE", f"/api/v1/recipients/{asked.id}")
    return tell(asked, gone, f"{gone['name']}  不再收到通知  is told nothing more")


def add_contact(asked: argparse.Namespace) -> int:
    body = {"name": asked.name, "relation": asked.relation, "phone": asked.phone, "urls": _urls(asked)}
    made = RunningHub.of(asked.data).post(f"{person_path(asked.person)}/contacts", body)
    return tell(asked, made, _contact(made))


def list_contacts(asked: argparse.Namespace) -> int:
    found = RunningHub.of(asked.data).get(f"{person_path(asked.person)}/contacts")
    words = "\n".join(map(_contact, found["items"])) or "没有联系人  no contacts"
    return tell(asked, found, words)


def remove_contact(asked: argparse.Namespace) -> int:
    gone = RunningHub.of(asked.data).request("DELETE", f"/api/v1/contacts/{asked.id}")
    return tell(asked, gone, f"{gone['name']}  不再收到通知  is told nothing more")


_Actions = argparse._SubParsersAction  # noqa: SLF001 argparse has no public name for what add_subparsers gives


def add_commands(commands: "_Actions[argparse.ArgumentParser]") -> None:
    """The words of the commands."""
    ladder = commands.add_parser(
        "ladder",
        help="who is told of an alert, and after how long the next (while the hub runs)",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = ladder.add_subparsers(required=True, metavar="ACTION")
    showing = _action(actions, "show", show, "the rungs: how long an alert waits on each, and who is told")
    waiting = _action(actions, "wait", wait, "how long an alert waits on a rung before the next are told")
    waiting.add_argument("rung", choices=_RUNGS)
    waiting.add_argument("--minutes", type=float, required=True, metavar="N", help="1 to 1440")
    for parser in (showing, waiting):
        parser.add_argument("--area", default="", help="the community or village; else where nothing else is set")
    _add_worker(actions)
    _add_contact(actions)


def _add_worker(actions: "_Actions[argparse.ArgumentParser]") -> None:
    workers = actions.add_parser("worker", help="workers, the community, the office")
    nested = workers.add_subparsers(required=True, metavar="ACTION")
    adding = _action(nested, "add", add_worker, "somebody new")
    adding.add_argument("--area", default="", help="whose alerts they are told; else those of all areas")
    adding.add_argument("--rung", choices=_RUNGS[:-1], default="worker", help="default %(default)s")
    _add_person(adding)
    _action(nested, "list", list_workers, "everybody, with the kinds of their channels")
    _action(nested, "remove", remove_worker, "told nothing more").add_argument("id", type=int, metavar="ID")


def _add_contact(actions: "_Actions[argparse.ArgumentParser]") -> None:
    contacts = actions.add_parser("contact", help="a person's family and neighbours")
    nested = contacts.add_subparsers(required=True, metavar="ACTION")
    adding = _action(nested, "add", add_contact, "without --url a worker may call them")
    adding.add_argument("person", metavar="PERSON", help="the person's pseudonym, never a name")
    adding.add_argument("--relation", default="", help="to the person: 儿子, a neighbour")
    _add_person(adding)
    listing = _action(nested, "list", list_contacts, "who was added first is called first")
    listing.add_argument("person", metavar="PERSON")
    _action(nested, "remove", remove_contact, "told nothing more").add_argument("id", type=int, metavar="ID")


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True)
    parser.add_argument("--phone", default="")
    parser.add_argument("--url", action="append", default=[], metavar="URL", help="of Apprise; up to 5 in order")
    parser.add_argument("--urls-file", type=Path, metavar="FILE", help="the same, one a line")


def _action(actions: "_Actions[argparse.ArgumentParser]", name: str, run: Any, words: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words)
    parser.set_defaults(run=run)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    parser.add_argument("--json", action="store_true", help="JSON instead of words")
    return parser


def _urls(asked: argparse.Namespace) -> list[str]:
    if asked.urls_file is None:
        return list(asked.url)
    try:
        lines = asked.urls_file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CommandError(f"{asked.urls_file}: {error.strerror}") from error
    return [*asked.url, *(line.strip() for line in lines if line.strip())]


def _all(hub: RunningHub) -> Iterator[Json]:
    after = 0
    while page := hub.get(f"/api/v1/recipients?limit={_PAGE_ROWS}&after={after}")["items"]:
        yield from page
        after = page[-1]["id"]


def _rung(one: Json) -> str:
    people = "家属记在本人档案里  in each person's file" if one["rung"] == "family" else "、".join(one["people"])
    return f"{one['rung']:<10} {one['wait_s'] / _S_PER_MIN:g} min  {people or '没有人  nobody'}"


def _recipient(one: Json) -> str:
    active = "" if one["active"] else "停用 not active"
    words = (str(one["id"]), one["rung"], one["area"] or "所有地区 all areas", one["name"], one["phone"])
    return "  ".join(word for word in (*words, ", ".join(one["channels"]), active) if word)


def _contact(one: Json) -> str:
    channels = ", ".join(one["channels"]) or "只能打电话 by telephone only"
    words = (str(one["id"]), one["person"], one["name"], one["relation"], one["phone"], channels)
    return "  ".join(word for word in words if word)
