"""How the command speaks: words for people on stdout, complaints on stderr."""

import argparse
import json
import sys
from collections.abc import Mapping


class CommandError(Exception):
    """The command could not do what it was asked; the message says why, in words."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        self.exit_code = exit_code
        super().__init__(message)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_json(value: Mapping[str, object]) -> None:
    say(json.dumps(value, ensure_ascii=False))


def tell(asked: argparse.Namespace, value: Mapping[str, object], words: str) -> int:
    """What was done: the hub's answer where --json was asked, else words. The exit code."""
    if asked.json:
        say_json(value)
    else:
        say(words)
    return 0


def complain(text: str) -> None:
    for line in text.splitlines():
        sys.stderr.write(f"hub-server: {line}\n")
