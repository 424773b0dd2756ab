"""`hub-server person ...`: who is looked after, what they agreed to, and their face, through the running hub."""

import argparse
import base64
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from hub_server.cli.running_hub import RunningHub, person_path
from hub_server.cli.speech import CommandError, say, say_json, tell
from hub_server.store.care import Care
from hub_server.store.limits import PHOTO_BYTES_MAX, PHOTOS_MAX
from hub_server.store.people import PersonKind
from hub_server.web.times import OFFICE_ZONE

_FIELDS: Final = (
    *("name", "address", "phone", "note", "area", "born"),
    *("grid", "kind", "care", "household", "relation"),
)
PURPOSES: Final = ("door", "welfare", "watchlist")
Json = Mapping[str, Any]

_EPILOG: Final = """\
a resident from the first visit to the last:
  hub-server person add p-li --name 李秀兰 --area 桂花村 --born 1948-03-05 --data ./hub
  hub-server person consent p-li --purpose door,welfare --text 2026-11 --collector 王敏 --data ./hub
  hub-server person enrol p-li front.jpg left.jpg right.jpg --data ./hub
  hub-server person place p-li --door east-gate --data ./hub
  hub-server person withdraw p-li --purpose door --by 王敏 --data ./hub
  hub-server person erase p-li --yes --data ./hub
"""


def add(asked: argparse.Namespace) -> int:
    fields = {name: getattr(asked, name) for name in _FIELDS}
    body = {"id": asked.id} | {name: value for name, value in fields.items() if value is not None}
    made = RunningHub.of(asked.data).post("/api/v1/people", body)
    return tell(asked, made, f"{made['id']}  {made['name']}  {made['area']}")


def consent(asked: argparse.Namespace) -> int:
    """One after the other: what was recorded before a refusal stays, and is said."""
    hub = RunningHub.of(asked.data)
    given_on = asked.given_on or datetime.now(OFFICE_ZONE).date().isoformat()
    for purpose in asked.purpose:
        body: dict[str, object] = {
            "purpose": purpose,
            "basis": asked.basis,
            "text_version": asked.text,
            "given_on": given_on,
            "collector": asked.collector,
            "guardian": asked.guardian,
        }
        made = hub.post(f"{person_path(asked.id)}/consents", body)
        tell(
            asked, made, f"{asked.id} agreed to {purpose} on {given_on}, text {asked.text}, taken by {asked.collector}"
        )
    return 0


def withdraw(asked: argparse.Namespace) -> int:
    hub = RunningHub.of(asked.data)
    for purpose in asked.purpose:
        gone = hub.post(f"{person_path(asked.id)}/consents/{purpose}/withdraw", {"by": asked.by})
        tell(asked, gone, f"{asked.id} no longer agrees to {purpose}")
    face = hub.get(f"{person_path(asked.id)}/face")
    if not asked.json and not face["enrolled"]:
        say("Template and photographs are erased; each device that held them confirms it: hub-server erasures")
    return 0


def enrol(asked: argparse.Namespace) -> int:
    if len(asked.photos) > PHOTOS_MAX:
        raise CommandError(f"{len(asked.photos)} photographs: at most {PHOTOS_MAX} are taken")
    photos = [base64.b64encode(_read(photo)).decode() for photo in asked.photos]
    body: dict[str, object] = {"photos": photos, "keep_photos": asked.keep_photos, "by": asked.by}
    try:
        face = RunningHub.of(asked.data).post(f"{person_path(asked.id)}/face", body)
    except CommandError as error:
        raise CommandError(_by_name(str(error), asked.photos)) from error
    kept = "kept" if face["photos_kept"] else "dropped"
    return tell(
        asked, face, f"{asked.id} is enrolled from {face['photos']} photographs ({kept}), quality {face['quality']:.2f}"
    )


def place(asked: argparse.Namespace) -> int:
    hub = RunningHub.of(asked.data)
    wanted = [("door", device) for device in asked.door] + [("welfare", device) for device in asked.welfare]
    if not wanted:
        raise CommandError("say where: --door DEVICE, or --welfare DEVICE", exit_code=2)
    for purpose, device in wanted:
        path = f"{person_path(asked.id)}/placements/{purpose}/{quote(device, safe='')}"
        placed = hub.request("DELETE" if asked.remove else "PUT", path)
        tell(asked, placed, f"{asked.id} {'leaves' if asked.remove else 'is known at'} {device} for {purpose}")
    return 0


def erase(asked: argparse.Namespace) -> int:
    if not asked.yes:
        raise CommandError(f"everything about {asked.id} would be gone for good: say --yes", exit_code=2)
    gone = RunningHub.of(asked.data).request("DELETE", person_path(asked.id))
    return tell(asked, gone, f"{asked.id} is erased ({gone['erasure']}); devices confirm it: hub-server erasures")


def show(asked: argparse.Namespace) -> int:
    hub, path = RunningHub.of(asked.data), person_path(asked.id)
    person, face = hub.get(path), hub.get(f"{path}/face")
    agreed, placed = hub.get(f"{path}/consents")["items"], hub.get(f"{path}/placements")["items"]
    if asked.json:
        say_json({"person": person, "face": face, "consents": agreed, "placements": placed})
        return 0
    say(f"{person['id']}  {person['name']}  {person['area']}  born {person['born'] or 'unknown'}")
    enrolled = f"enrolled {face['enrolled_at']} with {face['embedder']}" if face["enrolled"] else "not enrolled"
    say(f"face      {enrolled}")
    for one in agreed:
        until = f", withdrawn {one['withdrawn_at']} by {one['withdrawn_by']}" if one["withdrawn_at"] else ""
        say(f"consent   {one['purpose']} on {one['given_on']}, text {one['text_version']}{until}")
    for one in placed:
        say(f"place     {one['device']} for {one['purpose']}")
    return 0


def erasures(asked: argparse.Namespace) -> int:
    """1 while a device still owes its word."""
    items: list[Json] = []
    hub = RunningHub.of(asked.data)
    page = hub.get("/api/v1/erasures?limit=500")
    while page["items"]:
        items += page["items"]
        page = hub.get(f"/api/v1/erasures?limit=500&after={items[-1]['id']}")
    waiting = [(one, receipt) for one in items for receipt in one["receipts"] if receipt["received_at"] is None]
    if asked.json:
        say_json({"items": items, "waiting": len(waiting)})
        return 1 if waiting else 0
    for one in items:
        done = sum(receipt["received_at"] is not None for receipt in one["receipts"])
        say(f"{one['at']}  {one['person']}  {one['scope']}  {done} of {len(one['receipts'])} devices have confirmed it")
    for one, receipt in waiting:
        say(f"  waiting for {receipt['device']}: {one['person']}")
    return 1 if waiting else 0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of the commands."""
    person = commands.add_parser(
        "person",
        help="people, consent, faces (while the hub runs)",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = person.add_subparsers(required=True, metavar="ACTION")
    _add_add(actions)
    _add_consent(actions)
    enrolling = _action(actions, "enrol", enrol, "from 1 to 5 photographs; two or three are far better than one")
    enrolling.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    enrolling.add_argument("--keep-photos", action="store_true", help="when their owner has allowed it; else dropped")
    enrolling.add_argument("--by", default="hub-server", help="who does it")
    placing = _action(actions, "place", place, "a gate the person may use, or a place beyond the own area")
    placing.add_argument("--door", action="append", default=[], metavar="DEVICE")
    placing.add_argument("--welfare", action="append", default=[], metavar="DEVICE")
    placing.add_argument("--remove", action="store_true", help="no longer there")
    withdrawing = _action(actions, "withdraw", withdraw, "a purpose; with the last one the face is erased everywhere")
    withdrawing.add_argument("--purpose", type=_purposes, required=True, metavar="LIST")
    withdrawing.add_argument("--by", default="hub-server", help="who has taken it down")
    erasing = _action(actions, "erase", erase, "everything, here and on every device, for good")
    erasing.add_argument("--yes", action="store_true", help="really")
    _action(actions, "show", show, "what is known of somebody; no template")
    owed = commands.add_parser("erasures", help="what was erased, and which devices have confirmed it")
    owed.set_defaults(run=erasures)
    _common(owed)


def _add_add(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    adding = _action(actions, "add", add, "make somebody known, by a pseudonym")
    adding.add_argument("--name", required=True)
    for option, words in (
        ("--area", "the community or village whose cameras watch over the person"),
        ("--born", "YYYY-MM-DD; must be known before the person can agree to be recognised"),
        ("--address", "where to knock"),
        ("--phone", "whom to call"),
        ("--note", "what who knocks should know"),
    ):
        adding.add_argument(option, help=words)
    adding.add_argument("--grid", help="within the area")
    adding.add_argument("--kind", choices=list(PersonKind), help="default: resident")
    adding.add_argument("--care", type=_reasons, metavar="LIST", help=f"why: {','.join(Care)}")
    adding.add_argument("--household", type=int, metavar="ID", help="as hub-server's page and API number it")
    adding.add_argument("--relation", help="within the household")


def _add_consent(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    agreeing = _action(actions, "consent", consent, "record what somebody agreed to")
    agreeing.add_argument("--purpose", type=_purposes, required=True, metavar="LIST", help=",".join(PURPOSES))
    agreeing.add_argument("--text", required=True, help="version of the text that was explained and signed")
    agreeing.add_argument("--collector", required=True, help="who explained it")
    agreeing.add_argument("--guardian", default="", help="who agreed for a child under 14")
    agreeing.add_argument("--given-on", metavar="YYYY-MM-DD", help="default: today")
    agreeing.add_argument("--basis", choices=("consent", "legal"), default="consent", help="legal: watchlist only")


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Any, words: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words)
    parser.add_argument("id", metavar="ID", help="the person's pseudonym, never a name")
    parser.set_defaults(run=run)
    _common(parser)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    parser.add_argument("--json", action="store_true", help="JSON instead of words")


def _purposes(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if not set(words) <= set(PURPOSES):
        raise argparse.ArgumentTypeError(f"one or more of {', '.join(PURPOSES)}, with commas")
    return words


def _reasons(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if not set(words) <= set(Care):
        raise argparse.ArgumentTypeError(f"one or more of {', '.join(Care)}, with commas")
    return words


def _read(photo: Path) -> bytes:
    try:
        with photo.open("rb") as file:
            content = file.read(PHOTO_BYTES_MAX + 1)
    except OSError as error:
        raise CommandError(f"{photo}: {error.strerror}") from error
    if len(content) > PHOTO_BYTES_MAX:
        raise CommandError(f"{photo}: larger than {PHOTO_BYTES_MAX // 2**20} MiB")
    return content


def _by_name(complaint: str, photos: list[Path]) -> str:
    """The hub counts photographs; people know them by name."""
    for place, photo in enumerate(photos):
        complaint = complaint.replace(f"photos[{place}]", str(photo)).replace(f"photograph {place + 1}", str(photo))
    return complaint
