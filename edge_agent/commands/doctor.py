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
  edge-agent doctor --config agent.toml --on-site --module v3 --distance-m 2.5 --by 王师傅 --file

It may run beside a working agent, except that both cannot have the camera. Exit status 1 if one check fails.
With --on-site somebody stands there: it judges the picture, says how large faces and plates are, waits for one to
walk through, clicks the relay, plays a tone, and writes a pass sheet (HTML and text). --file hands the sheet to the
hub; then the agent must be stopped, for it has the journal.
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
    _add_on_site(parser)
    parser.set_defaults(run=run)


def _add_on_site(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("on site")
    group.add_argument("--on-site", action="store_true", help="prove this point: somebody stands before the camera")
    group.add_argument("--distance-m", type=float, metavar="M", help="how far away people or vehicles are looked at")
    group.add_argument("--module", choices=["v1", "v2", "v3", "v3-wide"], help="which Raspberry Pi camera it is")
    group.add_argument(
        "--hfov-deg", type=float, metavar="DEG", help="how much the whole width sees; instead of --module"
    )
    group.add_argument("--lens-mm", type=float, metavar="MM", help="focal length, with --sensor-mm instead of --module")
    group.add_argument("--sensor-mm", type=float, metavar="MM", help="width of the sensor")
    group.add_argument(
        "--passage-s", type=float, default=20.0, metavar="S", help="how long to wait for one who walks through; 0: not"
    )
    group.add_argument("--no-relay", action="store_true", help="the door must not open now")
    group.add_argument("--by", metavar="NAME", help="who proves it; stands on the sheet")
    group.add_argument("--out", type=Path, metavar="DIR", help="where the sheet goes (default: beside the journal)")
    group.add_argument("--file", action="store_true", help="journal the sheet, so that the hub gets it")


def run(args: argparse.Namespace) -> int:
    """Exit status: 1 if a check fails. Raises ConfigError when the configuration itself has mistakes."""
    from edge_agent.commands import checkup  # noqa: PLC0415 - heavy
    from edge_agent.commands.pushed import pushed  # noqa: PLC0415

    config, check_pushed = pushed(args.config)
    if args.on_site:
        from edge_agent.onsite import command  # noqa: PLC0415 - heavy

        return command.run(args, config)
    checks: dict[str, Callable[[AgentConfig], str]] = {
        "camera": checkup.check_camera,
        "models": checkup.check_models,
        "runtime": checkup.check_runtime,
        "gallery": checkup.check_gallery,
        "pushed": check_pushed,
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
