"""What is journaled of refusals: each at first, then their number, so that nobody fills the journal with them. Pure."""

from dataclasses import dataclass
from typing import Final

from edge_agent.wire.commands import Refusal
from edge_agent.wire.messages import CommandOutcome, CommandResult, Stamp

AT_ONCE_MAX: Final = 5  # of one reason, told one by one
EVERY_S: Final = 60.0  # after that, so often at most; then one may be told by itself again


@dataclass(kw_only=True, slots=True)
class _Told:
    left: int = AT_ONCE_MAX
    filled_s: float = 0.0
    untold: int = 0
    last: CommandResult | None = None


class Refusals:
    """One count for each reason. Not for several threads."""

    def __init__(self) -> None:
        self._told: dict[Refusal, _Told] = {}

    def tell(
        self, reason: Refusal, *, at: Stamp, now_s: float, command: str | None = None, kind: str | None = None
    ) -> list[CommandResult]:
        """One was refused just now; what there is to journal, nothing perhaps."""
        told = self._told.setdefault(reason, _Told(filled_s=now_s))
        told.untold += 1
        told.last = CommandResult(
            at=at, command=command, kind=kind, outcome=CommandOutcome.REFUSED, reason=reason.value
        )
        return self._take(told, now_s)

    def due(self, now_s: float) -> list[CommandResult]:
        """What was only counted, once it is time to say so."""
        return [one for told in self._told.values() if told.untold for one in self._take(told, now_s)]

    def _take(self, told: _Told, now_s: float) -> list[CommandResult]:
        while told.left < AT_ONCE_MAX and now_s - told.filled_s >= EVERY_S:
            told.left += 1
            told.filled_s += EVERY_S
        if told.left == AT_ONCE_MAX:
            told.filled_s = now_s
        if told.left == 0 or told.last is None:
            return []
        told.left -= 1
        last, times = told.last, told.untold
        told.untold, told.last = 0, None
        named = times == 1  # of many, none is named
        return [
            CommandResult(
                at=last.at,
                command=last.command if named else None,
                kind=last.kind if named else None,
                outcome=last.outcome,
                reason=last.reason,
                times=times,
            )
        ]
