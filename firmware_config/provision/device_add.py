"""`provision device add`: one device by its name, or all of a sheet."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from firmware_config.provision.client import at
from firmware_config.provision.devices import Facts, device_name, find
from firmware_config.provision.errors import UsageError
from firmware_config.provision.frame import Context, command
from firmware_config.provision.sheet import add_sheet
from firmware_config.provision.words import said

KINDS: Final = ("door", "barrier", "clinic", "street")
_EXAMPLES: Final = """\
  provision device add gate-east --place 东门 --area 桂花村 --kind barrier --camera picamera2 --relay gpio:17
  provision device add clinic-1 --place 卫生站 --area 桂花村 --kind clinic --camera rtsp://viewer:pw@192.0.2.20/main
  provision device add --sheet points.xlsx             %s
  provision device add --template points.xlsx          %s
"""


def add_parser(subparsers: Any) -> None:
    examples = _EXAMPLES % (
        said("一次很多台；先查错，再一起导入", "many at once; all mistakes are told first"),
        said("一张空表，填好再导入", "an empty sheet to fill in"),
    )
    parser = command(
        subparsers,
        "add",
        what=("新建一台设备，或一张表里的全部设备", "add a device, or all of a sheet"),
        more=(
            "已有的设备只改说出来的那些；再做一遍什么也不会变。",
            "Of a device that is there, only what is said changes; done twice it is done once.",
        ),
        examples=examples,
        run=run,
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", type=device_name, help=said("设备编号", "its name: a-z, 0-9, -")
    )
    parser.add_argument("--place", help=said("安装地点，给人看的", "where it stands, for people"))
    parser.add_argument("--area", help=said("社区或村", "community or village"))
    parser.add_argument("--grid", help=said("网格", "a grid in it"))
    parser.add_argument("--kind", choices=KINDS, help=said("点位类型：门、道闸、卫生站、路口", "what it watches"))
    parser.add_argument(
        "--camera",
        metavar="SOURCE",
        help=said("picamera2、rtsp:// 地址或 /dev/video0", "picamera2, rtsp://…, /dev/video0"),
    )
    parser.add_argument("--relay", metavar="PIN", help=said("开闸的继电器，例如 gpio:17", "its door's relay: gpio:17"))
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=said("其他设置，可以多次", "a setting of its profile; may be repeated"),
    )
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument("--sheet", type=Path, metavar="FILE", help=said("Excel 或 CSV 表", "XLSX or CSV"))
    whole.add_argument("--template", type=Path, metavar="FILE", help=said("写一张空表", "write an empty sheet"))


def run(args: argparse.Namespace, context: Context) -> int:
    given = [word for word in ("place", "area", "grid", "kind", "camera", "relay") if getattr(args, word) is not None]
    if args.sheet is None and args.template is None:
        if args.name is None:
            raise UsageError("请给出设备编号，或用 --sheet 给出一张表", "give a device's name, or a sheet with --sheet")
        return _add_one(args, context)
    if args.name is not None or given or args.settings:
        raise UsageError("用表的时候，别的都写在表里", "with a sheet, everything stands in the sheet")
    if args.template is not None:
        return _template(args.template, context)
    return add_sheet(args.sheet, context)


def _add_one(args: argparse.Namespace, context: Context) -> int:
    stands = {name: getattr(args, name) for name in ("place", "area", "grid") if getattr(args, name) is not None}
    profile: dict[str, Any] = {
        name: getattr(args, name) for name in ("kind", "camera", "relay") if getattr(args, name) is not None
    }
    settings = _settings(args.settings)
    before = find(context.hub, args.name)
    if before is not None:
        return _change_one(args.name, before, stands, profile, settings, context)
    if not stands.get("place"):
        raise UsageError("新设备要有 --place（安装地点）", "a new device needs --place")
    wanted = {"id": args.name, **stands, "profile": {**profile, **({"settings": settings} if settings else {})}}
    if context.dry_run:
        context.say(f"会新建设备 {args.name}（{stands['place']}）", f"would add {args.name} ({stands['place']})")
    else:
        context.hub.post(at("devices"), wanted)
        context.say(f"已新建设备 {args.name}（{stands['place']}）", f"added {args.name} ({stands['place']})")
    return context.finish(
        {"device": args.name, "does": "new", "changed": sorted([*stands, *profile])}, then=_then(args.name)
    )


def _change_one(
    name: str,
    before: Facts,
    stands: dict[str, Any],
    profile: dict[str, Any],
    settings: dict[str, Any],
    context: Context,
) -> int:
    before.demand_active()
    if settings:
        profile["settings"] = {**before.profile["settings"], **settings}
    moved = {key: value for key, value in stands.items() if before.device[key] != value}
    remade = {key: value for key, value in profile.items() if before.profile[key] != value}
    changed = sorted([*moved, *remade])
    if not changed:
        context.say(f"已有设备 {name}，和要的一样", f"there is {name} already, and it is like that")
        return context.finish({"device": name, "does": "unchanged", "changed": []}, then=_then(name))
    names = "、".join(changed), ", ".join(changed)
    context.confirm(f"已有设备 {name}，会改：{names[0]}。", f"There is {name} already; this changes {names[1]}.")
    if not context.dry_run:
        if moved:
            context.hub.patch(at("devices", name), moved)
        if remade:
            whole = {key: before.profile[key] for key in ("kind", "camera", "relay", "settings")}
            context.hub.put(at("devices", name, "profile"), {**whole, **remade})
    done = ("会改", "would change") if context.dry_run else ("已改", "changed")
    context.say(f"{done[0]}设备 {name}：{names[0]}", f"{done[1]} {name}: {names[1]}")
    return context.finish({"device": name, "does": "update", "changed": changed}, then=_then(name))


def _then(name: str) -> tuple[str, str]:
    command = f"provision device write {name} --boot /media/$USER/bootfs"
    return f"写卡：{command}", f"write its card: {command}"


def _settings(words: list[str]) -> dict[str, Any]:
    """KEY=VALUE, a value being JSON where it reads as such, else a text. Raises UsageError."""
    found: dict[str, Any] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"--set 要写成 名=值，不是 {word}", f"--set wants KEY=VALUE, not {word}")
        try:
            found[key.strip()] = json.loads(value)
        except ValueError:
            found[key.strip()] = value
    return found


def _template(path: Path, context: Context) -> int:
    form = "csv" if path.suffix.casefold() == ".csv" else "xlsx"
    if path.exists():
        context.confirm(f"已有文件 {path}，会被覆盖。", f"{path} is there already and would be overwritten.")
    if not context.dry_run:
        path.write_bytes(context.hub.download(at("imports", "template"), {"kind": "devices", "form": form}))
        context.say(f"空表写到了 {path}", f"an empty sheet stands in {path}")
    fill = f"provision device add --sheet {path}"
    return context.finish({"template": str(path)}, then=(f"填好以后：{fill}", f"fill it in, then: {fill}"))
