"""`edge-agent doctor`: is everything in place on this device?"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.errors import ShouwangError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.config import AgentConfig

_EXAMPLES = """\
examples:
  edge-agent doctor --config agent.toml
  edge-agent doctor --config agent.toml --json

It may run beside a working agent, except that both cannot have the camera. Exit status 1 if one check fails.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    ok: bool
    found: str
    advice: str = ""


class UnwellError(Exception):
    """A check failed: what was found, and what a technician does about it."""

    def __init__(self, found: str, advice: str) -> None:
        self.found = found
        self.advice = advice
        super().__init__(found)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "doctor",
        help="is everything in place? a line each, and what to do",
        description="Check camera, models, runtime, clock, disk, broker, hub and gallery of one configuration.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="agent.toml")
    parser.add_argument("--json", action="store_true", help="a JSON array of the findings instead of lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit status: 1 if a check fails. Raises ConfigError when the configuration itself has mistakes."""
    from edge_agent.commands import checkup  # noqa: PLC0415 - heavy
    from edge_agent.config import load  # noqa: PLC0415

    config = load(args.config)
    checks: dict[str, Callable[[AgentConfig], str]] = {
        "camera": checkup.check_camera,
        "models": checkup.check_models,
        "runtime": checkup.check_runtime,
        "gallery": checkup.check_gallery,
        "clock": checkup.check_clock,
        "disk": checkup.check_disk,
        "broker": checkup.check_broker,
    }
    findings: list[Finding] = []
    for name, check in checks.items():
        findings.append(examine(name, check, config))
        if not args.json:
            sys.stdout.write(f"{in_words(findings[-1])}\n")
            sys.stdout.flush()
    if args.json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False) + "\n")
    return 0 if all(finding.ok for finding in findings) else 1


def examine(name: str, check: "Callable[[AgentConfig], str]", config: "AgentConfig") -> Finding:
    """One check; a failure is a finding, so that the others still run."""
    try:
        return Finding(check=name, ok=True, found=check(config))
    except UnwellError as error:
        return Finding(check=name, ok=False, found=error.found, advice=error.advice)
    except ShouwangError as error:
        return Finding(check=name, ok=False, found=" ".join(str(error).split()))


def in_words(finding: Finding) -> str:
    advice = f"\n              -> {finding.advice}" if finding.advice else ""
    return f"{'ok' if finding.ok else 'FAIL':4}  {finding.check:8}{finding.found}{advice}"
