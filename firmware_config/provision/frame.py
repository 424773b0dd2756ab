"""What every command of `provision` gets: how to speak, to ask, to show progress, and the hub.

A module of commands has `add_parser(subparsers)`, which makes its parser with `command(...)`, and `run(args, context)`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, TextIO

from firmware_config.provision.client import HubClient
from firmware_config.provision.errors import DeclinedError
from firmware_config.provision.parsing import Parser
from firmware_config.provision.where import add_hub_options, hub_of
from firmware_config.provision.words import Pair, said

Run = Callable[[argparse.Namespace, "Context"], int]
_YES: Final = frozenset({"y", "yes", "是", "好", "确认"})


def group(subparsers: Any, name: str, *, what: Pair) -> Any:
    """A word that commands stand under, such as `device`; gives its subparsers."""
    parser = subparsers.add_parser(name, help=said(*what), description=said(*what))
    return parser.add_subparsers(title=said("命令", "commands"), metavar="COMMAND", required=True)


def command(
    subparsers: Any,
    name: str,
    *,
    what: Pair,
    run: Run,
    examples: str = "",
    more: Pair | None = None,
    asks_hub: bool = True,
) -> Parser:
    """One command with the options that all have. `what`: a line; `more`: what help adds; `examples`: lines to copy."""
    description = said(*what) + ("" if more is None else "\n\n" + said(*more))
    parser: Parser = subparsers.add_parser(
        name,
        help=said(*what),
        description=description,
        epilog=f"{said('例子', 'examples')}:\n{examples}" if examples else None,
    )
    parser.set_defaults(run=run)
    common = parser.add_argument_group(said("每个命令都有", "every command has"))
    common.add_argument(
        "--dry-run", action="store_true", help=said("只说会做什么，什么也不改", "say it, change nothing")
    )
    common.add_argument("--json", action="store_true", help=said("结果用 JSON，给程序看", "the result as JSON"))
    common.add_argument("-y", "--yes", action="store_true", help=said("不再询问", "do not ask"))
    if asks_hub:
        add_hub_options(parser)
    return parser


class Context:
    """Words go to stdout; with --json they go to stderr, and stdout is one JSON object."""

    def __init__(
        self,
        args: argparse.Namespace,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        into: TextIO | None = None,
    ) -> None:
        self.args = args
        self.json = bool(getattr(args, "json", False))
        self.dry_run = bool(getattr(args, "dry_run", False))
        self.yes = bool(getattr(args, "yes", False))
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._in = into or sys.stdin

    @cached_property
    def hub(self) -> HubClient:
        """By --hub, --site, --data or the environment. Raises ProvisionError when none of them says which."""
        return hub_of(self.args)

    def say(self, zh: str, en: str) -> None:
        """A line for people."""
        stream = self._err if self.json else self._out
        stream.write(said(zh, en) + "\n")
        stream.flush()

    def finish(self, result: Mapping[str, object], *, then: Pair | None = None) -> int:
        """The end of a command that did what it should: its result, and one line that says what to do next."""
        if self.json:
            told: dict[str, object] = {"ok": True, "dry_run": self.dry_run, **result}
            told["next"] = None if then is None else said(*then)
            self._out.write(json.dumps(told, ensure_ascii=False) + "\n")
            self._out.flush()
        elif then is not None:
            self.say(f"下一步：{then[0]}", f"Next: {then[1]}")
        return 0

    def confirm(self, zh: str, en: str) -> None:
        """Asks before something is destroyed. Raises DeclinedError unless somebody says yes, or said --yes before.

        Under --dry-run nobody is asked: nothing is destroyed.
        """
        if self.yes or self.dry_run:
            return
        if not self._in.isatty():
            raise DeclinedError(
                f"{zh}没有人可以问；确定的话请加 --yes。",
                f"{en} Nobody is here to ask; if you are sure, add --yes.",
                code="needs_yes",
            )
        self._err.write(said(f"{zh}继续吗？输入 y 继续：", f"{en} Go on? Type y: "))
        self._err.flush()
        if self._in.readline().strip().casefold() not in _YES:
            raise DeclinedError("好的，什么也没有改动。", "All right: nothing was changed.", code="declined")

    @contextmanager
    def progress(self, zh: str, en: str, *, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Shows `37/300` on a terminal while work goes on; what it gives is told how many are done."""
        label, of = said(zh, en), "" if total is None else f"/{total}"
        live = self._err.isatty()

        def step(done: int) -> None:
            if live:
                self._err.write(f"\r\x1b[K{label} {done}{of}")
                self._err.flush()

        step(0)
        try:
            yield step
        finally:
            if live:
                self._err.write("\r\x1b[K")
                self._err.flush()
