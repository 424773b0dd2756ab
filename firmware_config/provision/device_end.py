"""`provision device revoke` and `retire`: what ends a card, and what ends a point."""

import argparse
from typing import Any

from firmware_config.provision.client import at
from firmware_config.provision.devices import device_name, get
from firmware_config.provision.frame import Context, command
from firmware_config.provision.words import said


def add_parser(subparsers: Any) -> None:
    parser = command(
        subparsers,
        "revoke",
        what=("作废一台设备的证书和卡（被偷、丢失）", "its certificates and card count no more (stolen, lost)"),
        more=(
            "点位留着：以后可以写一张新卡。消息服务器会断开所有连接，别的设备自己会再连上，什么也不会丢。",
            "The point stays: it may get a new card. The broker ends all sessions; others come back and lose nothing.",
        ),
        examples="  provision device revoke gate-east --reason 卡被偷了\n",
        run=run_revoke,
    )
    _add_name(parser)
    parser = command(
        subparsers,
        "retire",
        what=("停用一个点位：历史留着，它不再出现", "a point that is no more: its history stays"),
        examples=(
            "  provision device retire gate-east --reason 门改了位置\n  provision device retire gate-east --undo\n"
        ),
        run=run_retire,
    )
    _add_name(parser)
    parser.add_argument("--undo", action="store_true", help=said("恢复", "take it back"))


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", type=device_name, help=said("设备编号", "its name"))
    parser.add_argument("--reason", default="", metavar="TEXT", help=said("为什么，记在档案里", "why, kept on file"))


def run_revoke(args: argparse.Namespace, context: Context) -> int:
    facts = get(context.hub, args.name)
    serials = [one["serial"] for one in facts.good]
    if not serials and facts.card != "live":
        context.say(f"{args.name} 没有有效的证书，也没有等着用的卡", f"{args.name} has no good certificate and no card")
        return context.finish({"device": args.name, "revoked": [], "broker": "unchanged"})
    context.confirm(
        f"{args.name} 的 {len(serials)} 张证书会立刻作废，不能恢复。",
        f"{len(serials)} certificates of {args.name} end at once; that cannot be undone.",
    )
    if context.dry_run:
        context.say(f"会作废 {len(serials)} 张证书", f"would revoke certificates: {len(serials)}")
        return context.finish({"device": args.name, "revoked": serials, "broker": "unchanged"})
    done = context.hub.post(at("devices", args.name, "revocation"), {"reason": args.reason or said("作废", "revoked")})
    context.say(f"已作废 {len(done['revoked'])} 张证书", f"certificates revoked: {len(done['revoked'])}")
    return context.finish(
        {"device": args.name, "revoked": done["revoked"], "broker": done["broker"]},
        then=_after(args.name, done["broker"]),
    )


def _after(name: str, broker: str) -> tuple[str, str]:
    if broker == "not_kept":
        return (
            "中心没有管消息服务器的文件（--broker-files）：请自己更新 crl.pem 并重启 Mosquitto",
            "the hub keeps no files of the broker (--broker-files): renew crl.pem and restart Mosquitto yourself",
        )
    if broker.startswith("failing"):
        return (
            f"消息服务器的文件没有写成（{broker}），中心会再试",
            f"the broker's files: {broker}; the hub tries again",
        )
    command = f"provision device write {name} --boot …"
    return f"装新卡时：{command}", f"for a new card: {command}"


def run_retire(args: argparse.Namespace, context: Context) -> int:
    facts = get(context.hub, args.name)
    if (facts.retired_at is None) == args.undo:
        state = ("没有停用", "is not retired") if args.undo else ("已经停用了", "is retired already")
        context.say(f"{args.name} {state[0]}", f"{args.name} {state[1]}")
        return context.finish({"device": args.name, "retired": not args.undo, "changed": False})
    if not args.undo:
        context.confirm(
            f"{args.name} 停用后不能再说话，证书立刻作废；它看到过的都留着。",
            f"{args.name} will speak no more and its certificates end; what it has seen stays.",
        )
    if not context.dry_run:
        if args.undo:
            context.hub.post(at("devices", args.name, "unretire"))
        else:
            context.hub.post(at("devices", args.name, "retire"), {"reason": args.reason or said("停用", "retired")})
    result = {"device": args.name, "retired": not args.undo, "changed": not context.dry_run}
    if args.undo:
        write = f"provision device write {args.name} --boot …"
        context.say(f"{args.name} 恢复了", f"{args.name} is back")
        return context.finish(result, then=(f"它需要一张新卡：{write}", f"it needs a new card: {write}"))
    context.say(f"{args.name} 停用了", f"{args.name} is retired")
    return context.finish(result)
