"""Which hub a command speaks to: by its options, else by the environment, else the one on this machine."""

import argparse
import os
import stat
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from firmware_config.provision.client import HubClient, LocalDoor, RemoteDoor
from firmware_config.provision.errors import ProvisionError, UsageError
from firmware_config.provision.words import said
from firmware_config.site import profile

HUB_VARIABLE: Final = "SHOUWANG_HUB"
TOKEN_VARIABLE: Final = "SHOUWANG_TOKEN"  # noqa: S105 its name
CA_VARIABLE: Final = "SHOUWANG_CA"
SITE_VARIABLE: Final = "SHOUWANG_SITE"
DATA_VARIABLE: Final = "SHOUWANG_DATA"
_TOKEN_BYTES_MAX: Final = 512
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def add_hub_options(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group(
        said("中心", "the hub"),
        said(
            "在中心这台机器上用 --data；别处用 --site，或 --hub 和 --ca，再加上令牌",
            "on its own machine --data; elsewhere --site, or --hub and --ca, and a token",
        ),
    )
    where.add_argument("--data", type=Path, metavar="DIR", help=_or(DATA_VARIABLE, "中心的数据目录", "the hub's data"))
    where.add_argument("--site", type=Path, metavar="DIR", help=_or(SITE_VARIABLE, "站点目录", "the site's folder"))
    where.add_argument("--hub", metavar="URL", help=_or(HUB_VARIABLE, "网页地址", "its page, https://…"))
    where.add_argument("--ca", type=Path, metavar="FILE", help=_or(CA_VARIABLE, "根证书", "the site's root.pem"))
    where.add_argument(
        "--token-file", type=Path, metavar="FILE", help=_or(TOKEN_VARIABLE, "令牌文件", "where the token stands")
    )


def _or(variable: str, zh: str, en: str) -> str:
    return said(f"{zh}（或环境变量 {variable}）", f"{en} (or ${variable})")


def hub_of(args: argparse.Namespace) -> HubClient:
    """Raises ProvisionError when nothing says which hub, or the token or the root is missing."""
    site, data = _path(args, "site", SITE_VARIABLE), _path(args, "data", DATA_VARIABLE)
    url = args.hub or (None if args.data else os.environ.get(HUB_VARIABLE))
    if args.data is not None and args.hub is not None:
        raise UsageError("--data 和 --hub 只能用一个", "give --data or --hub, not both")
    if data is not None and url is None:
        return HubClient(LocalDoor(data))
    if url is None and site is not None:
        url = page_of(site)
    if url is None:
        raise UsageError(
            "不知道中心在哪里：请给 --data 目录（本机）、--site 目录，或 --hub 网址",
            "which hub? give --data DIR (this machine), --site DIR, or --hub URL",
        )
    return HubClient(RemoteDoor(url=_checked(url), token=_token(args), root=_root(args, url, site)))


def page_of(site: Path) -> str:
    """The address of the hub's page, by the site's folder. Raises ProvisionError."""
    try:
        return profile.parse((site / profile.FILE).read_text("utf-8")).page
    except (OSError, UnicodeDecodeError, profile.ProfileError) as error:
        raise ProvisionError(
            f"{site} 不是站点目录：{error}", f"{site} is no site folder: {error}", code="no_site"
        ) from error


def _path(args: argparse.Namespace, name: str, variable: str) -> Path | None:
    given: Path | None = getattr(args, name)
    if given is None and (value := os.environ.get(variable)):
        return Path(value)
    return given


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise UsageError(f"{url} 不是中心的网址（例如 https://hub.example:8443）", f"{url} is no hub's address")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise UsageError("令牌不能走没有加密的 http；请用 https", "a token must not travel over plain http: use https")
    return url.rstrip("/")


def _root(args: argparse.Namespace, url: str, site: Path | None) -> Path | None:
    root = _path(args, "ca", CA_VARIABLE) or (None if site is None else site / "root.pem")
    if urlsplit(url).scheme == "http":
        return None
    if root is None:
        raise UsageError(
            "请用 --ca 给出站点的根证书 root.pem（或用 --site）：只相信它，不相信系统里的证书",
            "give the site's root.pem by --ca (or use --site): it alone is trusted, not the system's",
        )
    if not root.is_file():
        raise UsageError(f"没有 {root} 这个根证书文件", f"there is no root certificate {root}")
    return root


def _token(args: argparse.Namespace) -> str:
    if args.token_file is not None:
        return _read_token(args.token_file)
    if token := os.environ.get(TOKEN_VARIABLE, "").strip():
        return token
    raise UsageError(
        f"还缺令牌：--token-file 文件，或环境变量 {TOKEN_VARIABLE}（在中心上：hub-server token create）",
        f"a token is missing: --token-file FILE or ${TOKEN_VARIABLE} (on the hub: hub-server token create)",
    )


def _read_token(path: Path) -> str:
    try:
        with path.open("rb") as file:
            others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            token = file.read(_TOKEN_BYTES_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"读不了令牌文件 {path}：{error}", f"the token file {path} cannot be read: {error}") from error
    if others:
        raise UsageError(
            f"令牌文件 {path} 别人也能看；请先：chmod 600 {path}", f"others may read {path}: chmod 600 {path} first"
        )
    if not token or not token.isprintable() or " " in token:
        raise UsageError(f"{path} 里没有令牌", f"{path} holds no token")
    return token
