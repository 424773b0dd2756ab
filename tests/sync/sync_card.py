"""One memory card with the real journal on it, and the real uplink that carries it; both may die at any commit."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sync_disks import Disk, Killed, peek
from sync_network import Broker, ScriptedLink

from edge_agent.clock import FakeClock
from edge_agent.errors import JournalError, ShouwangError
from edge_agent.journal import Journal
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire.codec import encode_event, event_hash
from edge_agent.wire.messages import Event

FILE: Final = "journal.sqlite3"
DAY_S: Final = 86400.0


class Card:
    """The agent that runs from it, as long as it runs."""

    def __init__(self, device: str, name: str, *, disk: Disk, clock: FakeClock, broker: Broker, bytes_max: int) -> None:
        self.device = device
        self.name = name
        self.disk = disk
        self.clock = clock
        self.bytes_max = bytes_max
        self.journal: Journal | None = None
        self.uplink: Uplink | None = None
        self.observed: Callable[[Card], None] = lambda _: None  # after each thing that may have changed the journal
        self.stumbled: list[str] = []
        self.lives = 0
        self._broker = broker

    # --- what it does; each survives its own death ---

    def start(self) -> None:
        """Open the journal; a disk that refuses leaves the agent down until the next try."""
        try:
            self.journal = Journal(
                self.disk.folder / FILE, clock=self.clock, keep_s=7 * DAY_S, bytes_max=self.bytes_max
            )
        except JournalError:
            return
        except Killed:
            self._rise()
            return
        self.lives += 1
        self.uplink = Uplink(
            self.journal,
            device=self.device,
            agent="sync/1",
            make_link=lambda _version, inbox: ScriptedLink(self._broker, self.device, inbox),
            now_s=self.clock.monotonic_s,
            jitter=lambda: 0.5,
        )
        self.observed(self)

    def capture(self, event: Event) -> tuple[int, str] | None:
        """The place and hash of what the journal says it has taken; None when it took nothing."""
        if self.journal is None or self.uplink is None:
            self.start()
            return None
        try:
            seq = self.journal.append(event)
        except JournalError:
            return None
        except Killed:
            self._rise()
            return None
        self.uplink.wake()
        return seq, event_hash(encode_event(event))

    def step(self) -> bool:
        """One event of the uplink, as its thread would take it; false when none was waiting."""
        if self.uplink is None:
            self.start()
            return False
        event = self.uplink._take(0.0)
        try:
            self.uplink.step(event)
        except ShouwangError as error:
            self.uplink._lose_link(str(error))
        except Killed:
            self._rise()
            return True
        except Exception as error:  # noqa: BLE001 the root of the uplink's thread catches all: here it is a finding
            self.stumbled.append(f"{type(error).__name__}: {error}")
        self.observed(self)
        return event is not None

    def idle(self) -> bool:
        """Nothing waits for it."""
        return self.uplink is None or self.uplink._inbox.empty()

    def wait_s(self) -> float:
        """For how long it would sleep."""
        return 0.0 if self.uplink is None else self.uplink._wait_s()

    def stop(self) -> None:
        """The process ends in good order."""
        self._broker.breaks(self.device, "the agent has ended")
        if self.journal is not None:
            self.journal.close()
        self.journal = self.uplink = None

    def reboot(self, *, wall_us: int, synced: bool) -> None:
        """Power off and on again; without a battery the clock is wherever it wakes."""
        self.stop()
        self.clock.boot = secrets.token_hex(16)
        self.clock.mono_us = 0
        self.clock.wall_us, self.clock.synced = wall_us, synced
        self.start()

    def copy_to(self, folder: Path) -> None:
        self.disk.copy_to(folder)

    def _rise(self) -> None:
        self.stop()
        self.disk.live_again()
        self.start()

    # --- for the oracle ---

    @property
    def connection(self) -> Any:
        return None if self.journal is None else self.journal._db

    def epochs(self) -> list[tuple[str, int, int]]:
        """Name, last and acked, oldest first."""
        return peek(self.connection, "SELECT name, last, acked FROM epoch ORDER BY id")

    def kept(self) -> list[tuple[str, int, int, str, str]]:
        """Epoch, place, last place, kind, hash."""
        return peek(
            self.connection,
            "SELECT p.name, e.seq, e.last_seq, e.kind, e.hash FROM event e JOIN epoch p ON p.id = e.epoch",
        )

    def gone(self) -> list[tuple[str, int, int]]:
        """Epoch, first and last place of what was dropped."""
        return peek(
            self.connection, "SELECT p.name, g.first_seq, g.last_seq FROM gone g JOIN epoch p ON p.id = g.epoch"
        )
