"""Hello, as this agent says it."""

from edge_agent.uplink.outbox import Outbox
from edge_agent.uplink.ports import Lane
from edge_agent.wire.limits import LEFT_EPOCHS_MAX
from edge_agent.wire.messages import Hello, LeftEpoch


class Greeting:
    """Reads where the outbox stands at each hello."""

    def __init__(self, journal: Outbox, *, device: str, agent: str, lane: Lane | None) -> None:
        self._journal = journal
        self._device = device
        self._agent = agent
        self._lane = lane
        self._named = 0  # epochs, in all hellos that could not name all

    def hello(self) -> Hello:
        position = self._journal.position()
        return Hello(
            device=self._device,
            epoch=position.epoch,
            oldest=position.oldest,
            last=position.last,
            agent=self._agent,
            seal_key=None if self._lane is None else self._lane.seal_key,
            left=self._due(self._journal.left()),
        )

    def _due(self, left: list[LeftEpoch]) -> tuple[LeftEpoch, ...]:
        """As many as a hello may name; of more, those that follow the ones of last time, round and round."""
        if len(left) <= LEFT_EPOCHS_MAX:
            return tuple(left)
        first = self._named % len(left)
        self._named += LEFT_EPOCHS_MAX
        return tuple((left + left)[first : first + LEFT_EPOCHS_MAX])
