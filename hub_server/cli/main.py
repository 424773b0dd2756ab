"""Words in, one command out."""

import argparse
import os
import sys
from importlib.metadata import version
from pathlib import Path

from hub_server.cli import (
    add_device,
    admin,
    api_tokens,
    audit,
    backups,
    ladder,
    login,
    notify,
    person,
    quarantine,
    retention,
    seed_demo,
    serve,
    vehicle,
    watch,
    watchdog,
)
from hub_server.cli.speech import CommandError, complain
from hub_server.store.errors import StoreError

_EXAMPLES = """\
examples:
  try it on this machine, with the broker built in:
    hub-server seed-demo --data ./hub-data
    hub-server serve --data ./hub-data --embedded-broker
  a small site, beside Mosquitto:
    hub-server serve --data /var/lib/shouwang --mqtt-host 127.0.0.1 --mqtt-username hub \\
        --mqtt-password-file /etc/shouwang/hub.password
  over TLS, with certificates (provision site init makes them):
    hub-server serve --data /var/lib/shouwang --site riverside --mqtt-host hub.riverside.lan \\
        --mqtt-ca root.pem --mqtt-cert hub.pem --mqtt-key hub.key
  the same, and devices join with a card (besides the page's --host, --tls-cert, --tls-key):
    hub-server serve ... --public-url https://hub.riverside.lan:8443 --issuing-cert issuing.pem \\
        --issuing-key issuing.key --root root.pem --broker-files /var/lib/shouwang-broker-files
  a new camera point, while the hub runs or not:
    hub-server device add door-north --place "北门 North gate" --data ./hub-data
  a resident: known, asked, photographed (hub-server person --help has more):
    hub-server person enrol p-li front.jpg left.jpg right.jpg --data ./hub-data
  a household's car at its gate (hub-server vehicle --help has more):
    hub-server vehicle add 粤B·12345 --label "3 栋 502" --data ./hub-data
    hub-server vehicle place 粤B·12345 --gate door-north --data ./hub-data
  does a way to a worker's telephone work (hub-server notify --help has more):
    hub-server notify test 'wecombot://BOTKEY'
  why there is an alert for somebody, or none (hub-server watch --help has more):
    hub-server watch explain p-li --data ./hub-data
  who is told of alerts, and who next (hub-server ladder --help has more):
    hub-server ladder worker add --name 王敏 --area 桂花村 --url 'wecombot://BOTKEY' --data ./hub-data
  what the hub did not understand, after an upgrade (hub-server quarantine --help has more):
    hub-server quarantine release --all --by 王敏 --data ./hub-data
  a token for a big screen that may look and nothing else, for a year:
    hub-server token create big-screen --scope read --expires-days 365 --data ./hub-data
  a copy of the store every night, on another disk, and what it is worth:
    hub-server backup --data ./hub-data --to /mnt/backups
    hub-server verify --from /mnt/backups/hub-20261123T020000Z.sqlite3
  back to it, when the hub has been stopped:
    hub-server restore --data ./hub-data --from /mnt/backups/hub-20261123T020000Z.sqlite3 --force
  has anybody changed who looked at whom (hub-server audit --help has more):
    hub-server audit verify --data ./hub-data
  how long things are kept (hub-server retention --help has more):
    hub-server retention show --data ./hub-data
  the page for the whole office, over TLS, and its first administrator (hub-server account --help has more):
    hub-server serve --data /var/lib/shouwang --host 0.0.0.0 --port 8443 --tls-cert page.pem --tls-key page.key
    hub-server admin create wanghong --display 王红 --data /var/lib/shouwang
  another link to the page, for the owner of the data:
    hub-server login --data ./hub-data
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs `hub-server`; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        code = int(asked.run(asked))
        sys.stdout.flush()
    except BrokenPipeError:  # who read it has heard enough: | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CommandError as error:
        complain(str(error))
        return error.exit_code
    except StoreError as error:
        complain(str(error))
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hub-server",
        description="The hub of Shouwang: remembers who was seen, notices who was not, and tells people.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hub-server {version('shouwang')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_login(commands)
    admin.add_commands(commands)
    _add_device(commands)
    _add_token(commands)
    person.add_commands(commands)
    vehicle.add_commands(commands)
    quarantine.add_commands(commands)
    watch.add_commands(commands)
    ladder.add_commands(commands)
    notify.add_commands(commands)
    audit.add_commands(commands)
    retention.add_commands(commands)
    backups.add_commands(commands)
    _add_seed(commands)
    watchdog.add_command(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 argparse has no public name for what add_subparsers gives


def _add_serve(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("serve", help="run the hub until SIGTERM or Ctrl-C")
    _add_data(parser)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address of the page; with TLS any, 0.0.0.0 for all (default %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8080, help="its port; 0: any free one (default %(default)s)")
    parser.add_argument("--site", default="demo", help="the site's name in MQTT topics (default %(default)s)")
    parser.add_argument(
        "--keys-mirror",
        type=Path,
        metavar="DIR",
        help="keep one copy of the templates' keys there, on another disk; never in a backup, never versioned",
    )
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="of the page as workers reach it, for the links in what they are sent (default: this machine's own)",
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="the page's certificate with its chain, PEM")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key, 0600")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name that the page goes by, besides those of the certificate; again for another",
    )
    own = parser.add_argument_group("the broker built in (for a demonstration: it keeps nothing on disk)")
    own.add_argument("--embedded-broker", action="store_true", help="run it, on 127.0.0.1")
    own.add_argument("--broker-port", type=int, default=1883, help="its port; 0: any free one (default %(default)s)")
    other = parser.add_argument_group("a broker of its own, such as Mosquitto")
    other.add_argument("--mqtt-host", help="default 127.0.0.1")
    other.add_argument("--mqtt-port", type=int, help="default 1883, with --mqtt-ca 8883")
    other.add_argument("--mqtt-ca", type=Path, metavar="FILE", help="speak TLS; the broker's authority, PEM")
    other.add_argument("--mqtt-cert", type=Path, metavar="FILE", help="the hub's certificate, PEM; no password then")
    other.add_argument("--mqtt-key", type=Path, metavar="FILE", help="its key, 0600")
    other.add_argument("--mqtt-username", metavar="NAME", help="the hub's account there")
    other.add_argument("--mqtt-password-file", type=Path, metavar="FILE", help="holds its password")
    _add_issuing(parser)
    parser.set_defaults(run=serve.run)


def _add_issuing(parser: argparse.ArgumentParser) -> None:
    own = parser.add_argument_group(
        "certificates (the site's issuing authority: devices join with a card, and a stolen one is revoked)"
    )
    own.add_argument("--issuing-cert", type=Path, metavar="FILE", help="its certificate, PEM; issued by the root")
    own.add_argument("--issuing-key", type=Path, metavar="FILE", help="its key, 0600, not locked; best a credential")
    own.add_argument("--root", type=Path, metavar="FILE", help="the site's root certificate, PEM")
    own.add_argument(
        "--broker-files",
        type=Path,
        metavar="DIR",
        help="keep the broker's acl and crl.pem there; DIR/changed says when it must reload or restart",
    )
    own.add_argument(
        "--device-broker",
        metavar="HOST:PORT",
        help="the broker as devices reach it (default: as the hub does, or the host of --public-url)",
    )
    for option, what in (("--watchdog", "how the hub is"), ("--listener", "how the hub is, and alerts, with names")):
        own.add_argument(
            option,
            action="append",
            default=[],
            metavar="NAME",
            help=f"of a certificate that may read {what}; again for another",
        )


def _add_login(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("login", help="ask the running hub for a one-time link to its page")
    parser.add_argument(
        "--as", dest="account", metavar="NAME", help="for this account (default: the owner of the data)"
    )
    _add_data(parser)
    parser.set_defaults(run=login.run)


def _add_device(commands: "_Commands[argparse.ArgumentParser]") -> None:
    device = commands.add_parser("device", help="camera points").add_subparsers(required=True, metavar="ACTION")
    parser = device.add_parser("add", help="make a device known; prints its secret, once")
    parser.add_argument("id", metavar="ID", help="a-z, 0-9 and '-', for example door-north")
    parser.add_argument("--place", default="", help="for people, for example '北门 North gate'")
    parser.add_argument("--area", default="", help="the community or village whose people it watches over")
    _add_data(parser)
    _add_json(parser)
    parser.set_defaults(run=add_device.run)


def _add_token(commands: "_Commands[argparse.ArgumentParser]") -> None:
    actions = commands.add_parser("token", help="what programs open the API with")
    token = actions.add_subparsers(required=True, metavar="ACTION")
    create = token.add_parser("create", help="make one; prints its secret, once")
    create.add_argument("name", metavar="NAME", help="a-z, 0-9 and '-', for example big-screen")
    create.add_argument(
        "--scope",
        type=api_tokens.scopes,
        required=True,
        metavar="SCOPE,...",
        help="of read, equipment, reveal, people, alerts, exchange, devices, audit, admin (and so everything)",
    )
    create.add_argument(
        "--expires-days", type=api_tokens.expires_days, metavar="N", help="void after N days; else it has no end"
    )
    create.set_defaults(run=api_tokens.create)
    show = token.add_parser("list", help="all of them, those that are over too; no secrets")
    show.set_defaults(run=api_tokens.show)
    revoke = token.add_parser("revoke", help="it opens nothing from now on")
    revoke.add_argument("name", metavar="NAME")
    revoke.set_defaults(run=api_tokens.revoke)
    for parser in (create, show, revoke):
        _add_data(parser)
        _add_json(parser)


def _add_seed(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("seed-demo", help="fill the store with a small invented neighbourhood")
    _add_data(parser)
    _add_json(parser)
    parser.set_defaults(run=seed_demo.run)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps everything")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")


if __name__ == "__main__":
    sys.exit(main())
