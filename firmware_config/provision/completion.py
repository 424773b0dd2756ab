"""`provision completion SHELL`: what the shell must know to complete our words."""

import argparse
from typing import Any, Final

from firmware_config.provision.errors import ProvisionError
from firmware_config.provision.frame import Context
from firmware_config.provision.words import said

SHELLS: Final = ("bash", "zsh", "fish")


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "completion",
        help=said("命令行补全", "completion for your shell"),
        description=said("给 shell 的补全脚本", "a script that makes your shell complete our words"),
        epilog=f"{said('例子', 'examples')}:\n"
        "  provision completion bash > ~/.local/share/bash-completion/completions/provision\n"
        "  provision completion zsh  > ~/.zfunc/_provision\n"
        "  provision completion fish > ~/.config/fish/completions/provision.fish\n",
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> int:
    try:
        from argcomplete.shell_integration import shellcode  # noqa: PLC0415 nobody else needs it
    except ImportError as error:
        raise ProvisionError("没有装 argcomplete", "argcomplete is not installed", code="not_installed") from error
    script = shellcode(["provision"], shell=args.shell)
    context.say(script, script)
    return 0
