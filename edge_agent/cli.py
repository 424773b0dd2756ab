"""`edge-agent`: the one program on a device."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib import metadata

from edge_agent.errors import ShouwangError

COMMANDS = {
    "run": "watch a camera and tell the hub who walked past",
    "join": "first boot: get this device's certificate with the token of its card",
    "doctor": "is everything in place? a line each, and what to do",
    "inspect": "what the models see in pictures, as JSON",
    "enrol": "add a person to a gallery file from photographs",
    "journal": "what waits on this device for the hub, and how to save it",
    "match": "who of a gallery is in a photograph, and how sure that is",
}
EXIT_INTERRUPTED = 130
EXIT_UNEXPECTED = 70  # sysexits.h: EX_SOFTWARE
DEBUG_VARIABLE = "SHOUWANG_DEBUG"

_EXAMPLES = """\
examples:
  edge-agent doctor --config agent.toml              is everything in place? a line each, and what to do
  edge-agent join --config agent.toml --token-file join.json   become a device of the site, with the card's token
  edge-agent enrol --id p-17 photo.jpg               put somebody into the gallery
  edge-agent match photo.jpg --gallery gallery.json  who is it, and how sure is that
  edge-agent inspect --templates photo.jpg           what the models see in a picture, as JSON
  edge-agent run --config agent.toml                 watch
  edge-agent journal status --config agent.toml      what waits for the hub

Each command has its own help: edge-agent COMMAND --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    # Read by NumPy's OpenBLAS on import. Its idle threads spin: half a core lost to products of 128 numbers.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        args = make_parser(words[:1]).parse_args(words)
        return int(args.run(args))
    except ShouwangError as error:
        sys.stderr.write(f"edge-agent: {error}\n")
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        # The root of the process: a mistake of ours. In a terminal a line says more than a traceback.
        if os.environ.get(DEBUG_VARIABLE):
            raise
        what = f"{type(error).__name__}: {error}"
        sys.stderr.write(f"edge-agent: this is a mistake of ours: {what} ({DEBUG_VARIABLE}=1 shows where)\n")
        return EXIT_UNEXPECTED


def make_parser(wanted: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser with the options of the `wanted` commands only: a command's module is imported when it is used."""
    parser = argparse.ArgumentParser(
        prog="edge-agent",
        description="守望: a camera that knows its neighbours. Recognition stays on this device.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edge-agent {metadata.version('shouwang')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, what in COMMANDS.items():
        if name in wanted:
            importlib.import_module(f"edge_agent.commands.{name}").add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=what)
    return parser


if __name__ == "__main__":
    sys.exit(main())
