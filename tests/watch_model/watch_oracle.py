"""What must be known of each person, by the rules; and what may be said of who was watching."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database
from watch_devices import Anchored, Looked
from watch_reference import Life, S, Sign
from watch_stage import NAMES
from watch_verdict import Law, demand

from hub_server.store import alerts, watches
from hub_server.store.rows import Alert
from hub_server.watch.coverage import Verdict

NEAR_US: Final = 1000  # a due time that had an alert gets a neighbour: so far from the truth nobody notices
BLIND_BELOW: Final = 0.45  # of the window, by every camera: nobody can tell, wherever exactly the line is drawn
WATCHED_ABOVE: Final = 0.97


class Anchors:
    """Of each boot the most exact; of two equally exact ones the one that dates everything earlier."""

    def __init__(self) -> None:
        self._of: dict[str, Anchored] = {}

    def take(self, anchor: Anchored) -> bool:
        """False: a better one is known."""
        known = self._of.get(anchor.boot)
        if known is not None and _rank(known) <= _rank(anchor):
            return False
        self._of[anchor.boot] = anchor
        return True

    def date(self, sign: Sign) -> None:
        """By the earliest moment that it may have been."""
        anchor = self._of.get(sign.boot)
        if anchor is not None:
            sign.at_us = max(0, anchor.wall_us - (anchor.mono_us - sign.mono_us) - anchor.uncertainty_us)

    def ended_us(self, looked: Looked) -> int | None:
        """By the device's own clock, else by the most likely moment."""
        anchor = self._of.get(looked.boot)
        if looked.ended_us is not None or anchor is None:
            return looked.ended_us
        return anchor.wall_us - (anchor.mono_us - looked.ended_mono_us)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a device told of its camera, and when it came in."""

    device: str
    looked: Looked
    at_us: int


class Eyes:
    """What every camera did, as far as the hub was told."""

    def __init__(self, anchors: Anchors) -> None:
        self._anchors = anchors
        self.heard: list[Heard] = []

    def share(self, device: str, from_us: int, until_us: int) -> float:
        """Of this time, walked stretch by stretch; nothing is watched in the future."""
        spent_us = 0
        for heard in self.heard:
            ended_us = self._anchors.ended_us(heard.looked)
            if heard.device == device and heard.looked.watching and ended_us is not None:
                began_us = ended_us - (heard.looked.ended_mono_us - heard.looked.began_mono_us)
                spent_us += max(0, min(ended_us, heard.at_us, until_us) - max(began_us, from_us))
        return spent_us / (until_us - from_us)

    def check(self, alert: Alert, life: Life, *, shown: Verdict, clocks_right: bool) -> None:
        """Nobody looked: cannot tell. All looked, and one usually sees the person: watched. Between: no quarrel.

        `shown`: what the page says. `clocks_right`: no clock was ever wrong, so that no stretch contradicts another.
        """
        newest, seen_us, until_us = life.newest(), life.seen_us(), life.rings_us()
        from_us = life.created_us if seen_us is None else seen_us
        if from_us >= until_us:
            return
        shares = [self.share(device, from_us, until_us) for device in NAMES]
        told = f"{alert.person}: cameras watched {shares} of {(until_us - from_us) / S:.0f} s"
        if max(shares) < BLIND_BELOW:
            demand(alert.verdict is Verdict.CANNOT_TELL, Law.BLINDNESS, f"it says {alert.verdict}; {told}")
            demand(shown is Verdict.CANNOT_TELL, Law.BLINDNESS, f"it shows {shown}; {told}")
        if min(shares) > WATCHED_ABOVE and newest is not None and newest.by in NAMES and clocks_right:
            demand(alert.verdict is Verdict.WATCHED, Law.BLINDNESS, f"it says {alert.verdict}; {told}")


def check_person(db: Database, person: str, life: Life, now_us: int) -> None:
    """Last seen, due, and whether an alert waits: each as the rules have it."""
    watch = watches.get_by_person(db, person)
    assert watch is not None
    seen_us = life.seen_us()
    told = f"{person}: last seen {watch.last_seen_us}, by the rules {seen_us}"
    demand((watch.last_seen_us is None) == (seen_us is None), Law.TRUTH, told)
    if seen_us is not None and watch.last_seen_us is not None:
        demand(abs(watch.last_seen_us - seen_us) <= NEAR_US, Law.TRUTH, told)
    told = f"{person}: due {watch.due_us}, by the rules {life.rings_us()}, now {now_us}"
    demand(abs(watch.due_us - life.rings_us()) <= NEAR_US, Law.TRUTH, told)
    waits = alerts.not_closed(db, person) is not None
    law = Law.ALARM if life.is_overdue(now_us) else Law.RETRACTION
    demand(waits or not life.alerted, law, f"{person} has no alert; {told}")
    demand(life.alerted or not waits, Law.RETRACTION, f"{person} has an alert that should be closed; {told}")


def _rank(anchor: Anchored) -> tuple[int, int]:
    return anchor.uncertainty_us, anchor.wall_us - anchor.mono_us
