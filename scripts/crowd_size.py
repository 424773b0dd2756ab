"""How large the office of crowd.py is, and what its people, cameras and vehicles are called."""

from dataclasses import dataclass, replace
from typing import Final

DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
SEED: Final = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """How large the office is."""

    people: int = 30_000
    households: int = 10_000
    vehicles: int = 8_000
    devices: int = 300
    events: int = 5_000_000
    days: int = 30
    watched: int = 3_000
    communities: int = 20
    grids: int = 10  # of each community

    @property
    def gates(self) -> int:
        """Devices that see vehicles, the first ones."""
        return max(1, self.devices // 8)

    @property
    def apart(self) -> int:
        """Households, people, vehicles and devices of the same grid are so far from one another."""
        return self.communities * self.grids

    def scaled(self, share: float) -> "Crowd":
        """The same office with so many of each, but for its areas: a grid still has a household, a device and so on."""

        def some(count: int) -> int:
            return max(self.apart, round(count * share))

        return (
            self
            if share == 1
            else replace(
                self,
                people=some(self.people),
                households=some(self.households),
                vehicles=some(self.vehicles),
                watched=some(self.watched),
                devices=max(40, round(self.devices * share)),
                events=max(1000, round(self.events * share)),
            )
        )

    def community(self, n: int) -> str:
        return f"示范社区{n % self.communities + 1:02}"

    def grid(self, n: int) -> str:
        """Of whoever is the n-th, with the community of the same number around it."""
        return f"{self.community(n)}第{n // self.communities % self.grids + 1}网格"


def person_id(n: int) -> str:
    return f"p-{n:06}"


def device_id(n: int) -> str:
    return f"camera-{n:03}"


def place_name(crowd: Crowd, n: int) -> str:
    """Where the n-th device stands."""
    return f"{crowd.community(n)}{n:03}号点"


def plate(n: int) -> str:
    """Of the n-th vehicle that is listed; those above are nobody's."""
    return f"粤B{n:05}"
