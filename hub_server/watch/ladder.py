"""The ladder: who is told next when nobody takes care of an alert. Pure; integer microseconds UTC.

| rung | who | waits, unless set for the area |
|---|---|---|
| 0 worker | the grid workers of the person's area | 15 min |
| 1 community | the community or village | 15 min |
| 2 office | the sub-district office | 30 min |
| 3 family | the contacts in the person's file | 30 min, then all rungs are told again |

An alert climbs by itself while it is `open`; `acknowledged` and `on_the_way` have ACKNOWLEDGED_TIMES as long on their
rung, for who has said "I go" may be held up. `not_found` climbs at once, `emergency` goes to the top at once. On the
last rung everybody is told again, wait after wait, until it is closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hub_server.watch.due import US_PER_S
from hub_server.watch.states import AlertState, Report

ACKNOWLEDGED_TIMES: Final = 4


class Rung(IntEnum):
    WORKER = 0
    COMMUNITY = 1
    OFFICE = 2
    FAMILY = 3


TOP: Final = Rung.FAMILY
DEFAULT_WAIT_S: Final[Mapping[Rung, int]] = {
    Rung.WORKER: 15 * 60,
    Rung.COMMUNITY: 15 * 60,
    Rung.OFFICE: 30 * 60,
    Rung.FAMILY: 30 * 60,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an alert stands. `climb_us`: when it goes on by itself; None once it is closed."""

    rung: Rung
    climb_us: int | None


def placed(*, state: AlertState, rung: Rung, since_us: int, wait_s: int) -> Place:
    """An alert that came to this rung, or into this state on it, at `since_us`."""
    if state is AlertState.CLOSED:
        return Place(rung=rung, climb_us=None)
    times = 1 if state is AlertState.OPEN else ACKNOWLEDGED_TIMES
    return Place(rung=rung, climb_us=since_us + times * wait_s * US_PER_S)


def next_rung(rung: Rung) -> Rung:
    """The rung above; of the last one itself: it is told again."""
    return TOP if rung is TOP else Rung(rung + 1)


def rung_after(report: Report, rung: Rung) -> Rung:
    """Where an alert stands once a visit has found this."""
    return TOP if report is Report.EMERGENCY else next_rung(rung)


def newly_told(before: Rung, after: Rung) -> tuple[Rung, ...]:
    """Whose addressees hear of a climb: each rung between; on the last one everybody again."""
    if before is TOP:
        return tuple(Rung)
    return tuple(Rung(number) for number in range(before + 1, after + 1))
