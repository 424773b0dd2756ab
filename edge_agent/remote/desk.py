"""The thread that judges commands and carries them out: the uplink brings them, the loop journals the results."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from edge_agent.clock import Clock
from edge_agent.remote.abilities import Ability, CommandFailedError, Done, NotSetUpError
from edge_agent.remote.book import ChallengeBook
from edge_agent.remote.telling import Refusals
from edge_agent.wire.commands import Command, Refusal, open_command
from edge_agent.wire.messages import Challenge, CommandOutcome, CommandResult, wire_bytes
from edge_agent.wire.topics import Address

WAITING_MAX: Final = 16  # payloads; more are dropped, and counted as refused
PIECES_MAX: Final = 8  # that wait for the uplink; older ones go

log = logging.getLogger(__name__)


class CommandDesk:
    """Between uplink, loop and abilities. Each method says who calls it; none of them waits."""

    def __init__(
        self,
        *,
        address: Address,
        sign_key: bytes,
        abilities: Mapping[str, Ability],
        clock: Clock,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`sign_key`: the hub's, pinned. `wake`: called when there is something for the uplink to send."""
        self._address = address
        self._sign_key = sign_key
        self._abilities = abilities
        self._clock = clock
        self._wake = wake
        self._lock = threading.Lock()  # book, refusals, results and pieces
        self._book = ChallengeBook(boot=clock.stamp().boot)
        self._refusals = Refusals()
        self._results: deque[CommandResult] = deque()
        self._pieces: deque[bytes] = deque(maxlen=PIECES_MAX)
        self._waiting: queue.Queue[tuple[bytes, float] | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def wakes(self, wake: Callable[[], None]) -> None:
        """Before the start: whom to wake; the uplink is made after us."""
        self._wake = wake

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """No command is begun after this; one that is being carried out is left behind after `timeout_s`."""
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # --- for the uplink's thread ---

    def connected(self) -> None:
        """A new connection: whoever listens there has heard no challenge yet."""
        with self._lock:
            self._book.connected()

    def heard(self, payload: bytes) -> None:
        """What came on `cmd`."""
        try:
            self._waiting.put_nowait((payload, self._clock.monotonic_s()))
        except queue.Full:
            self._refuse(Refusal.BUSY)

    def challenges(self) -> list[bytes]:
        """For `up`, QoS 0, at once: their life has begun."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            if self._book.wait_s(now_s) > 0:
                return []
            challenge = Challenge(device=self._address.device, boot=self._book.boot, challenge=self._book.issue(now_s))
        return [wire_bytes(challenge)]

    def pieces(self) -> list[bytes]:
        """For `blob/up`."""
        with self._lock:
            waiting = list(self._pieces)
            self._pieces.clear()
            return waiting

    def wait_s(self) -> float:
        """For how long there is nothing to send."""
        with self._lock:
            return 0.0 if self._pieces else self._book.wait_s(self._clock.monotonic_s())

    # --- for the loop ---

    def results(self) -> list[CommandResult]:
        """What is to be journaled."""
        with self._lock:
            self._results.extend(self._refusals.due(self._clock.monotonic_s()))
            told = list(self._results)
            self._results.clear()
            return told

    # --- the thread ---

    def _run(self) -> None:
        while (taken := self._waiting.get()) is not None:
            try:
                self.handle(*taken)
            except Exception:
                # The root of this thread: whatever one command did, the next one is judged by itself.
                log.exception("a command stumbled")

    def handle(self, payload: bytes, heard_s: float) -> None:
        """Judge one payload and, if it is good at this very moment, carry it out. `heard_s`: when it came."""
        found = open_command(payload, address=self._address, public_key=self._sign_key)
        if isinstance(found, Refusal):
            self._refuse(found)
            return
        ability = self._abilities.get(found.kind)
        with self._lock:
            refusal = self._book.judge(found, self._clock.monotonic_s())
        if refusal is None and ability is None:
            refusal = Refusal.UNKNOWN_KIND
        if refusal is not None or ability is None:
            self._refuse(refusal or Refusal.UNKNOWN_KIND, found)
            return
        self._carry_out(ability, found, heard_s)

    def _carry_out(self, ability: Ability, command: Command, heard_s: float) -> None:
        log.info("command %s: %s", command.id, command.kind)
        try:
            done = ability(command)
        except NotSetUpError as error:
            log.warning("%s is not done: %s", command.kind, error)
            self._refuse(error.refusal, command)
            return
        except CommandFailedError as error:
            self._tell(self._result(command, heard_s, CommandOutcome.FAILED, reason=str(error)[:128]))
            return
        except Exception as error:
            # An ability that breaks has failed, and the office hears of it: it must not wait for nothing.
            log.exception("%s failed", command.kind)
            reason = f"{type(error).__name__} in the device's program"[:128]
            self._tell(self._result(command, heard_s, CommandOutcome.FAILED, reason=reason))
            return
        self._tell(self._result(command, heard_s, CommandOutcome.DONE, done=done), done)

    def _result(
        self,
        command: Command,
        heard_s: float,
        outcome: CommandOutcome,
        *,
        reason: str | None = None,
        done: Done | None = None,
    ) -> CommandResult:
        return CommandResult(
            at=self._clock.stamp(),
            command=command.id,
            kind=command.kind,
            outcome=outcome,
            reason=reason,
            latency_ms=max(0, round((self._clock.monotonic_s() - heard_s) * 1000)),
            facts={} if done is None else dict(done.facts),
        )

    def _tell(self, result: CommandResult, done: Done | None = None) -> None:
        with self._lock:
            self._results.append(result)
            if done is not None:
                self._pieces.extend(wire_bytes(piece) for piece in done.pieces)
        self._wake()

    def _refuse(self, reason: Refusal, command: Command | None = None) -> None:
        log.warning("a command was refused: %s", reason.value)
        at, now_s = self._clock.stamp(), self._clock.monotonic_s()
        with self._lock:
            self._results.extend(
                self._refusals.tell(
                    reason,
                    at=at,
                    now_s=now_s,
                    command=None if command is None else command.id,
                    kind=None if command is None else command.kind,
                )
            )
