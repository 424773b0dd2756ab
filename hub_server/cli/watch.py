"""`hub-server watch ...`: who is watched over, why there is an alert or none, pauses; through the running hub."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from hub_server.cli.moments import moment, office_time
from hub_server.cli.running_hub import RunningHub, person_path
from hub_server.cli.speech import CommandError, say, say_json, tell

Json = Mapping[str, Any]
_KINDS: Final = ("phone", "visit", "clinic", "card", "vehicle")
_STATES: Final = ("off", "alert", "paused", "due", "late", "unseen", "seen")
_PAGE_ROWS: Final = 500
_S_PER_H: Final = 3600
_BY: Final = "hub-server"

_EPILOG: Final = """\
somebody is watched over, goes to hospital, comes back early, and is asked after:
  hub-server watch set p-li --hours 24 --grace-hours 1 --data ./hub
  hub-server watch list --state alert --data ./hub
  hub-server watch explain p-li --data ./hub
  hub-server watch observe p-li --kind phone --by 王敏 --note "在女儿家" --data ./hub
  hub-server watch pause p-li --until '2026-12-01 17:00' --reason 住院 --by 王敏 --data ./hub
  hub-server watch resume p-li --by 王敏 --data ./hub

A pause ends by itself, and says so the day before. `explain` is the chain of evidence, in sentences.
"""


def listed(asked: argparse.Namespace) -> int:
    found = [one for one in _all(RunningHub.of(asked.data)) if asked.state in {None, one["state"]}]
    if asked.json:
        say_json({"items": found})
        return 0
    for one in found:
        say(_line(one))
    if not found:
        say("没有  none")
    return 0


def change(asked: argparse.Namespace) -> int:
    """Makes the watch when there is none."""
    wanted: dict[str, object] = {}
    for name, hours in (("period_s", asked.hours), ("grace_s", asked.grace_hours)):
        if hours is not None:
            wanted[name] = round(hours * _S_PER_H)
    wanted |= {
        name: value == "yes"
        for name, value in (("own_vehicle", asked.own_vehicle), ("active", asked.active))
        if value is not None
    }
    hub = RunningHub.of(asked.data)
    watch = _of(hub, asked.person)
    if watch is None:
        switch = wanted.pop("active", True)
        watch = hub.post("/api/v1/watches", {"person": asked.person, **wanted})
        wanted = {} if switch else {"active": False}
    if wanted:
        watch = hub.request("PATCH", f"/api/v1/watches/{watch['id']}", wanted)
    return tell(asked, watch, _line(watch))


def explain(asked: argparse.Namespace) -> int:
    hub = RunningHub.of(asked.data)
    watch = _of(hub, asked.person)
    if watch is None:
        name = hub.get(person_path(asked.person))["name"]
        none = {
            "key": "no_watch",
            "zh": f"{name} 没有加入守望，不会报警。",
            "en": f"{name} has no watch: no alert comes.",
        }
        found: Json = {"person": asked.person, "sentences": [none], "facts": {}}
    else:
        found = hub.get(f"/api/v1/watches/{watch['id']}/explain")
    words = "\n".join(f"{one['zh']}\n    {one['en']}" for one in found["sentences"])
    return tell(asked, found, words)


def pause(asked: argparse.Namespace) -> int:
    body = {"until": asked.until, "reason": asked.reason, "by": asked.by}
    body |= {} if asked.begins is None else {"from": asked.begins}
    made = RunningHub.of(asked.data).post(f"{person_path(asked.person)}/pauses", body)
    return tell(
        asked,
        made,
        f"{made['person']}  外出 away  {office_time(made['from'])} .. {office_time(made['until'])}  {made['reason']}",
    )


def resume(asked: argparse.Namespace) -> int:
    """Ends the pauses that are on; those to come stay."""
    hub = RunningHub.of(asked.data)
    running = [one for one in hub.get(f"{person_path(asked.person)}/pauses")["items"] if one["state"] == "on"]
    if not running:
        raise CommandError(f"{asked.person} 现在没有外出；{asked.person} is not away now")
    ended = [hub.post(f"/api/v1/pauses/{one['id']}/end", {"by": asked.by}) for one in running]
    if asked.json:
        say_json({"items": ended})
        return 0
    say(f"{asked.person}  回来了，重新开始守望  is back: expected from now on")
    return 0


def observe(asked: argparse.Namespace) -> int:
    body = {"kind": asked.kind, "note": asked.note, "by": asked.by}
    body |= {} if asked.at is None else {"at": asked.at}
    made = RunningHub.of(asked.data).post(f"{person_path(asked.person)}/observations", body)
    return tell(asked, made, f"{made['person']}  {made['kind']}  {office_time(made['at'])}  {made['author']}")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of the commands."""
    watch = commands.add_parser(
        "watch",
        help="who is watched over, and why there is an alert or none (while the hub runs)",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = watch.add_subparsers(required=True, metavar="ACTION")
    listing = _action(actions, "list", listed, "everybody who is watched over", person=False)
    listing.add_argument("--state", choices=_STATES, help="those in one state")
    _action(actions, "explain", explain, "why there is an alert, or none")
    _add_set(actions)
    _add_pause(actions)
    resuming = _action(actions, "resume", resume, "back early: expected from now on")
    resuming.add_argument("--by", default=_BY, help="who says so")
    _add_observe(actions)


def _add_set(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    setting = _action(actions, "set", change, "how long may pass before an alert; begins the watch when there is none")
    setting.add_argument("--hours", type=float, metavar="N", help="without a sign of life (24 when it begins)")
    setting.add_argument("--grace-hours", type=float, metavar="N", help="that the alert waits for after them")
    setting.add_argument(
        "--own-vehicle", choices=("yes", "no"), help="the person's own vehicle at a gate counts as seen"
    )
    setting.add_argument("--active", choices=("yes", "no"), help="no: nobody is told until it is yes again")


def _add_pause(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    pausing = _action(actions, "pause", pause, "nobody expects the person until then")
    pausing.add_argument("--until", type=moment, required=True, metavar="TIME", help="'2026-12-01 17:00', office time")
    pausing.add_argument("--from", dest="begins", type=moment, metavar="TIME", help="else from now on")
    pausing.add_argument("--reason", required=True, metavar="TEXT", help="hospital, at the son's")
    pausing.add_argument("--by", default=_BY, help="who says so")


def _add_observe(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    seeing = _action(actions, "observe", observe, "somebody has met or heard the person: counts as seen")
    seeing.add_argument("--kind", choices=_KINDS, required=True, help="vehicle: only where the watch says so")
    seeing.add_argument("--by", required=True, help="who vouches for it")
    seeing.add_argument("--at", type=moment, metavar="TIME", help="else now")
    seeing.add_argument("--note", default="", metavar="TEXT")


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Any,
    words: str,
    *,
    person: bool = True,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words)
    if person:
        parser.add_argument("person", metavar="PERSON", help="the person's pseudonym, never a name")
    parser.set_defaults(run=run)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    parser.add_argument("--json", action="store_true", help="JSON instead of words")
    return parser


def _of(hub: RunningHub, person: str) -> Json | None:
    """The person's watch; None: there is none."""
    found: list[Json] = hub.get(f"/api/v1/watches?person={quote(person, safe='')}")["items"]
    return found[0] if found else None


def _all(hub: RunningHub) -> Iterator[Json]:
    after = 0
    while page := hub.get(f"/api/v1/watches?limit={_PAGE_ROWS}&after={after}")["items"]:
        yield from page
        after = page[-1]["id"]


def _line(one: Json) -> str:
    hours, grace_s = one["period_s"] / _S_PER_H, one["grace_s"]
    span = f"{hours:g} h" + (f" + {grace_s / _S_PER_H:g} h" if grace_s else "")
    end = ("until", one["paused_until"]) if one["state"] == "paused" else ("due", one["due_at"])
    seen = f"seen {office_time(one['last_seen_at'])} {one['last_seen_by']}".rstrip()
    words = (one["person"], one["person_name"], one["state"], span, seen, f"{end[0]} {office_time(end[1])}")
    return "  ".join(words)
