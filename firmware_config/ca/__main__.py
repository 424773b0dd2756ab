"""`python -m firmware_config.ca`: the certificates of a small site, by hand, until `provision` does it."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from firmware_config.ca.authority import LEAF_DAYS, CaError
from firmware_config.ca.folder import CaFolder

_EXAMPLES = """\
examples:
  python -m firmware_config.ca begin ./riverside-ca --site riverside --broker hub.riverside.lan --broker 192.168.1.10
  python -m firmware_config.ca device ./riverside-ca east-gate
  python -m firmware_config.ca sign ./riverside-ca east-gate --request east-gate.csr
  python -m firmware_config.ca revoke ./riverside-ca east-gate

FOLDER/ca.key can make anybody a device of this site: keep the folder off the broker's machine, with a copy.
What goes where: firmware_config/SMALL_SITE.md. Nothing is overwritten. Exit status 1 when it was not done.
"""


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        written = _perform(asked, CaFolder(asked.folder), datetime.now(UTC).replace(microsecond=0))
    except (CaError, OSError) as error:
        sys.stderr.write(f"not done: {error}\n")
        return 1
    paths = [str(path) for path in written]
    sys.stdout.write(json.dumps({"written": paths}) + "\n" if asked.json else "".join(f"{path}\n" for path in paths))
    return 0


def _perform(asked: argparse.Namespace, folder: CaFolder, now: datetime) -> list[Path]:
    match asked.action:
        case "begin":
            return folder.begin(asked.site, asked.broker, now=now)
        case "broker":
            return folder.add_broker(asked.broker, now=now, days=asked.days)
        case "device":
            return folder.add_device(asked.name, now=now, days=asked.days)
        case "sign":
            return folder.sign(asked.name, asked.request.read_bytes(), now=now, days=asked.days)
        case _:
            return folder.revoke(asked.name, now=now)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m firmware_config.ca",
        description="A site's own certificate authority, in a folder.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    begin = actions.add_parser("begin", help="a new site: its authority, its broker, its hub")
    broker = actions.add_parser("broker", help="another certificate for the broker; move the old files away first")
    device = actions.add_parser("device", help="certificate and key for a device")
    sign = actions.add_parser("sign", help="a certificate for a device that made its key itself")
    revoke = actions.add_parser("revoke", help="a stolen card: its certificate counts no more")
    for action in (begin, broker, device, sign, revoke):
        action.add_argument("folder", type=Path, metavar="FOLDER")
        action.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    for action in (device, sign, revoke):
        action.add_argument("name", metavar="DEVICE", help="its name, for example east-gate")
    begin.add_argument("--site", required=True, help="the site's name, as in MQTT topics")
    for action in (begin, broker):
        action.add_argument(
            "--broker",
            required=True,
            action="append",
            metavar="NAME",
            help="host name or address of it; may be repeated",
        )
    sign.add_argument("--request", required=True, type=Path, metavar="FILE", help="PKCS #10, PEM")
    for action in (broker, device, sign):
        action.add_argument("--days", type=int, default=LEAF_DAYS, help="how long it is valid (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
