"""`provision site init`: a new site, or the files of one whose `site.toml` has changed."""

import argparse
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from firmware_config.ca.authority import CaError
from firmware_config.provision.errors import ProvisionError, UsageError
from firmware_config.provision.frame import Context, command
from firmware_config.provision.passphrase import new_passphrase
from firmware_config.provision.words import Pair, said
from firmware_config.site import files
from firmware_config.site.folder import SiteFolder
from firmware_config.site.profile import FILE, ProfileError, SiteProfile

_EXAMPLES: Final = """\
  provision site init ~/guihua --name guihua --host hub.guihua.lan --host 192.168.1.10 --area 桂花村
  provision site init ~/guihua          %s
"""


def add_parser(words: Any) -> None:
    parser = command(
        words,
        "init",
        what=(
            "建一个站点：根证书、各种证书、中心那台机器的文件",
            "a new site: its root, certificates, the hub's files",
        ),
        more=(
            "已经建好的站点：按 site.toml 重写 files/，证书一张也不动。",
            "Of a site that is there, files/ is written anew from site.toml; no certificate is touched.",
        ),
        examples=_EXAMPLES % said("改过 site.toml 之后", "after site.toml was changed"),
        run=run,
        asks_hub=False,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help=said("站点目录，只有自己能看", "the site's folder"))
    parser.add_argument("--name", help=said("站点的代号：a-z、0-9、-", "its name: a-z, 0-9 and -"))
    for option, zh, en in (
        (
            "--host",
            "中心那台机器的名字或地址；可以多次，设备用第一个",
            "of the hub's machine; devices use the first one",
        ),
        ("--broker-host", "消息服务器的，若和 --host 不同", "of the broker, where it differs from --host"),
        ("--hub-host", "网页的，若和 --host 不同", "of the page, where it differs from --host"),
        ("--area", "社区或村；可以多次", "community or village; may be repeated"),
        ("--watchdog", "看门狗的名字（默认 watchdog）", "who watches the hub from outside (default watchdog)"),
    ):
        parser.add_argument(option, action="append", default=[], metavar="NAME", help=said(zh, en))
    parser.add_argument("--broker-port", type=int, metavar="N", help=said("默认 8883", "default 8883"))
    parser.add_argument("--page-port", type=int, metavar="N", help=said("默认 8443", "default 8443"))
    parser.add_argument("--time-zone", metavar="ZONE", help=said("默认 Asia/Shanghai", "default Asia/Shanghai"))
    parser.add_argument(
        "--program", type=Path, metavar="FILE", help=said("hub-server 在哪里", "where hub-server will be")
    )
    parser.add_argument(
        "--keys-mirror", type=Path, metavar="DIR", help=said("密钥副本，放另一块盘", "a copy of keys, on another disk")
    )
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help=said("根密钥的密码在这个文件里", "holds the root's passphrase"),
    )


def run(args: argparse.Namespace, context: Context) -> int:
    folder = SiteFolder(args.folder)
    try:
        return _again(args, context, folder) if folder.begun else _begin(args, context, folder)
    except ProfileError as error:
        raise UsageError(str(error), str(error)) from error
    except (CaError, OSError) as error:
        raise ProvisionError(f"没有建成：{error}", f"the site was not made: {error}", code="site") from error


def to_install(folder: Path) -> Pair:
    there = folder / files.FOLDER / "install.sh"
    return (
        f"在中心那台机器上：sudo {there}（别的机器：先把整个目录拷过去，root.key 除外）",
        f"on the hub's machine: sudo {there} (elsewhere: copy the folder there first, without root.key)",
    )


def _begin(args: argparse.Namespace, context: Context, folder: SiteFolder) -> int:
    told = _told(args)
    missing = [
        option
        for option, field in (("--name", "name"), ("--host", "broker_hosts"), ("--host", "hub_hosts"))
        if field not in told
    ]
    if missing:
        options = ", ".join(dict.fromkeys(missing))
        raise UsageError(f"新站点还缺：{options}", f"a new site needs {options}")
    site = SiteProfile(**told, made=datetime.now(UTC).replace(microsecond=0))
    if context.dry_run:
        names = sorted(files.render(site))
        context.say(
            f"会建：{args.folder}，有证书和 {len(names)} 个文件", f"would make {args.folder}: keys, certificates"
        )
        return context.finish({"site": str(args.folder), "page": site.page, "files": names})
    written = folder.begin(site, passphrase=new_passphrase(args.passphrase_file))
    context.say(f"建好了 {args.folder}（{len(written)} 个文件）", f"made {args.folder} ({len(written)} files)")
    context.say(
        f"把 {folder.root_key} 移到两个 U 盘上，分开锁好：平时用不到它",
        f"move {folder.root_key} onto two USB sticks in two drawers: nothing daily needs it",
    )
    result = {"site": str(args.folder), "page": site.page, "written": [str(path) for path in written]}
    return context.finish(result, then=to_install(args.folder))


def _again(args: argparse.Namespace, context: Context, folder: SiteFolder) -> int:
    """What `site.toml` says counts; an option that says something else is a mistake, not a change."""
    site = folder.read()
    different = sorted(field for field, value in _told(args).items() if getattr(site, field) != value)
    if different:
        fields_told, where = ", ".join(different), args.folder / FILE
        raise UsageError(
            f"站点已经有了，{fields_told} 和 {where} 不一致：改那个文件，再运行一次，不带选项",
            f"the site is there, and {where} says otherwise ({fields_told}): edit it, then run this without options",
        )
    if context.dry_run:
        written = folder.outdated()
    else:
        written = [*folder.add_missing(site, now=datetime.now(UTC).replace(microsecond=0)), *folder.write_files()]
    if not written:
        context.say("没有变化。", "Nothing has changed.")
        return context.finish({"site": str(args.folder), "page": site.page, "written": []})
    for path in written:
        context.say(
            f"{'会写' if context.dry_run else '写好了'} {path}",
            f"{'would write' if context.dry_run else 'wrote'} {path}",
        )
    result = {"site": str(args.folder), "page": site.page, "written": [str(path) for path in written]}
    return context.finish(result, then=to_install(args.folder))


def _told(args: argparse.Namespace) -> dict[str, Any]:
    """What the options say, by the names of SiteProfile."""
    told = {
        "name": args.name,
        "broker_hosts": tuple(args.broker_host or args.host),
        "hub_hosts": tuple(args.hub_host or args.host),
        "areas": tuple(args.area),
        "watchdogs": tuple(args.watchdog),
        "broker_port": args.broker_port,
        "page_port": args.page_port,
        "time_zone": args.time_zone,
        "program": args.program,
        "keys_mirror": args.keys_mirror,
    }
    assert told.keys() <= {field.name for field in fields(SiteProfile)}
    return {name: value for name, value in told.items() if value not in (None, ())}
