"""Look-ins: whom to see before an alert has to say "cannot tell". Pure; integer microseconds UTC.

When cameras were dead, whoever is seen by them alone falls due one after the other, and each alert is a letter of its
own. So the worker is told beforehand, once for several and by day: nobody can tell of these people, please call. A call
or a visit that reaches them is a sign of life, and no alert comes. Nothing of the watch waits for it: whoever is not
reached has their alert at the moment they are due, with a letter of its own, as without the list.

The nearer they are to being due, the fewer are called who would have been seen in time.
"""

from datetime import tzinfo
from typing import Final

from hub_server.watch.due import US_PER_S
from hub_server.watch.rhythm import is_quiet

HOUR_US: Final = 3600 * US_PER_S
DEAD_US: Final = 2 * HOUR_US
"""What has not watched for so long will not be back in a moment: before, a list would be a false alarm of its own."""
PAST_US: Final = 24 * HOUR_US
"""A camera that was dead in so long has missed whom it should have seen, and may be well again."""
LEAD_US: Final = 2 * HOUR_US
"""A list is told when the first of it falls due in so long: time to telephone, and to go there."""
REACH_US: Final = 4 * HOUR_US
"""It names whoever falls due in so long, so that the next need no list of their own."""
NIGHT_US: Final = 12 * HOUR_US
"""The same of the list of the evening, in the last hour before the quiet ones: the night, and until the next list."""
EVENING_US: Final = HOUR_US


def lead_us(now_us: int, *, zone: tzinfo) -> int | None:
    """Who falls due within so long is worth a list now; None at night, when only alerts are told."""
    if is_quiet(now_us, zone=zone):
        return None
    return NIGHT_US if _is_evening(now_us, zone) else LEAD_US


def reach_us(now_us: int, *, zone: tzinfo) -> int:
    """A list of this moment names whoever falls due within so long."""
    return NIGHT_US if _is_evening(now_us, zone) or is_quiet(now_us, zone=zone) else REACH_US


def is_told(due_us: int, *, told_us: int | None, zone: tzinfo) -> bool:
    """True when the list of `told_us` named whoever falls due then."""
    return told_us is not None and due_us <= told_us + reach_us(told_us, zone=zone)


def _is_evening(now_us: int, zone: tzinfo) -> bool:
    return is_quiet(now_us + EVENING_US, zone=zone)
