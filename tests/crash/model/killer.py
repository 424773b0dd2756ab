"""kill -9 of agent, hub and Mosquitto, again and again under load."""

import random
from dataclasses import dataclass, field
from typing import Final

from ledger import Totals, compare
from street import Street, until

CAPTURES_PER_S: Final = 200.0
WEIGHTS: Final = {"agent": 5, "hub": 4, "broker": 2}


@dataclass(kw_only=True)
class Killer:
    """Kills one of the three at a random moment, and starts it again."""

    street: Street
    rng: random.Random
    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WEIGHTS, 0))

    def kill(self) -> None:
        (victim,) = self.rng.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))
        self._let_something_happen()
        self.kills[victim] += 1
        getattr(self, f"_kill_{victim}")()

    def _let_something_happen(self) -> None:
        """Some captures; in half of the cases also some acknowledgements, for which all three must be up."""
        captured, acknowledged = self.street.captured(), self.street.acknowledged()
        more = self.rng.randint(0, 40)
        until(lambda: self.street.captured() >= captured + more)
        if self.rng.random() < 0.5:
            until(lambda: self.street.acknowledged() > acknowledged)

    def _kill_agent(self) -> None:
        assert self.street.agent is not None
        self.street.agent.close()
        self.street.start_agent(CAPTURES_PER_S)

    def _kill_hub(self) -> None:
        assert self.street.hub is not None
        self.street.hub.close()
        self.street.start_hub()

    def _kill_broker(self) -> None:
        self.street.kill_broker()
        self.street.start_broker()


def kill_and_count(busy: Street, rng: random.Random, kills: int) -> tuple[Killer, Totals]:
    """Starts all three, kills so often, lets it drain. Raises AssertionError when a capture is lost or twice."""
    busy.start_broker()
    busy.start_hub()
    busy.start_agent(CAPTURES_PER_S)
    killer = Killer(street=busy, rng=rng)
    for _ in range(kills):
        killer.kill()
    busy.drain()
    assert busy.hub is not None
    busy.hub.terminate()
    totals = compare(busy)
    assert totals.unreported <= killer.kills["agent"], "more than what was stored at a kill and not yet said"
    return killer, totals
