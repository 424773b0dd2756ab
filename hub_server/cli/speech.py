"""How the command speaks: words for people on stdout, complaints on stderr."""

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


def complain(text: str) -> None:
    for line in text.splitlines():
        sys.stderr.write(f"hub-server: {line}\n")
