"""`provision device replace` and `rotate`: a new card for a point that stays, a new certificate for a device."""

import argparse
import json
import os
import shlex
import subprocess
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from firmware_config.provision.client import at
from firmware_config.provision.devices import device_name, get
from firmware_config.provision.errors import HubError, ProvisionError
from firmware_config.provision.frame import Context, command
from firmware_config.provision.words import said

SSH_S: Final = 180
_ROLLOUTS_LOOKED_AT: Final = 100
_RENEW: Final = (
    'umask 077; card=$(mktemp) && trap \'rm -f "$card"\' EXIT && cat > "$card"'
    ' && sudo edge-agent join --config /etc/shouwang/agent.toml --again --wait-s 60 --token-file "$card"'
    " && sudo systemctl restart shouwang-agent.service"
)
"""On the device: the card comes on its standard input, so that no list of processes shows the token."""


def add_parser(subparsers: Any) -> None:
    parser = command(
        subparsers,
        "replace",
        what=("换卡：点位不变，卡或整台机器是新的", "a new card or machine for a point that stays what it is"),
        more=(
            "旧证书在新卡第一次开机时作废；用 --now 立刻作废（卡丢了、被偷了）。",
            "The old certificate ends when the new card joins, with --now at once (the card was lost or stolen).",
        ),
        examples="  provision device replace gate-east\n  provision device replace gate-east --now --reason 卡丢了\n",
        run=run_replace,
    )
    _add_name(parser)
    parser.add_argument("--now", action="store_true", help=said("旧证书立刻作废", "the old certificate ends at once"))
    parser.add_argument("--reason", default="", metavar="TEXT", help=said("为什么", "why, kept on file"))
    parser.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help=said("把新卡的 join.json 写到这里", "write the new card's join.json here"),
    )
    parser.add_argument(
        "--days", type=int, default=14, metavar="N", help=said("卡多少天有效", "how long the card lives")
    )
    parser = command(
        subparsers,
        "rotate",
        what=("换证书：设备自己做一把新的密钥", "a new certificate: the device makes itself a new key"),
        more=(
            "在线的设备由中心通知；也可以用 --over-ssh 直接上去换。",
            "The hub tells a device that is online; --over-ssh does it at once, from here.",
        ),
        examples="  provision device rotate gate-east\n  provision device rotate gate-east --over-ssh pi@192.0.2.21\n",
        run=run_rotate,
    )
    _add_name(parser)
    parser.add_argument("--over-ssh", metavar="HOST", help=said("用 SSH 上去换", "log in there and do it now"))


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", type=device_name, help=said("设备编号", "its name"))


def run_replace(args: argparse.Namespace, context: Context) -> int:
    facts = get(context.hub, args.name)
    facts.demand_active()
    ends = [one["serial"] for one in facts.good] if args.now else []
    if ends:
        context.confirm(
            f"{args.name} 的旧证书会立刻作废，它马上离线，直到新卡开机。",
            f"The old certificate of {args.name} ends at once: it is offline until the new card starts.",
        )
    elif facts.card == "live" and args.card is not None:
        context.confirm(f"{args.name} 还没用过的那张卡会作废。", f"The card of {args.name} that waits becomes void.")
    if not context.dry_run:
        if ends:
            context.hub.post(
                at("devices", args.name, "revocation"), {"reason": args.reason or said("换卡", "replaced")}
            )
        if args.card is not None:
            _write_card(args.card, _token(args.name, args.days, context))
    if ends:
        context.say(
            f"旧证书{_will('会作废', '已作废', context)}", f"the old certificate {_will('would end', 'ended', context)}"
        )
    result = {"device": args.name, "revoked": ends, "card": None if args.card is None else str(args.card)}
    write = f"provision device write {args.name} --boot /media/$USER/bootfs"
    if args.card is not None:
        return context.finish(
            result,
            then=(
                f"把 {args.card} 放到新卡的 shouwang/join.json，开机",
                f"put {args.card} onto the new card as shouwang/join.json, and start it",
            ),
        )
    return context.finish(result, then=(f"写新卡：{write}", f"write the new card: {write}"))


def _will(later: str, done: str, context: Context) -> str:
    return later if context.dry_run else done


def run_rotate(args: argparse.Namespace, context: Context) -> int:
    facts = get(context.hub, args.name)
    facts.demand_active()
    if not facts.good:
        raise ProvisionError(
            f"{args.name} 没有有效的证书可换；请写一张新卡：provision device write {args.name} --boot …",
            f"{args.name} has no good certificate; write it a card: provision device write {args.name} --boot …",
            code="no_certificate",
        )
    if args.over_ssh is not None:
        return _rotate_over_ssh(args, context)
    return _rotate_by_hub(args.name, context)


def _rotate_over_ssh(args: argparse.Namespace, context: Context) -> int:
    host: str = args.over_ssh
    if host.startswith("-"):
        raise ProvisionError(f"{host} 不是主机", f"{host} is no host", code="usage")
    if context.dry_run:
        context.say(f"会在 {host} 上换 {args.name} 的证书", f"would renew the certificate of {args.name} at {host}")
        return context.finish({"device": args.name, "how": "ssh", "host": host})
    card = _token(args.name, 1, context)
    words = ["ssh", "-o", "BatchMode=no", "--", host, f"sh -c {shlex.quote(_RENEW)}"]
    with context.progress(f"正在 {host} 上换证书…", f"renewing at {host}…"):
        try:
            done = subprocess.run(
                words, input=json.dumps(card), text=True, capture_output=True, timeout=SSH_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ProvisionError(f"ssh 没有成功：{error}", f"ssh failed: {error}", code="ssh") from error
    if done.returncode != 0:
        why = " ".join(done.stderr.split())[-300:]
        raise ProvisionError(f"{host} 上没有换成：{why}", f"not renewed at {host}: {why}", code="ssh")
    context.say(f"{args.name} 有了新证书，旧的已作废", f"{args.name} has a new certificate; the old one ended")
    return context.finish({"device": args.name, "how": "ssh", "host": host}, then=_look(args.name))


def _rotate_by_hub(name: str, context: Context) -> int:
    """A rollout to this one device: its settings stay, and it fetches another certificate."""
    if context.dry_run:
        context.say(f"会让 {name} 换证书", f"would have {name} renew its certificate")
        return context.finish({"device": name, "how": "hub", "rollout": None})
    wanted = {"kind": "config", "devices": [name], "joins": True, "note": said("换证书", "a new certificate")}
    try:
        rollout = int(context.hub.post(at("rollouts"), wanted)["id"])
    except HubError as error:
        under_way = _renewing(name, context) if error.status == HTTPStatus.CONFLICT else None
        if under_way is None:
            raise
        rollout = under_way
    context.say(f"{name} 一在线就会换证书", f"{name} renews its certificate as soon as it is online")
    return context.finish({"device": name, "how": "hub", "rollout": rollout}, then=_look(name))


def _renewing(name: str, context: Context) -> int | None:
    """The rollout that does it already."""
    for row in context.hub.get(at("rollouts"), {"limit": _ROLLOUTS_LOOKED_AT})["items"]:
        if row["joins"] and row["state"] == "running":
            devices = context.hub.get(at("rollouts", str(row["id"])))["devices"]
            if any(one["device"] == name for one in devices):
                return int(row["id"])
    return None


def _look(name: str) -> tuple[str, str]:
    return f"看看它：provision device show {name}", f"look at it: provision device show {name}"


def _token(name: str, days: int, context: Context) -> dict[str, Any]:
    """What a card's join.json says."""
    made = context.hub.post(at("devices", name, "join-tokens"), {"days": days})
    return {key: made[key] for key in ("token", "device", "site", "page")}


def _write_card(path: Path, card: dict[str, Any]) -> None:
    """For nobody's eyes but the owner's. Raises ProvisionError."""
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(card, file, ensure_ascii=False, indent=1)
            file.write("\n")
    except OSError as error:
        raise ProvisionError(
            f"写不了 {path}：{error.strerror}", f"{path} cannot be written: {error.strerror}"
        ) from error
