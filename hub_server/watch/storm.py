"""Many alerts through one cause (an outage, a power cut) go out as one notification. Pure; microseconds UTC.

Only notifications are grouped, never alerts. An alert whose observers watched has a cause of its own: it goes out at
once, and so before the others. Those about which nobody can tell wait for one another, at most STORM_HOLD_S.
"""

from typing import Final

from hub_server.watch.coverage import Verdict
from hub_server.watch.due import US_PER_S

STORM_HOLD_S: Final = 10


def ready_us(verdict: Verdict, *, together: int, now_us: int) -> int:
    """When an alert may be told that was judged with others, `together` in all.

    Slots of STORM_HOLD_S are the same for everybody, so that the alerts of one judgement after another join.
    """
    if verdict is Verdict.WATCHED or together <= 1:
        return now_us
    hold_us = STORM_HOLD_S * US_PER_S
    return (now_us // hold_us + 1) * hold_us
