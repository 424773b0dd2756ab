"""`self_test`: how this device does, as it sees itself, in a few short facts."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from edge_agent.remote.abilities import Done
from edge_agent.wire.commands import Command

FACT_CHARS_MAX: Final = 200
_HEAT: Final = Path("/sys/class/thermal/thermal_zone0/temp")  # thousandths of a degree
_UPTIME: Final = Path("/proc/uptime")


class Facts:
    """What is known here; whoever knows more adds it before the start. Asked in the desk's thread."""

    def __init__(self, *, folder: Path) -> None:
        """`folder`: on the disk that matters."""
        self._folder = folder
        self._more: Callable[[], Mapping[str, str]] = dict

    def add(self, more: Callable[[], Mapping[str, str]]) -> None:
        """Whatever it looks at must bear another thread."""
        self._more = more

    def __call__(self) -> Mapping[str, str]:
        return {**self._more(), **machine_facts(self._folder)}


class SelfTest:
    """The ability."""

    def __init__(self, facts: Callable[[], Mapping[str, str]]) -> None:
        self._facts = facts

    def __call__(self, command: Command) -> Done:  # noqa: ARG002 as every ability: this one takes no arguments
        return Done(facts={name: text[:FACT_CHARS_MAX] for name, text in self._facts().items()})


def machine_facts(folder: Path) -> dict[str, str]:
    """Of the machine that this runs on; what it does not tell is left out. `folder`: on the disk that matters."""
    found: dict[str, str] = {}
    try:
        found["free_mb"] = str(shutil.disk_usage(folder).free // 2**20)
    except OSError as error:
        found["free_mb"] = str(error.strerror)
    heat, uptime = _number(_HEAT), _number(_UPTIME)
    if heat is not None:
        found["degrees_c"] = f"{heat / 1000:.0f}"
    if uptime is not None:
        found["up_s"] = f"{uptime:.0f}"
    return found


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
