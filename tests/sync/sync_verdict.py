"""What the oracle says when something is wrong."""

from enum import Enum


class Invariant(Enum):
    """Of DESIGN.md section 7, by number."""

    NO_LOSS = 1
    ACK_SAFETY = 2
    ONCE = 3
    ISOLATION = 4
    LIVENESS = 8
    STORE = "verify"  # hub-server verify finds something in the rows
    PROGRAM = "program"  # a process stumbled over something that it did not expect


class Violation(AssertionError):  # noqa: N818 the word for it
    """An invariant does not hold."""

    def __init__(self, invariant: Invariant, what: str) -> None:
        self.invariant = invariant
        super().__init__(f"invariant {invariant.value} ({invariant.name}): {what}")


def demand(ok: object, invariant: Invariant, what: str) -> None:
    """Raise Violation unless it is so."""
    if not ok:
        raise Violation(invariant, what)
