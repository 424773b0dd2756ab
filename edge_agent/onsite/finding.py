"""One line of a visit, as the doctor has it, in two languages."""

from dataclasses import dataclass

from edge_agent.commands.doctor import Finding
from edge_agent.wire.messages import Outcome

Words = tuple[str, str]
"""The same in English and in Chinese."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteFinding(Finding):
    """`found_zh` and `advice_zh` are "" where there is no Chinese for it. What was skipped is neither good nor bad."""

    found_zh: str = ""
    advice_zh: str = ""
    skipped: bool = False

    @property
    def outcome(self) -> Outcome:
        if self.skipped:
            return Outcome.SKIPPED
        return Outcome.OK if self.ok else Outcome.FAIL


def passed(check: str, found: Words) -> SiteFinding:
    return SiteFinding(check=check, ok=True, found=found[0], found_zh=found[1])


def failed(check: str, found: Words, advice: Words) -> SiteFinding:
    return SiteFinding(check=check, ok=False, found=found[0], found_zh=found[1], advice=advice[0], advice_zh=advice[1])


def skipped(check: str, why: Words) -> SiteFinding:
    return SiteFinding(check=check, ok=True, skipped=True, found=why[0], found_zh=why[1])
