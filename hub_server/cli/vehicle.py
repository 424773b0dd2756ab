"""`hub-server vehicle ...`: which plates may pass which gates, and for how long, through the running hub."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from hub_server.cli.moments import moment
from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError, say, say_json, tell

Json = Mapping[str, Any]

_PAGE_ROWS: Final = 500
_EPILOG: Final = """\
a household's car, and a visitor for one evening:
  hub-server vehicle add 粤B·12345 --label "3 栋 502" --by 王敏 --data ./hub
  hub-server vehicle place 粤B·12345 --gate east-gate --gate west-gate --data ./hub
  hub-server vehicle add 粤BD12345 --visitor --label "3 栋 502 的客人" --by 王敏 \\
      --from "2026-12-01 17:00" --until "2026-12-01 23:00" --data ./hub
  hub-server vehicle place 粤BD12345 --gate east-gate --data ./hub
  hub-server vehicle list --gate east-gate --data ./hub
  hub-server vehicle remove 粤B·12345 --yes --data ./hub

A vehicle is known only at the gates it is placed at. Each gate gets its list, sealed, within a second, and then decides
alone, also without the network. Once --until has passed the plate leaves the lists by itself.
"""


def add(asked: argparse.Namespace) -> int:
    body: dict[str, object] = {
        "plate": asked.plate,
        "owner": "visitor" if asked.visitor else "household",
        "label": asked.label,
        "by": asked.by,
    }
    body |= {
        name: value for name in ("valid_from", "valid_until", "person") if (value := getattr(asked, name)) is not None
    }
    made = RunningHub.of(asked.data).post("/api/v1/vehicles", body)
    return tell(
        asked, made, f"{_line(made)}\nIt passes nowhere yet: hub-server vehicle place {made['plate']} --gate ..."
    )


def show(asked: argparse.Namespace) -> int:
    found = list(_all(RunningHub.of(asked.data), asked.gate))
    if asked.json:
        say_json({"items": found})
        return 0
    for one in found:
        say(_line(one))
    if not found:
        say("没有登记车辆  no vehicles" + (f" at {asked.gate}" if asked.gate else ""))
    return 0


def place(asked: argparse.Namespace) -> int:
    """One gate after the other: what was placed before a refusal stays, and is said."""
    if not asked.gate:
        raise CommandError("say where: --gate DEVICE", exit_code=2)
    hub = RunningHub.of(asked.data)
    vehicle = _of_plate(hub, asked.plate)
    for device in asked.gate:
        path = f"/api/v1/vehicles/{vehicle['id']}/placements/{quote(device, safe='')}"
        placed = hub.request("DELETE" if asked.remove else "PUT", path)
        tell(asked, placed, f"{placed['plate']} {'no longer passes' if asked.remove else 'may pass'} {device}")
    return 0


def remove(asked: argparse.Namespace) -> int:
    if not asked.yes:
        raise CommandError(f"{asked.plate} would pass nowhere any more: say --yes", exit_code=2)
    hub = RunningHub.of(asked.data)
    vehicle = _of_plate(hub, asked.plate)
    gone = hub.request("DELETE", f"/api/v1/vehicles/{vehicle['id']}")
    return tell(asked, gone, f"{gone['plate']} is removed; the gates forget it as soon as they are heard")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of the commands."""
    vehicle = commands.add_parser(
        "vehicle",
        help="plates that may pass the gates (while the hub runs)",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = vehicle.add_subparsers(required=True, metavar="ACTION")
    _add_add(actions)
    listing = _action(actions, "list", show, "those that are current, and where they may pass")
    listing.add_argument("--gate", metavar="DEVICE", help="those of one gate")
    placing = _action(actions, "place", place, "the gates that a vehicle may pass", plate=True)
    placing.add_argument("--gate", action="append", default=[], metavar="DEVICE", help="as often as there are gates")
    placing.add_argument("--remove", action="store_true", help="no longer there")
    removing = _action(actions, "remove", remove, "it passes nowhere any more; what it was stays on file", plate=True)
    removing.add_argument("--yes", action="store_true", help="really")


def _add_add(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    adding = _action(actions, "add", add, "make a plate known, for a household or a visitor", plate=True)
    adding.add_argument("--label", required=True, help="the household, or whom the visitor comes to")
    adding.add_argument("--person", metavar="ID", help="whose own it is: may count as seen (hub-server watch set)")
    adding.add_argument("--visitor", action="store_true", help="a visitor's; else a household's")
    for option, side, words in (
        ("--from", "valid_from", "from when on; else at once"),
        ("--until", "valid_until", "until when; else until it is removed"),
    ):
        adding.add_argument(
            option, dest=side, type=moment, metavar="TIME", help=f"{words}; by the office's clock: '2026-12-01 17:00'"
        )
    adding.add_argument("--by", default="hub-server", help="who has written it down")


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Any,
    words: str,
    *,
    plate: bool = False,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words)
    if plate:
        parser.add_argument("plate", metavar="PLATE", help="as it is said: 粤B·12345, with or without blanks and dot")
    parser.set_defaults(run=run)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    parser.add_argument("--json", action="store_true", help="JSON instead of words")
    return parser


def _of_plate(hub: RunningHub, plate: str) -> Json:
    """The current vehicle of a plate. Raises CommandError."""
    found = hub.get(f"/api/v1/vehicles?plate={quote(plate, safe='')}")["items"]
    if not found:
        raise CommandError(f"{plate} 没有登记；there is no such vehicle: hub-server vehicle add {plate} --label ...")
    vehicle: Json = found[0]
    return vehicle


def _all(hub: RunningHub, gate: str | None) -> Iterator[Json]:
    of_gate = "" if gate is None else f"&device={quote(gate, safe='')}"
    after = 0
    while page := hub.get(f"/api/v1/vehicles?limit={_PAGE_ROWS}&after={after}{of_gate}")["items"]:
        yield from page
        after = page[-1]["id"]


def _line(one: Json) -> str:
    span = f"{one['valid_from'] or ''}..{one['valid_until'] or ''}" if one["valid_from"] or one["valid_until"] else ""
    words = (one["plate"], one["owner"], one["state"], span, one["label"], " ".join(one["devices"]))
    return "  ".join(word for word in words if word)
