"""What is written first: "last seen + 24 h", in memory, of sightings as they come in."""

from year_rates import DAY_S


class Naive:
    """A sighting counts when it comes in, whenever it was; nobody is ever expected to be away; no camera ever fails.

    One alert for each gap, and nothing retracts it.
    """

    def __init__(self, people: int) -> None:
        self._seen_s = [0] * people

    def sees(self, person: int, at_s: int) -> None:
        self._seen_s[person] = at_s

    def due_s(self, person: int) -> int:
        """When it raises an alert, if nothing comes in before."""
        return self._seen_s[person] + DAY_S
