"""Runs one change of a keyring again and again; each try dies by SIGKILL one step on the disk later than the last.

Usage: keyring_killer.py BASE WORK ACTION. BASE holds `site.key`, `keys`, `mirror`; each try works on its own copy,
WORK/0, WORK/1 ..., until one try survives. Prints how many were killed.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub_server.store.keyring import Keyring
from hub_server.store.site_key import read_site_key
from hub_server.store.vault import KeyPurpose

STEPS = ("open", "write", "fsync", "replace", "unlink", "mkdir")
TRIES_MAX = 200


def act(data: Path, action: str) -> None:
    keyring = Keyring(data / "keys", site_key=read_site_key(data))
    if action == "ensure":
        keyring.ensure([("p-new", KeyPurpose.TEMPLATE)])
    elif action == "destroy":
        keyring.destroy(["p-erased"])
    elif action == "mirror":
        keyring.mirror(data / "mirror")
    else:
        raise SystemExit(f"unknown action {action}")


def die_at(step: int) -> None:
    """Kills this process before the step with this number, counting from 0."""
    left = step

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return real(*arguments, **named)

        return call

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


def main() -> int:
    base, work, action = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    for step in range(TRIES_MAX):
        data = work / str(step)
        shutil.copytree(base, data)
        child = os.fork()
        if child == 0:
            die_at(step)
            act(data, action)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.stdout.write(f"{step}\n")
            return 0 if status == 0 else 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
