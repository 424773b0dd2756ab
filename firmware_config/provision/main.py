"""`provision`: the technician's one program, from an empty card to a proven gate, and later through repair."""

import argparse
import importlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from firmware_config.provision.errors import EXIT_INTERRUPTED, EXIT_UNEXPECTED, ProvisionError
from firmware_config.provision.frame import Context
from firmware_config.provision.parsing import Parser
from firmware_config.provision.words import Pair, said

DEBUG_VARIABLE: Final = "SHOUWANG_DEBUG"


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A first word. Its module is imported when the word is typed; `adds` is the function that makes its parser."""

    module: str
    what: Pair
    adds: str = "add_parser"


COMMANDS: Final = {
    "site": Command(
        module="site", what=("站点：证书、消息服务器、本站的文件", "the site: certificates, broker, its files")
    ),
    "device": Command(
        module="device", what=("点位设备：新建、写卡、换卡、作废", "devices: add, write a card, replace, revoke")
    ),
    "config": Command(module="rollouts", adds="add_config_parser", what=("把设置送到设备", "send settings to devices")),
    "models": Command(module="rollouts", adds="add_models_parser", what=("把模型送到设备", "send models to devices")),
    "rollout": Command(
        module="rollouts",
        adds="add_rollout_parser",
        what=("正在进行的升级：查看、继续、停止", "what is on its way to devices: see, advance, stop"),
    ),
    "completion": Command(module="completion", what=("命令行补全", "completion for your shell")),
}

_EXAMPLES: Final[Pair] = (
    """\
从一张空卡到一个能用的点位：
  provision site init ~/site                       站点的证书和文件（只做一次）
  provision device add gate-east --place 东门 --area 桂花村 --kind barrier --camera picamera2
  provision device write gate-east --boot /media/bootfs
  （把卡插进树莓派，通电）
  provision device show gate-east                  它来了吗？

每个命令都有自己的帮助，例如：provision device add --help
""",
    """\
from an empty card to a gate that works:
  provision site init ~/site                       the site's certificates and files (once)
  provision device add gate-east --place 东门 --area 桂花村 --kind barrier --camera picamera2
  provision device write gate-east --boot /media/bootfs
  (put the card into the Raspberry Pi, switch it on)
  provision device show gate-east                  has it come?

Each command has its own help, for example: provision device add --help
""",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        if argv is None:  # a process of its own
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: temporary files are cleaned up
        parser = make_parser(None if "_ARGCOMPLETE" in os.environ else words[:1])
        _complete(parser)
        args = parser.parse_args(words)
        return int(args.run(args, Context(args)))
    except ProvisionError as error:
        return _complain(error, as_json="--json" in words)
    except KeyboardInterrupt:
        sys.stderr.write(said("\nprovision：已中断\n", "\nprovision: interrupted\n"))
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        # The root of the process: a mistake of ours. In a terminal a line says more than a traceback.
        if os.environ.get(DEBUG_VARIABLE):
            raise
        what = f"{type(error).__name__}: {error}"
        sys.stderr.write(
            said(
                f"provision：这是程序的错误：{what}（{DEBUG_VARIABLE}=1 可看出处）\n",
                f"provision: this is a mistake of ours: {what} ({DEBUG_VARIABLE}=1 shows where)\n",
            )
        )
        return EXIT_UNEXPECTED


def make_parser(wanted: Sequence[str] | None = ()) -> argparse.ArgumentParser:
    """The parser with the options of the `wanted` commands only (None: of all): a module is imported when used."""
    parser = Parser(
        prog="provision",
        description=said("守望：把一张空卡变成一个能用的点位。", "守望: from an empty card to a gate that works."),
        epilog=said(*_EXAMPLES),
    )
    parser.add_argument("--version", action="version", version=f"provision {metadata.version('shouwang')}")
    subparsers = parser.add_subparsers(title=said("命令", "commands"), metavar="COMMAND", required=True)
    for name, known in COMMANDS.items():
        if wanted is None or name in wanted:
            module = importlib.import_module(f"firmware_config.provision.{known.module}")
            getattr(module, known.adds)(subparsers)
        else:
            subparsers.add_parser(name, help=said(*known.what))
    return parser


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answers the shell, and leaves the process, when this is a question of `complete`."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete  # noqa: PLC0415 only when a shell asks

        argcomplete.autocomplete(parser)


def _complain(error: ProvisionError, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps({"ok": False, "error": error.shown()}, ensure_ascii=False) + "\n")
    for line in str(error).splitlines():
        sys.stderr.write(f"provision: {line}\n")
    return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
