"""`provision config push|show`, `models push`, `rollout list|show|advance|stop`: new things for devices, in stages."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from edge_agent.wire.model_bundle import pack
from firmware_config.provision.client import at
from firmware_config.provision.device_list import table
from firmware_config.provision.devices import device_name, moment
from firmware_config.provision.errors import UsageError
from firmware_config.provision.frame import Context, command, group
from firmware_config.provision.rollout_content import bundle_of, check, wanted
from firmware_config.provision.rollout_words import counts, next_step, say_of, say_rollout, state, what
from firmware_config.provision.words import said

_WAIT_S: Final = 600
_TRIED: Final = (
    "Each device checks and tries them for 30 s; what fares badly goes back by itself, and the rollout stops."
    " Only what is named changes; KEY= takes a setting away."
)


def add_config_parser(subparsers: Any) -> None:
    """Under `config`."""
    commands = group(subparsers, "config", what=("把设置送到设备", "send settings to devices"))
    push = command(
        commands,
        "push",
        what=("把设置送到设备：先一台，再十分之一，最后全部", "settings to devices: one first, ten percent, then all"),
        more=(
            "设备自己检查、试用 30 秒；不好就自己退回，推送随之停下。只改说到的设置，其余不变；KEY= 去掉一项。",
            _TRIED,
        ),
        examples=(
            "  provision config push --all --set camera.fps=10\n"
            "  provision config push --device gate-east --set camera.source=rtsp://10.0.4.17/main\n"
            "  provision config push --area 桂花村 --file settings.toml --wait 1800\n"
        ),
        run=run_config_push,
    )
    _targets(push)
    push.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=said("一项设置，如 camera.fps=10；可以多次", "one setting, such as camera.fps=10; may be given again"),
    )
    push.add_argument("--file", type=Path, metavar="TOML", help=said("写着设置的文件", "a file of settings"))
    push.add_argument(
        "--whole",
        action="store_true",
        help=said("只留这些，别的都去掉", "these and no others: all others are taken away"),
    )
    push.add_argument("--rotate", action="store_true", help=said("同时换证书", "each fetches another certificate, too"))
    show = command(
        commands,
        "show",
        what=("一台设备上生效的设置和模型", "which settings and models are in force on a device"),
        examples="  provision config show gate-east\n",
        run=run_config_show,
    )
    show.add_argument("name", metavar="NAME", type=device_name, help=said("设备编号", "its name"))


def add_models_parser(subparsers: Any) -> None:
    """Under `models`."""
    commands = group(subparsers, "models", what=("把模型送到设备", "send models to devices"))
    push = command(
        commands,
        "push",
        what=("把一个模型文件夹送到设备", "a folder of models to devices"),
        examples=("  provision models push ~/models --all\n  provision models push --installed --device gate-east\n"),
        run=run_models_push,
    )
    push.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help=said("有 manifest.toml", "with its manifest.toml")
    )
    push.add_argument(
        "--installed", action="store_true", help=said("退回随程序安装的模型", "back to those installed with the agent")
    )
    _targets(push)


def add_rollout_parser(subparsers: Any) -> None:
    """Under `rollout`."""
    commands = group(subparsers, "rollout", what=("正在进行的推送", "what is on its way to devices"))
    command(
        commands,
        "list",
        what=("有哪些推送", "which rollouts there are"),
        examples="  provision rollout list\n",
        run=run_list,
    )
    for name, about, run in (
        ("show", ("一次推送：每台设备怎么样", "one rollout: how each device is"), run_show),
        ("advance", ("不等了，现在就下一阶段", "the next stage begins now"), run_advance),
        (
            "stop",
            ("停下；--back 让已更新的也退回", "no further device; with --back those that have it go back"),
            run_stop,
        ),
    ):
        parser = command(commands, name, what=about, examples=f"  provision rollout {name} 3\n", run=run)
        parser.add_argument("id", type=int, metavar="ID", help=said("推送的编号", "its number"))
        if name == "stop":
            parser.add_argument(
                "--back", action="store_true", help=said("已更新的也退回", "those that have it go back")
            )


def run_config_push(args: argparse.Namespace, context: Context) -> int:
    change = wanted(args.set, args.file)
    if not (change or args.whole or args.rotate):
        raise UsageError("要改什么？用 --set 或 --file", "what is to change? Say it with --set or --file")
    check(change)
    body = {
        "kind": "config",
        "change": change,
        "whole": args.whole,
        "joins": args.rotate,
        **_target(args),
    }
    for section, values in change.items():
        for key, value in values.items():
            told = "agent.toml" if value is None else json.dumps(value, ensure_ascii=False)
            context.say(f"  {section}.{key} = {told}", f"  {section}.{key} = {told}")
    if args.whole:
        context.confirm("这些设备上别的设置都会去掉。", "All other settings of these devices go.")
    return _begin(context, body)


def run_models_push(args: argparse.Namespace, context: Context) -> int:
    if (args.folder is None) != args.installed:
        raise UsageError("给出文件夹，或者 --installed", "name a folder, or say --installed")
    bundle = pack({}) if args.folder is None else bundle_of(args.folder)
    context.say(f"  模型 {len(bundle) / 2**20:.1f} MB", f"  models, {len(bundle) / 2**20:.1f} MB")
    if context.dry_run:
        return _begin(context, {"kind": "model", "release": None, **_target(args)})
    with context.progress("正在上传", "uploading"):
        made = context.hub.upload(at("releases"), bundle, {"note": args.note})
    return _begin(context, {"kind": "model", "release": made["id"], **_target(args)})


def run_config_show(args: argparse.Namespace, context: Context) -> int:
    told = context.hub.get(at("devices", args.name, "releases"))
    if not told["items"]:
        context.say("还是卡上写的，没有推送过", "as its card says; nothing was rolled out")
    for one in told["items"]:
        say_of(context, one)
    return context.finish(told)


def run_list(_args: argparse.Namespace, context: Context) -> int:
    rows = context.hub.get(at("rollouts"), {"limit": 50})["items"]
    if rows and not context.json:
        headings = [
            said(*words)
            for words in (("编号", "ID"), ("内容", "WHAT"), ("情况", "STATE"), ("设备", "DEVICES"), ("时间", "WHEN"))
        ]
        cells = [[str(row["id"]), what(row), state(row), counts(row), moment(row["made_at"])] for row in rows]
        for line in table([headings, *cells]):
            context.say(line, line)
    elif not rows:
        context.say("还没有推送过", "nothing was ever rolled out")
    return context.finish({"rollouts": rows})


def run_show(args: argparse.Namespace, context: Context) -> int:
    row = context.hub.get(at("rollouts", str(args.id)))
    say_rollout(context, row)
    return context.finish(row, then=next_step(row))


def run_advance(args: argparse.Namespace, context: Context) -> int:
    context.confirm("不等这一阶段证明自己就继续。", "It goes on before this stage has proven itself.")
    if context.dry_run:
        return context.finish({"id": args.id})
    row = context.hub.post(at("rollouts", str(args.id), "advance"))
    say_rollout(context, row)
    return context.finish(row, then=next_step(row))


def run_stop(args: argparse.Namespace, context: Context) -> int:
    context.confirm(f"停止推送 {args.id}。", f"Rollout {args.id} stops.")
    if context.dry_run:
        return context.finish({"id": args.id})
    row = context.hub.post(at("rollouts", str(args.id), "stop"), {"back": args.back})
    say_rollout(context, row)
    return context.finish(row)


def _targets(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument(
        "--device",
        action="append",
        type=device_name,
        metavar="NAME",
        help=said("这台；可以多次", "this one; may be given again"),
    )
    one.add_argument("--area", metavar="AREA", help=said("这个社区、村或网格的", "those of an area or grid"))
    one.add_argument("--all", action="store_true", help=said("所有设备", "every device"))
    parser.add_argument("--note", default="", help=said("给别人看的说明", "what it is for, for others"))
    parser.add_argument(
        "--wait",
        type=int,
        default=_WAIT_S,
        metavar="S",
        help=said("每一阶段都正常多少秒才继续（600）", "seconds that each stage must be well (600)"),
    )


def _target(args: argparse.Namespace) -> dict[str, Any]:
    common = {"note": args.note, "wait_s": args.wait}
    if args.device:
        return {**common, "devices": args.device}
    return {**common, "everywhere": True} if args.all else {**common, "area": args.area}


def _begin(context: Context, body: dict[str, Any]) -> int:
    if context.dry_run:
        context.say("试运行：什么也没有送出", "dry run: nothing was sent")
        return context.finish({"rollout": body})
    row = context.hub.post(at("rollouts"), body)
    say_rollout(context, row)
    return context.finish(row, then=next_step(row))
