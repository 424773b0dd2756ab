"""`hub-server admin create` and `hub-server account ...`: who may open the page; through the running hub.

The first administrator can be made before the hub has ever run, too.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError, say, tell
from hub_server.store import accounts, passwords
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, StoreBusyError
from hub_server.store.passwords import Hasher
from hub_server.store.store import Store
from hub_server.web.scopes import ROLE_WORDS, Role

Json = Mapping[str, Any]
_BY: Final = "owner of the data"
_PAGE_ROWS: Final = 500
_EPILOG: Final = """\
the first administrator, and then whom they need:
  hub-server admin create wanghong --display 王红 --data ./hub
  hub-server account create limin --display 李敏 --role grid_worker --area 桂花村第二网格 --data ./hub
  hub-server account link limin --data ./hub          (a forgotten password: a link that sets another)
  hub-server account sessions limin --data ./hub
  hub-server account revoke limin --data ./hub        (ends them all)
  hub-server account disable limin --data ./hub       (who has left)

A link is good once, for three days: whoever opens it chooses the password, and nobody else ever knows it.
"""


def create_administrator(asked: argparse.Namespace) -> int:
    password = _password(asked)
    body: dict[str, object] = {"name": asked.name, "display": asked.display or asked.name, "role": "administrator"}
    try:
        store = Store.open(asked.data)
    except StoreBusyError:
        return _through(asked, RunningHub.of(asked.data), body, password)
    try:
        return _inside(asked, store, body, password)
    except (ExistsError, InvalidValueError, ConflictingChangeError) as error:
        raise CommandError(str(error)) from error
    finally:
        store.close()


def create(asked: argparse.Namespace) -> int:
    body: dict[str, object] = {
        "name": asked.name,
        "display": asked.display or asked.name,
        "role": asked.role,
        "areas": asked.area,
    }
    return _through(asked, RunningHub.of(asked.data), body, _password(asked))


def show(asked: argparse.Namespace) -> int:
    hub, found, after = RunningHub.of(asked.data), list[Json](), ""
    while True:
        page = hub.get(f"/api/v1/accounts?limit={_PAGE_ROWS}{after}")
        found += page["items"]
        if page["next"] is None:
            break
        after = f"&after={quote(page['next'], safe='')}"
    words = "\n".join(map(_line, found)) or "还没有账号  there is no account yet: hub-server admin create NAME"
    return tell(asked, {"items": found}, words)


def disable(asked: argparse.Namespace) -> int:
    gone = RunningHub.of(asked.data).post(f"{_path(asked.name)}/disable")
    return tell(asked, gone, _line(gone))


def enable(asked: argparse.Namespace) -> int:
    back = RunningHub.of(asked.data).post(f"{_path(asked.name)}/enable")
    return tell(asked, back, _line(back))


def link(asked: argparse.Namespace) -> int:
    made = RunningHub.of(asked.data).post(f"{_path(asked.name)}/password-links")
    return tell(asked, made, made["url"])


def sessions(asked: argparse.Namespace) -> int:
    hub = RunningHub.of(asked.data)
    hub.get(_path(asked.name))  # says so when there is none of this name
    found = hub.get(f"/api/v1/sessions?account={quote(asked.name, safe='')}&limit={_PAGE_ROWS}")
    words = "\n".join(map(_session, found["items"])) or "没有登录  no session"
    return tell(asked, found, words)


def revoke(asked: argparse.Namespace) -> int:
    ended = RunningHub.of(asked.data).post(f"{_path(asked.name)}/sessions/revoke")
    return tell(asked, ended, f"{asked.name}  登录已结束  sessions ended: {ended['sessions']}")


def add_commands(commands: Any) -> None:
    """`admin` and `account` with their actions."""
    admin = commands.add_parser("admin", help="the first administrator of the page")
    first = admin.add_subparsers(required=True, metavar="ACTION").add_parser(
        "create", help="an account that may everything; prints the link that sets its password, once"
    )
    first.set_defaults(run=create_administrator)
    _add_new(first)
    account = commands.add_parser(
        "account", help="who may open the page", epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = account.add_subparsers(required=True, metavar="ACTION")
    new = actions.add_parser("create", help="make one; prints the link that sets its password, once")
    new.set_defaults(run=create)
    _add_new(new)
    new.add_argument("--role", choices=[role.value for role in Role], required=True, help="what it may do")
    new.add_argument("--area", action="append", default=[], help="where; again for another; without: as its role says")
    listed = actions.add_parser("list", help="all of them, those that are disabled too")
    listed.set_defaults(run=show)
    _add_common(listed)
    for name, run, words in (
        ("disable", disable, "it opens nothing from now on; what it did stays its own"),
        ("enable", enable, "as it was before it was disabled"),
        ("link", link, "a link that sets a new password, once"),
        ("sessions", sessions, "the browsers it is logged in with"),
        ("revoke", revoke, "ends its sessions"),
    ):
        parser = actions.add_parser(name, help=words)
        parser.add_argument("name", metavar="NAME")
        parser.set_defaults(run=run)
        _add_common(parser)


def _add_new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="to log in with: a-z, 0-9, '.', '_' and '-'")
    parser.add_argument(
        "--display", default="", help="for people, for example 王敏; it stands with what the account does"
    )
    parser.add_argument("--password-stdin", action="store_true", help="read the password there instead of a link")
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")


def _password(asked: argparse.Namespace) -> str | None:
    """Of the first line of the standard input, when it was asked for. Raises CommandError."""
    if not asked.password_stdin:
        return None
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        passwords.demand_good(password, account=asked.name)
    except InvalidValueError as error:
        raise CommandError(str(error)) from error
    return password


def _through(asked: argparse.Namespace, hub: RunningHub, body: dict[str, object], password: str | None) -> int:
    made = hub.post("/api/v1/accounts", body)
    if password is None:
        return _told(asked, made, f"设密码的链接（三天内用一次） the link that sets the password, once:\n{made['url']}")
    (code,) = parse_qs(urlsplit(made["url"]).query)["code"]
    hub.fill_in("/login", {"code": code, "password": password, "again": password})
    hub.post(f"{_path(asked.name)}/sessions/revoke")  # the one that this has opened
    return _told(asked, hub.get(_path(asked.name)), "可以登录了  it can log in now")


def _inside(asked: argparse.Namespace, store: Store, body: dict[str, Any], password: str | None) -> int:
    now_us = store.now_us()
    store.write(lambda db: accounts.create(db, **body, by=_BY, now_us=now_us))
    if password is not None:
        hashed = Hasher().hash(password)
        store.write(lambda db: accounts.set_password(db, asked.name, hashed=hashed, now_us=now_us))
    then = f"start the hub, then: hub-server login --as {asked.name} --data {asked.data}"
    return _told(asked, body, "可以登录了  it can log in" if password is not None else f"启动守望后取链接  {then}")


def _told(asked: argparse.Namespace, made: Json, words: str) -> int:
    if asked.json:
        return tell(asked, made, "")
    say(f"{made['name']}  {made['display']}  {' '.join(ROLE_WORDS[Role(made['role'])])}")
    say(words)
    return 0


def _path(name: str) -> str:
    if not accounts.is_name(name):  # it becomes a part of a path
        raise CommandError(f"没有账号 {name}  there is no account {name}")
    return f"/api/v1/accounts/{name}"


def _line(account: Json) -> str:
    where = ",".join(account["areas"]) or "-"
    state = (
        "已停用 disabled" if account["disabled_at"] else "" if account["password_at"] else "还没设密码 no password yet"
    )
    words = [account["name"], account["display"], " ".join(ROLE_WORDS[Role(account["role"])]), where, state]
    return "  ".join(word for word in words if word)


def _session(session: Json) -> str:
    return (
        f"{session['id']}  {session['source']}  {session['created_at']}  seen {session['seen_at']}  {session['agent']}"
    )
