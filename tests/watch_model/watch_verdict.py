"""What the oracle of the watch says when something is wrong."""

from enum import Enum


class Law(Enum):
    """Of DESIGN.md section 7 by number, of section 5 by name."""

    ONCE = 3  # one alert per person and due time, one that is not closed
    ALARM = 5
    BLINDNESS = 6
    TRUTH = "last seen"  # the newest sign of life that counts, by its earliest possible time
    CAUSE = "none without cause"
    RETRACTION = "retraction"  # iff captured + what is allowed is ahead of now
    DRAIN = "drain"  # first let the devices tell what they have, 120 s at most
    HISTORY = "history"  # grows, and tells every step


class Violation(AssertionError):  # noqa: N818 the word for it
    """A law of the watch does not hold."""

    def __init__(self, law: Law, what: str) -> None:
        self.law = law
        super().__init__(f"{law.name} ({law.value}): {what}")


def demand(ok: object, law: Law, what: str) -> None:
    """Raise Violation unless it is so."""
    if not ok:
        raise Violation(law, what)
