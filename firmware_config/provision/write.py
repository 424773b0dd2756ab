"""`provision device write`: a device's files onto a card, into an archive, or to a Pi that runs."""

import argparse
import os
from pathlib import Path
from typing import Any, Final

from firmware_config.boot.bundle import write_bundle
from firmware_config.boot.detect import BootError, BootPartition, detect
from firmware_config.boot.over_ssh import over_ssh
from firmware_config.boot.wheels import OWN, PYTHONS, digests, fetch, missing, needed, own, requirement, wheels_in
from firmware_config.boot.write import refuse_others, write_card
from firmware_config.device.card import FOLDER, Issued, Program, Start, Token, render_card
from firmware_config.device.files import Files
from firmware_config.profile import DeviceProfile, ProfileError, SiteFacts, Wifi
from firmware_config.provision.client import at
from firmware_config.provision.devices import Facts, device_name, get
from firmware_config.provision.errors import ProvisionError, UsageError
from firmware_config.provision.frame import Context, command
from firmware_config.provision.words import said
from firmware_config.provision.write_credentials import UNWRITTEN, preissued, token_of

_SMALL_BYTES_MAX: Final = 64 * 1024
_EXAMPLES: Final = """\
  provision device write gate-east --boot /media/$USER/bootfs
  provision device write gate-east --boot /media/$USER/bootfs --wifi Office --wifi-passphrase-file wifi.txt \\
      --ssh-key ~/.ssh/id_ed25519.pub --with-wheels
  provision device write gate-east --over-ssh pi@192.0.2.21
  provision device write gate-east --bundle gate-east.tar --wheels wheels/
"""


def add_parser(subparsers: Any) -> None:
    parser = command(
        subparsers,
        "write",
        what=("写卡：插上、开机，它就自己加入本站", "write its card: put it in, switch it on, and it joins by itself"),
        more=(
            "卡上先写好 64 位的 Raspberry Pi OS（Bookworm 或更新）。Wi-Fi 密码只写在卡上，不交给中心。",
            "First put Raspberry Pi OS (64-bit, Bookworm or newer) on it. No hub hears the Wi-Fi's passphrase.",
        ),
        examples=_EXAMPLES,
        run=run,
    )
    parser.add_argument("name", metavar="NAME", type=device_name, help=said("设备编号", "its name"))
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--boot", type=Path, metavar="DIR", help=said("卡的启动分区", "the card's boot partition"))
    where.add_argument("--bundle", type=Path, metavar="FILE", help=said("写成 tar，给做镜像的人", "a tar, for images"))
    where.add_argument("--over-ssh", metavar="HOST", help=said("用 SSH 装到已开机的树莓派", "onto a Pi that runs"))
    _add_network(parser)
    _add_program(parser)
    parser.add_argument(
        "--start",
        choices=[Start.CLOUD_INIT, Start.FIRSTRUN],
        default=Start.CLOUD_INIT,
        help=said("--bundle 给哪种镜像", "which images --bundle is for (default: %(default)s)"),
    )
    parser.add_argument(
        "--preissued",
        action="store_true",
        help=said(
            "在这里就办好密钥和证书，写在卡上（设备连不到中心的网页时）",
            "make key and certificate here and write them on the card: for devices that cannot reach the hub's page",
        ),
    )
    parser.add_argument("--days", type=int, default=14, metavar="N", help=said("卡多少天有效", "how long it lives"))
    parser.add_argument("--force", action="store_true", help=said("覆盖别人的卡", "replace another device's files"))


def _add_network(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(said("网络和登录", "network and login"))
    group.add_argument("--wifi", metavar="SSID", help=said("无线网络名；不写就用网线", "default: the cable"))
    group.add_argument(
        "--wifi-passphrase-file",
        type=Path,
        metavar="FILE",
        help=said("密码文件", "one line; else open"),
    )
    group.add_argument("--wifi-country", default="CN", metavar="CC", help=said("国家代码", "default: %(default)s"))
    group.add_argument("--wifi-hidden", action="store_true", help=said("网络名不广播", "it does not tell its name"))
    group.add_argument(
        "--ssh-key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help=said(
            "可以登录的公钥，可多次；没有就谁也不能登录", "a public key; may be repeated; without one nobody logs in"
        ),
    )


def _add_program(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(said("现场没有互联网", "a gate without internet"))
    wheels = group.add_mutually_exclusive_group()
    wheels.add_argument("--wheels", type=Path, metavar="DIR", help=said("把这里的软件包带上", "packages to take along"))
    wheels.add_argument(
        "--with-wheels", action="store_true", help=said("下载软件包带上（约 80 MB）", "fetch them now (about 80 MB)")
    )


# --- what is asked for ------------------------------------------------------------------------------------------


def run(args: argparse.Namespace, context: Context) -> int:
    try:
        return _run(args, context)
    except BootError as error:
        raise ProvisionError(error.zh, str(error), code="card") from error
    except ProfileError as error:
        lines = "".join(f"\n  {name} {why}" for name, why in error.problems.items())
        raise ProvisionError(
            f"{args.name} 的设置有 {len(error.problems)} 处不对：{lines}",
            f"{len(error.problems)} settings of {args.name} are not as they must be:{lines}",
            code="profile",
        ) from error


def _run(args: argparse.Namespace, context: Context) -> int:
    partition = None if args.boot is None else detect(args.boot)
    facts = get(context.hub, args.name)
    facts.demand_active()
    profile, site = profile_of(args, facts), site_of(context.hub.get(at("issuing")))
    if partition is not None and not args.force:
        refuse_others(partition, profile)
    _confirm(args, facts, context)
    wheels = _wheels(args, partition, context)
    program = Program(requirement=requirement(), wheels=digests(wheels))
    start = _start(args, partition)
    if context.dry_run:
        files = render_card(profile, site, start=start, credentials=UNWRITTEN, program=program)
        return _would(args, files, context)
    credentials: Token | Issued
    if args.preissued:
        credentials = preissued(context.hub, args.name, site)
    else:
        credentials = token_of(context.hub, args.name, days=args.days)
    files = render_card(profile, site, start=start, credentials=credentials, program=program)
    return _put(args, profile, files, wheels, partition, context)


def _confirm(args: argparse.Namespace, facts: Facts, context: Context) -> None:
    """What ends by another card."""
    if facts.card == "live":
        context.confirm(
            f"{args.name} 还有一张没用过的卡，会作废。", f"A card of {args.name} that was not used yet becomes void."
        )
    if args.preissued and facts.good:
        context.confirm(f"{args.name} 现在的证书马上失效。", f"The certificate that {args.name} has now ends at once.")


def profile_of(args: argparse.Namespace, facts: Facts) -> DeviceProfile:
    """Raises ProfileError and ProvisionError."""
    wifi = None
    if args.wifi is not None:
        word = None if args.wifi_passphrase_file is None else _read(args.wifi_passphrase_file).rstrip("\r\n")
        wifi = Wifi(ssid=args.wifi, passphrase=word, country=args.wifi_country, hidden=args.wifi_hidden)
    elif args.wifi_passphrase_file is not None:
        raise UsageError("有密码，还缺 --wifi 网络名", "a passphrase, but no --wifi")
    given = [line.strip() for file in args.ssh_key for line in _read(file).splitlines() if line.strip()]
    answer = dict(facts.profile)
    kept = answer.get("settings") or {}
    if given:
        answer["settings"] = {**kept, "ssh_keys": list(dict.fromkeys([*kept.get("ssh_keys", []), *given]))}
    device = facts.device
    return DeviceProfile.of_hub(answer, place=device.get("place") or "", area=device.get("area") or "", wifi=wifi)


def site_of(issuing: dict[str, Any]) -> SiteFacts:
    """From the hub's `issuing`. Raises ProvisionError when the hub cannot say it, ProfileError."""
    if not issuing["set_up"]:
        raise ProvisionError(
            f"中心还不能签发证书：{issuing['why']}",
            f"the hub issues no certificates: {issuing['why']}",
            code="not_set_up",
        )
    broker = issuing["broker"]
    return SiteFacts(
        site=issuing["site"],
        broker_host=broker["host"],
        broker_port=broker["port"],
        page=issuing["page"],
        root_pem=issuing["ca"],
    )


def _read(file: Path) -> str:
    try:
        with file.expanduser().open("rb") as stream:
            return stream.read(_SMALL_BYTES_MAX).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"读不了 {file}：{error}", f"{file} cannot be read: {error}") from error


def _start(args: argparse.Namespace, partition: BootPartition | None) -> Start:
    if partition is not None:
        return partition.start
    return Start.RUNNING if args.over_ssh is not None else Start(args.start)


def _wheels(args: argparse.Namespace, partition: BootPartition | None, context: Context) -> dict[str, Path]:
    if args.wheels is not None:
        found = wheels_in(args.wheels)
        lacking = [] if partition is None else missing(args.wheels, partition.python)
        if partition is not None and lacking:
            raise BootError(
                f"{args.wheels} lacks, for this card's Python {partition.python}: {', '.join(lacking)}",
                zh=f"{args.wheels} 里缺这张卡（Python {partition.python}）要用的：{'、'.join(lacking)}",
            )
        return found if partition is None else needed(args.wheels, [partition.python])
    if context.dry_run:
        return {}
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shouwang" / "wheels"

    def say(line: str) -> None:
        context.say(line, line)

    if not args.with_wheels:
        mine = own(folder / OWN, say=say)
        return {mine.name: mine}
    return fetch(folder, pythons=PYTHONS if partition is None else (partition.python,), say=say)


# --- what is done with it ---------------------------------------------------------------------------------------


def _would(args: argparse.Namespace, files: Files, context: Context) -> int:
    names = sorted(files)
    for name in names:
        context.say(f"会写 {name}", f"would write {name}")
    return context.finish({"device": args.name, "files": names, "to": _to(args)})


def _to(args: argparse.Namespace) -> str:
    return str(args.boot or args.bundle or args.over_ssh)


def _put(
    args: argparse.Namespace,
    profile: DeviceProfile,
    files: Files,
    wheels: dict[str, Path],
    partition: BootPartition | None,
    context: Context,
) -> int:
    result: dict[str, object] = {"device": args.name, "to": _to(args)}
    if partition is not None:
        with context.progress("正在写卡", "writing the card", total=len(files) + len(wheels)) as step:
            written = write_card(partition, files, profile, wheels=wheels, step=step)
        result |= {"files": written, "start": partition.start}
        context.say(f"{args.name} 的卡写好了", f"the card of {args.name} is written")
        return context.finish(result, then=_card_then(args.name))
    if args.bundle is not None:
        result["sha256"] = write_bundle(args.bundle, files, wheels, force=args.force)
        context.say(f"{args.bundle} 写好了", f"{args.bundle} is written")
        unpack = f"tar -C BOOT -xf {args.bundle}"
        return context.finish(result, then=(f"展开到启动分区：{unpack}", f"unpack on the boot partition: {unpack}"))
    with context.progress(f"正在 {args.over_ssh} 上安装", f"installing at {args.over_ssh}"):
        result["told"] = over_ssh(args.over_ssh, files, wheels)
    context.say(f"{args.name} 装好了", f"{args.name} is installed")
    show = f"provision device show {args.name}"
    return context.finish(result, then=(f"看看它：{show}", f"look at it: {show}"))


def _card_then(name: str) -> tuple[str, str]:
    log = f"{FOLDER}/install.log"
    return (
        f"弹出卡，插进树莓派，通电；几分钟后：provision device show {name}（不行就看卡上的 {log}）",
        f"eject it, put it into the Pi, switch on; minutes later: provision device show {name} (else read {log} there)",
    )
