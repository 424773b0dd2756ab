"""`provision site`: its folder of certificates and files. Works without a hub: there is none yet."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from firmware_config.ca.authority import CaError
from firmware_config.ca.folder import BROKER, DEVICES, HUB, PAGE
from firmware_config.provision import site_init
from firmware_config.provision.errors import ProvisionError, UsageError
from firmware_config.provision.frame import Context, command, group
from firmware_config.provision.words import Pair, said
from firmware_config.site import check, live
from firmware_config.site.findings import Finding
from firmware_config.site.folder import SiteFolder
from firmware_config.site.profile import ProfileError

DAYS_MAX: Final = 3650
_CHECK_EXAMPLES: Final = """\
  provision site check ~/guihua
  provision site check ~/guihua --live --days 90
"""
_RENEW_EXAMPLES: Final = """\
  provision site renew ~/guihua page
"""


def add_parser(subparsers: Any) -> None:
    words = group(
        subparsers, "site", what=("站点：证书、消息服务器、本站的文件", "the site: certificates, broker, files")
    )
    site_init.add_parser(words)
    checking = command(
        words,
        "check",
        what=("缺什么，什么快到期了，什么放错了地方", "what is missing, ends soon, or lies where it should not"),
        examples=_CHECK_EXAMPLES,
        run=run_check,
        asks_hub=False,
    )
    checking.add_argument("folder", type=Path, metavar="DIR", help=said("站点目录", "the site's folder"))
    checking.add_argument(
        "--days",
        type=_days,
        default=check.SOON_DAYS,
        metavar="N",
        help=said("多少天内到期要提醒（默认 %(default)s）", "tell what ends within so many days (default %(default)s)"),
    )
    checking.add_argument(
        "--live", action="store_true", help=said("也问一问消息服务器和网页", "ask the broker and the page, too")
    )
    renewing = command(
        words,
        "renew",
        what=("换一张新证书：消息服务器、中心、网页或看门狗", "another certificate: broker, hub, page or a watchdog"),
        more=(
            "用 site.toml 里的主机名，不需要根密钥；旧的移到 old/。",
            "For the hosts of site.toml, without the root's key; the old one is moved to old/.",
        ),
        examples=_RENEW_EXAMPLES,
        run=run_renew,
        asks_hub=False,
    )
    renewing.add_argument("folder", type=Path, metavar="DIR", help=said("站点目录", "the site's folder"))
    renewing.add_argument(
        "which",
        metavar="WHICH",
        help=said("broker、hub、page 或看门狗的名字", "broker, hub, page or a watchdog's name"),
    )


def run_check(args: argparse.Namespace, context: Context) -> int:
    folder = SiteFolder(args.folder)
    found = check.findings(folder, now=datetime.now(UTC), soon_days=args.days)
    if args.live and not any(one.code in {"no_site", "missing", "unreadable"} for one in found):
        try:
            found += live.findings(folder, folder.read())
        except OSError as error:
            raise ProvisionError(f"读不了站点的文件：{error}", f"the site's files cannot be read: {error}") from error
    for one in found:
        mark = said("错误", "WRONG") if one.serious else said("注意", "note ")
        context.say(f"{mark}  {one.zh}", f"{mark}  {one.en}")
    serious = sum(one.serious for one in found)
    if not found:
        context.say("都好。", "All is well.")
    context.finish(
        {"well": not serious, "findings": [_shown(one) for one in found]},
        then=_mending(found) if found else None,
    )
    return 1 if serious else 0


def _shown(one: Finding) -> dict[str, object]:
    return {"code": one.code, "about": one.about, "serious": one.serious, "message": said(one.zh, one.en)}


def _mending(found: list[Finding]) -> Pair:
    return (f"先处理第一条：{found[0].zh}", f"mend the first: {found[0].en}")


def run_renew(args: argparse.Namespace, context: Context) -> int:
    folder = SiteFolder(args.folder)
    try:
        site = folder.read()
        hosts = {BROKER: site.broker_names, PAGE: site.page_names}.get(args.which, ())
        name = f"{DEVICES}/{args.which}" if args.which in site.watchdogs else args.which
        if name not in {BROKER, HUB, PAGE} and args.which not in site.watchdogs:
            known = ", ".join((BROKER, HUB, PAGE, *site.watchdogs))
            raise UsageError(f"{args.which} 不在这里换：{known}", f"{args.which} is not renewed here: {known}")
        if context.dry_run:
            written = list(folder.certificates.files(name))
        else:
            written = folder.certificates.renew(name, hosts, now=datetime.now(UTC).replace(microsecond=0))
    except (CaError, ProfileError, OSError) as error:
        raise ProvisionError(f"没有换成：{error}", f"not renewed: {error}", code="site") from error
    for path in written:
        if context.dry_run:
            context.say(f"会写 {path}", f"would write {path}")
        else:
            context.say(f"写好了 {path}", f"wrote {path}")
    return context.finish({"written": [str(path) for path in written]}, then=site_init.to_install(args.folder))


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= DAYS_MAX:
        raise ValueError(text)
    return days
