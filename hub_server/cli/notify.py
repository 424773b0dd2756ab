"""`hub-server notify ...`: does a way to people work, before an alert needs it; and what has not got out yet."""

import argparse
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from hub_server.cli.speech import CommandError, say, say_json
from hub_server.notify.channel import DeliveryError, Letter, scheme_of
from hub_server.store import delivery, limits, recipients
from hub_server.store.backup import DATABASE_NAME
from hub_server.store.connection import open_reader
from hub_server.store.outbox import Message
from hub_server.web.times import rfc3339, rfc3339_or_none

_EPILOG = """\
URLs are Apprise's: one for each of WeCom, DingTalk, Feishu, mail, SMS gateways, webhooks and many more:
  hub-server notify test 'wecombot://BOTKEY'
  hub-server notify test 'dingtalk://SECRET@TOKEN'
  hub-server notify test 'mailtos://user:password@mail.riverside.lan?to=wang@riverside.lan'
  hub-server notify test 'jsons://hooks.riverside.lan/shouwang'
A recipient may also have topic://NAME (the site's broker, shouwang/v1/<site>/hub/alert) and speech://PLACE (none yet):
those need a running hub. A URL holds secrets: mind the shell's history.
"""


def test(asked: argparse.Namespace) -> int:
    """1 when it was not taken."""
    from hub_server.notify.apprise_channel import open_apprise  # noqa: PLC0415 half a second, for this one command

    key = f"test-{secrets.token_hex(4)}"
    letter = Letter(
        key=key,
        title="【守望】试发通知 · Test of a channel",
        body=f"收到这条就说明通知能送到您这里。 If you read this, notices reach you.\n\n通知编号 {key}",
        spoken="这是一次试播。",
    )
    try:
        open_apprise(asked.url).send(letter)
    except DeliveryError as error:
        raise CommandError(str(error)) from error
    if asked.json:
        say_json({"taken": True, "channel": scheme_of(asked.url), "key": key})
    else:
        say(f"{scheme_of(asked.url)} has taken it (key {key}): now look whether it has arrived")
    return 0


def show(asked: argparse.Namespace) -> int:
    """What waits or fails. Reads beside a running hub, or without one."""
    path = asked.data / DATABASE_NAME
    if not path.is_file():
        raise CommandError(f"there is no store in {asked.data}")
    try:
        with closing(open_reader(path)) as db:
            found = [_told(db, message) for message in delivery.waiting(db, limit=limits.PAGE_ROWS_MAX)]
    except sqlite3.Error as error:
        raise CommandError(f"{path}: {error}; a hub of this version must have served it once") from error
    if asked.json:
        say_json({"items": found})
        return 0
    for one in found:
        say(_line(one))
    if not found:
        say("没有等待送出的通知  nothing waits to be told")
    return 0


def _told(db: Database, message: Message) -> dict[str, object]:
    to = recipients.addressed(db, message.addressee)
    return {
        "key": message.key,
        "addressee": message.addressee,
        "name": "" if to is None else to.name,
        "created": rfc3339(message.created_us),
        "tries": message.tries,
        "next_try": rfc3339_or_none(message.next_us),
        "trouble": message.trouble,
    }


def _line(one: dict[str, object]) -> str:
    state = f"failed {one['tries']} times: {one['trouble']}" if one["tries"] else "waits"
    return f"{one['key']}  {one['name'] or one['addressee']}  since {one['created']}  {state}"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of the commands."""
    notify = commands.add_parser(
        "notify",
        help="try a way to people; see what has not got out",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = notify.add_subparsers(required=True, metavar="ACTION")
    testing = actions.add_parser("test", help="send one line to an Apprise URL, as an alert would go")
    testing.add_argument("url", metavar="URL")
    testing.add_argument("--json", action="store_true", help="JSON instead of words")
    testing.set_defaults(run=test)
    listing = actions.add_parser("list", help="what no channel has taken yet, the oldest first")
    listing.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")
    listing.add_argument("--json", action="store_true", help="JSON instead of words")
    listing.set_defaults(run=show)
