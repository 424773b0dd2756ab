"""`edge-agent run`: watch one camera."""

import argparse
import contextlib
import ctypes
import logging
import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_agent.agent import Agent

_M_MMAP_THRESHOLD: Final = -3  # malloc.h
_MAPPED_BYTES_MIN: Final = 1024 * 1024  # frames and models; smaller ones are worth more than their pages

_EXAMPLES = """\
examples:
  edge-agent run --config /etc/shouwang/agent.toml
  edge-agent run --config agent.toml --log-level debug

SIGTERM and Ctrl-C end it cleanly: passages under way are journaled first. A clip that ends, ends it with status 0.
Status 75: the hub has sent settings or models; started again, it tries them.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "run",
        help="watch a camera and tell the hub who walked past",
        description="Watch one camera; every passage is journaled on this device and carried to the hub.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="agent.toml")
    parser.add_argument(
        "--log-level", default="info", choices=["debug", "info", "warning", "error"], help="default: %(default)s"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    _map_large_blocks_apart()
    from edge_agent.agent import open_agent  # noqa: PLC0415 - heavy
    from edge_agent.releases.opening import open_releases  # noqa: PLC0415
    from edge_agent.releases.releases import EXIT_RESTART  # noqa: PLC0415

    logging.basicConfig(
        level=args.log_level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    config, releases = open_releases(args.config)
    with open_agent(config, releases) as agent:
        received = _stop_on_signals(agent)
        agent.run()
    if agent.restarts:
        return EXIT_RESTART
    if received and releases is not None:
        releases.stopped()
    return 128 + signal.SIGINT if signal.SIGINT in received else 0


def _map_large_blocks_apart() -> None:
    """So that what frames and models leave behind goes back to the system; about 5 MB in the demonstration.

    glibc raises the size from which it maps blocks apart whenever such a block is freed; later ones then share the heap
    with small things, which hold their pages. A size that is set stays (mallopt(3)).
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES_MIN)


def _stop_on_signals(agent: "Agent") -> list[int]:
    """The first SIGTERM or SIGINT stops the agent, a second SIGINT interrupts it. Gives those received."""
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if number in received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)
        agent.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return received
