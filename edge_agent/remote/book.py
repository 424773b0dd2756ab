"""At most once, and never late: which challenges are alive, which commands were used. Pure, random source aside."""

import secrets
from collections import deque
from collections.abc import Callable
from typing import Final

from edge_agent.wire.commands import Command, Refusal
from edge_agent.wire.limits import CHALLENGE_AGE_S_MAX, CHALLENGE_EVERY_S

CHALLENGES_MAX: Final = 16  # alive at once: each connection makes one, and a broker may throw us out again and again
USED_MAX: Final = 64  # commands within the life of a challenge; more are refused, or their ids would be forgotten


def _random() -> str:
    return secrets.token_hex(16)


class ChallengeBook:
    """Of one boot and one run of the agent: what was said before either is forgotten, and so is refused.

    Not for several threads. Times are seconds of a clock that never goes back and counts suspended time, too.
    """

    def __init__(self, *, boot: str, random: Callable[[], str] = _random) -> None:
        self._boot = boot
        self._random = random
        self._alive: deque[tuple[float, str]] = deque(maxlen=CHALLENGES_MAX)  # when it was made; the oldest first
        self._used: dict[str, str] = {}  # ids, with the challenge they came with: when that is dead, they are, too
        self._due_s: float | None = None  # None: at once

    @property
    def boot(self) -> str:
        return self._boot

    def connected(self) -> None:
        """Whoever listens now has heard none yet."""
        self._due_s = None

    def wait_s(self, now_s: float) -> float:
        """How long until the next challenge is due."""
        return 0.0 if self._due_s is None else max(0.0, self._due_s - now_s)

    def issue(self, now_s: float) -> str:
        """A new challenge. Its life begins here, not when somebody hears it."""
        self._forget(now_s)
        challenge = self._random()
        self._alive.append((now_s, challenge))
        self._due_s = now_s + CHALLENGE_EVERY_S
        return challenge

    def judge(self, command: Command, now_s: float) -> Refusal | None:
        """None: do it, now; this is the only time that is said of it. Else why not, and nothing has changed."""
        self._forget(now_s)
        if command.boot != self._boot:
            return Refusal.OTHER_BOOT
        if command.id in self._used:
            return Refusal.REPLAYED
        if command.challenge not in {challenge for _, challenge in self._alive}:
            return Refusal.STALE
        if len(self._used) >= USED_MAX:
            return Refusal.BUSY
        self._used[command.id] = command.challenge
        return None

    def _forget(self, now_s: float) -> None:
        """What is too old is no more; neither is what seems to be of the future."""
        self._alive = deque(
            ((made_s, one) for made_s, one in self._alive if 0 <= now_s - made_s <= CHALLENGE_AGE_S_MAX),
            maxlen=CHALLENGES_MAX,
        )
        alive = {challenge for _, challenge in self._alive}
        self._used = {id_: challenge for id_, challenge in self._used.items() if challenge in alive}
