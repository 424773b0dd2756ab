"""`provision device list` and `show`: what there is, how it is, and what to do about it."""

import argparse
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from firmware_config.provision.client import at
from firmware_config.provision.devices import Facts, device_name, get, moment
from firmware_config.provision.frame import Context, command
from firmware_config.provision.words import Pair, said

STATES: Final = ("online", "offline", "behind", "trouble")
_PAGE_ROWS: Final = 200


def add_parser(subparsers: Any) -> None:
    parser = command(
        subparsers,
        "list",
        what=("有哪些设备", "which devices there are"),
        examples="  provision device list --area 桂花村 --state offline\n  provision device list --json\n",
        run=run_list,
    )
    parser.add_argument("--area", help=said("只看这个社区、村或网格", "of this community, village or grid"))
    parser.add_argument("--state", choices=STATES, help=said("只看这种状态的", "only those that stand so"))
    parser.add_argument("--retired", action="store_true", help=said("只看停用的", "those that are retired"))
    parser = command(
        subparsers,
        "show",
        what=("一台设备：在哪里、怎么样、下一步做什么", "one device: where, how it is, what to do next"),
        examples="  provision device show gate-east\n",
        run=run_show,
    )
    parser.add_argument("name", metavar="NAME", type=device_name, help=said("设备编号", "its name"))


def run_list(args: argparse.Namespace, context: Context) -> int:
    asked = {"area": args.area, "state": args.state, "limit": _PAGE_ROWS, "retired": "yes" if args.retired else None}
    rows = context.hub.items(at("devices"), asked)
    if rows and not context.json:
        headings = [said(*words) for words in _HEADINGS]
        for line in table([headings, *([row["id"], row["place"], row["area"], _state(row)] for row in rows)]):
            context.say(line, line)
    elif not rows:
        context.say("没有这样的设备", "there is no such device")
    return context.finish({"devices": rows})


_HEADINGS: Final[tuple[Pair, ...]] = (("编号", "NAME"), ("地点", "PLACE"), ("社区/村", "AREA"), ("状态", "STATE"))


def _state(row: dict[str, Any]) -> str:
    if row["online"]:
        return said("在线", "online")
    if row["heard_at"] is None:
        return said("还没有来过", "never heard")
    return said(f"离线，{moment(row['heard_at'])} 来过", f"offline, heard {moment(row['heard_at'])}")


def run_show(args: argparse.Namespace, context: Context) -> int:
    facts = get(context.hub, args.name)
    for zh, en in [] if context.json else _lines(facts):
        context.say(zh, en)
    shown = {"device": facts.device, "profile": facts.profile, **_without_name(facts.standing)}
    return context.finish(shown, then=_next(facts))


def _without_name(standing: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in standing.items() if key != "device"}


def _lines(facts: Facts) -> list[Pair]:
    device, profile = facts.device, facts.profile
    where = "，".join(part for part in (device["place"], device["area"], device["grid"]) if part)
    camera, relay = profile["camera"], profile["relay"]
    lines = [
        (f"{facts.name}：{where}", f"{facts.name}: {where}"),
        (
            f"  类型 {_KINDS.get(profile['kind'], profile['kind'])}，摄像头 {camera}，继电器 {relay or '无'}",
            f"  {profile['kind']}, camera {camera}, relay {relay or 'none'}",
        ),
        (f"  状态 {_state(device)}", f"  {_state(device)}"),
    ]
    card = facts.standing["card"]
    if card is not None:
        until = moment(card["expires_at"])
        lines.append(
            (f"  卡 {_CARDS[card['state']][0]}（{until} 到期）", f"  card {_CARDS[card['state']][1]} (until {until})")
        )
    for one in facts.standing["certificates"][:3]:
        ends = moment(one["ends_at"])
        lines.append(
            (
                f"  证书 {one['serial']} {_CERTIFICATES.get(one['state'], one['state'])}，{ends} 到期",
                f"  certificate {one['serial']} {one['state']}, ends {ends}",
            )
        )
    if facts.retired_at is not None:
        lines.append((f"  已停用：{moment(facts.retired_at)}", f"  retired {moment(facts.retired_at)}"))
    return lines


_KINDS: Final = {"door": "门", "barrier": "道闸", "clinic": "诊所", "street": "街面"}
_CERTIFICATES: Final = {"good": "有效", "revoked": "已作废", "expired": "已过期"}
_CARDS: Final[dict[str, Pair]] = {
    "live": ("等待第一次开机", "waits for its first start"),
    "used": ("已用过", "used"),
    "expired": ("过期", "expired"),
    "void": ("作废", "void"),
}


def _next(facts: Facts) -> Pair | None:
    """One line that says what to do; None when all is well."""
    write = f"provision device write {facts.name} --boot /media/$USER/bootfs"
    if facts.retired_at is not None:
        return (
            f"要恢复：provision device retire {facts.name} --undo",
            f"to take it back: provision device retire {facts.name} --undo",
        )
    if facts.device["online"]:
        return ("在现场试一试：edge-agent doctor --on-site", "try it on site: edge-agent doctor --on-site")
    if facts.card == "live":
        return (
            "把卡插进树莓派，接上网线和电源，等三分钟",
            "put the card into the Raspberry Pi, connect network and power",
        )
    if not facts.good:
        return (f"写卡：{write}", f"write its card: {write}")
    return (
        "它有证书，但没有来：看电源和网络，再看 edge-agent doctor",
        "it has a certificate and is not here: look at power and network, then edge-agent doctor",
    )


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns below one another, a Chinese sign being two wide."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1 for sign in text)
