"""Which command may leave now, quoting which challenge; which has waited for too long. Pure.

The hub's half of "at most once, and never late": what it may do wrong costs an answer, never an opening, because the
device judges by itself. A command is handed out once and never again.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.wire.commands import Command
from edge_agent.wire.limits import CHALLENGE_AGE_S_MAX

USABLE_S: Final = CHALLENGE_AGE_S_MAX - 3.0  # an older challenge would be stale before the command is there
ANSWER_WAIT_S: Final = 20.0  # from asking: then somebody is told that no answer came
WAITING_MAX: Final = 200  # commands under way
DEVICE_WAITING_MAX: Final = 8  # of them for one device; an answered one counts until its wait would have ended
DEVICES_MAX: Final = 4096  # whose challenges are remembered; the one that was silent longest goes first


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What somebody asks of a device."""

    id: str
    device: str
    kind: str
    arguments: Mapping[str, str | int | bool | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """No answer came."""

    id: str


@dataclass(kw_only=True, slots=True)
class _Waiting:
    order: Order
    asked_s: float
    handed_out: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heard:
    boot: str
    challenge: str
    heard_s: float


class CommandDesk:
    """Not for several threads. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._challenges: OrderedDict[str, _Heard] = OrderedDict()
        self._waiting: dict[str, _Waiting] = {}

    def challenged(self, device: str, *, boot: str, challenge: str, now_s: float) -> None:
        """What a device said just now; older ones of it are forgotten."""
        self._challenges[device] = _Heard(boot=boot, challenge=challenge, heard_s=now_s)
        self._challenges.move_to_end(device)
        while len(self._challenges) > DEVICES_MAX:
            self._challenges.popitem(last=False)

    def challenge_age_s(self, device: str, now_s: float) -> float | None:
        """How old the newest is; None: the device has said none, so that it takes no commands, or is away."""
        heard = self._challenges.get(device)
        return None if heard is None else max(0.0, now_s - heard.heard_s)

    def ask(self, order: Order, now_s: float) -> bool:
        """False: too many are under way; nothing was noted."""
        of_device = sum(one.order.device == order.device for one in self._waiting.values())
        if order.id in self._waiting or len(self._waiting) >= WAITING_MAX or of_device >= DEVICE_WAITING_MAX:
            return False
        self._waiting[order.id] = _Waiting(order=order, asked_s=now_s)
        return True

    def due(self, now_s: float) -> list[Command | GiveUp]:
        """What is to be sent now, each once; and what nobody waits for any longer."""
        said: list[Command | GiveUp] = []
        for one in list(self._waiting.values()):
            if now_s - one.asked_s >= ANSWER_WAIT_S:
                del self._waiting[one.order.id]
                said.append(GiveUp(id=one.order.id))
            elif not one.handed_out and (command := self._quoting(one.order, now_s)) is not None:
                one.handed_out = True
                said.append(command)
        return said

    def wait_s(self, now_s: float) -> float | None:
        """Until the next one is given up; None: nothing waits."""
        ends = [one.asked_s + ANSWER_WAIT_S for one in self._waiting.values()]
        return max(0.0, min(ends) - now_s) if ends else None

    def _quoting(self, order: Order, now_s: float) -> Command | None:
        heard = self._challenges.get(order.device)
        if heard is None or not 0 <= now_s - heard.heard_s <= USABLE_S:
            return None
        return Command(
            id=order.id,
            device=order.device,
            boot=heard.boot,
            challenge=heard.challenge,
            kind=order.kind,
            arguments=dict(order.arguments),
        )
