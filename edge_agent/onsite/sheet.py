"""What was found becomes the event that the hub keeps. Pure."""

from collections.abc import Sequence
from typing import Final

from edge_agent.onsite.coarse import jpeg
from edge_agent.onsite.finding import SiteFinding
from edge_agent.vision.frame import Pixels
from edge_agent.wire.messages import PassSheet, SheetFinding, Stamp

LONG: Final = 400  # characters, as the wire has it
SHORT: Final = 200
BY_MAX: Final = 80


def make_sheet(
    findings: Sequence[SiteFinding], *, at: Stamp, camera: str, by: str = "", picture: Pixels | None = None
) -> PassSheet:
    """`picture`: one that is coarse already. Texts that are too long are cut."""
    return PassSheet(
        at=at,
        camera=camera,
        findings=[_on_the_wire(finding) for finding in findings],
        by=by[:BY_MAX],
        picture=None if picture is None else jpeg(picture),
    )


def _on_the_wire(finding: SiteFinding) -> SheetFinding:
    return SheetFinding(
        check=finding.check,
        outcome=finding.outcome,
        found=_cut(finding.found, LONG),
        found_zh=_cut(finding.found_zh, SHORT),
        advice=_cut(finding.advice, LONG),
        advice_zh=_cut(finding.advice_zh, SHORT),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
