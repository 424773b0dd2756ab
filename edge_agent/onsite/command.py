"""`edge-agent doctor --on-site`: a visit with its progress on the terminal, and what becomes of its sheet."""

import argparse
import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2

from edge_agent.clock import SystemClock
from edge_agent.config import AgentConfig, Synchronised
from edge_agent.errors import ConfigError
from edge_agent.onsite import filing
from edge_agent.onsite.finding import SiteFinding
from edge_agent.onsite.optics import Lens, lens_of
from edge_agent.onsite.sheet import make_sheet
from edge_agent.onsite.visit import Asked, Visit

DISTANCE_M: Final = (0.2, 200.0)
PASSAGE_S_MAX: Final = 600.0
_INDENT: Final = 18
_CLEAR: Final = "\r\x1b[K"


class Terminal:
    """Progress on standard error: the report goes to standard output."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._counting = False

    def say(self, line: str) -> None:
        self.clear()
        sys.stderr.write(f"... {line}\n")
        sys.stderr.flush()

    def count(self, line: str) -> None:
        if self._live:
            sys.stderr.write(f"{_CLEAR}... {line}")
            sys.stderr.flush()
            self._counting = True

    def clear(self) -> None:
        if self._counting:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._counting = False


def run(args: argparse.Namespace, config: AgentConfig) -> int:
    """Exit status: 1 if a check fails. Raises ShouwangError; KeyboardInterrupt once it is said what was left out."""
    cv2.setNumThreads(config.models.threads)
    asked = asked_of(args)
    if args.file:
        filing.check_free(config)
    terminal = Terminal()
    visit = Visit(config, asked, terminal)
    findings: list[SiteFinding] = []
    try:
        for finding in visit.findings():
            findings.append(finding)
            terminal.clear()
            if not args.json:
                sys.stdout.write(f"{line(finding)}\n")
                sys.stdout.flush()
    except KeyboardInterrupt:
        terminal.clear()
        sys.stderr.write(f"edge-agent: interrupted after {len(findings)} checks; no sheet is made of half a visit\n")
        raise
    if args.json:
        rows = [{**asdict(finding), "outcome": finding.outcome.value} for finding in findings]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
    _keep(args, config, visit, findings)
    return 0 if all(finding.ok for finding in findings) else 1


def asked_of(args: argparse.Namespace) -> Asked:
    """Raises ConfigError for what is absurd."""
    if args.distance_m is not None:
        _demand("--distance-m", args.distance_m, *DISTANCE_M)
    _demand("--passage-s", args.passage_s, 0, PASSAGE_S_MAX)
    said: dict[str, Any] = {
        "module": args.module,
        "lens_mm": args.lens_mm,
        "sensor_mm": args.sensor_mm,
        "hfov_deg": args.hfov_deg,
    }
    lens_of(**said, width_px=1280)  # at once, not after minutes
    return Asked(
        lens=partial(_lens, said),
        distance_m=args.distance_m,
        passage_s=args.passage_s,
        relay=not args.no_relay,
    )


def _lens(said: dict[str, Any], width_px: int) -> Lens | None:
    return lens_of(**said, width_px=width_px)


def _demand(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError("the command line", {option: f"must be from {low:g} to {high:g}; found {value:g}"})


def _keep(args: argparse.Namespace, config: AgentConfig, visit: Visit, findings: list[SiteFinding]) -> None:
    vouched = config.clock.synchronised is Synchronised.ALWAYS
    clock = SystemClock((lambda: True) if vouched else None)
    sheet = make_sheet(findings, at=clock.stamp(), camera=config.camera.name, by=args.by or "", picture=visit.picture)
    folder: Path = args.out or config.journal.file.parent / "pass-sheets"
    for path in filing.write_sheet(config, sheet, folder):
        sys.stderr.write(f"sheet: {path}\n")
    if args.file:
        filing.file_sheet(config, sheet)
        sys.stderr.write("filed: the agent sends it when it runs again (sudo systemctl start shouwang-agent)\n")


def line(finding: SiteFinding) -> str:
    """One finding for the terminal, and what to do about it on a line of its own."""
    mark = "-" if finding.skipped else "ok" if finding.ok else "FAIL"
    advice = f"\n{' ' * _INDENT}-> {_both(finding.advice_zh, finding.advice)}" if finding.advice else ""
    return f"{mark:4}  {finding.check:{_INDENT - 6}}{_both(finding.found_zh, finding.found)}{advice}"


def _both(zh: str, en: str) -> str:
    return f"{zh}  {en}" if zh else en
