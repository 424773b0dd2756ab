"""`edge-agent join`: make this device one of its site, with the token of its card."""

import argparse
import sys
from pathlib import Path

_EXAMPLES = """\
examples:
  edge-agent join --config /etc/shouwang/agent.toml --token-file /boot/firmware/shouwang/join.json
  edge-agent join --config agent.toml --token-file join.json --wait-s 300

The device makes its keys itself; only the site's root (tls_ca) is trusted. It waits for a hub that cannot be reached,
and gives up at once when the hub refuses. It may be run again at any time: what is done is found done. Exit status 1
when this device has not joined.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "join",
        help="first boot: get this device's certificate with the token of its card",
        description="Make keys, send the hub a signing request with the card's one-time token, take its certificate.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="agent.toml")
    parser.add_argument(
        "--token-file", type=Path, required=True, metavar="FILE", help="join.json of the card; removed once it is used"
    )
    parser.add_argument("--again", action="store_true", help="a renewal: without a new card this is an error")
    parser.add_argument(
        "--wait-s", type=float, metavar="S", help="how long to wait for a hub that cannot be reached (default: always)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from edge_agent.config import load  # noqa: PLC0415 - heavy
    from edge_agent.joining.join import Joining, join_with_card  # noqa: PLC0415

    def say(line: str) -> None:
        sys.stderr.write(f"edge-agent join: {line}\n")
        sys.stderr.flush()

    joining = Joining(load(args.config), say=say, patience_s=args.wait_s)
    done = join_with_card(joining, config_file=args.config, token_file=args.token_file, again=args.again)
    sys.stdout.write(f"{done}\n")
    return 0
