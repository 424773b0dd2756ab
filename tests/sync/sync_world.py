"""Devices, a broker and a hub, all real but the network, the disks and the clocks; and an oracle that sees everything.

Whatever is done to it, `check` must pass after each thing, and `settle` at the end.
"""

import contextlib
import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from unittest import mock

from sync_card import Card
from sync_disks import Disk, Disks, KillPoint
from sync_events import Seen, event
from sync_hub import Hub
from sync_ledger import Ledger
from sync_logs import quiet, stumbles
from sync_network import Broker, Message
from sync_shelf import Shelf
from sync_stage import NAMES, START_US, empty_journal_bytes, furnished, make_folder
from sync_verdict import Invariant, Violation, demand

from edge_agent.clock import FakeClock
from edge_agent.wire.codec import encode_event, event_hash
from edge_agent.wire.limits import HELLO_EVERY_S
from edge_agent.wire.messages import Ack, DownMessage, Welcome
from hub_server.ingest import worker
from hub_server.store import verify
from hub_server.store.backup import DATABASE_NAME

LARGE_BYTES: Final = 64 << 20
SMALL_PAGES: Final = 2  # above an empty journal: some dozen events
SETTLE_ROUNDS_MAX: Final = 2000
SETTLE_S_MAX: Final = 3600.0


@dataclass(kw_only=True)
class Totals:
    """What all worlds together went through."""

    runs: int = 0
    steps: int = 0
    captured: int = 0
    delivered: int = 0
    duplicates: int = 0
    conflicts: int = 0
    forks: int = 0
    tombstones: int = 0
    restores: int = 0
    clones: int = 0
    disk_full: int = 0
    forged: int = 0
    taken_back: int = 0  # places of epochs that were left, which a restored hub was told again
    kills: Counter[str] = field(default_factory=Counter)


class Device:
    """A Pi: its clock, and the cards that may be put into it, one at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.clock = FakeClock(wall_us=START_US)
        self.cards: list[Card] = []
        self.inserted = 0

    @property
    def card(self) -> Card:
        return self.cards[self.inserted]


class World:
    """Close it at the end, whatever happened."""

    def __init__(self, *, devices: int, small: bool, totals: Totals) -> None:
        source = furnished()
        self.totals = totals
        self.elapsed_s = 0.0
        self.serial = 0
        self.folder = make_folder()
        self._ending = contextlib.ExitStack()
        self._ending.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._ending.enter_context(quiet())
        # How much fits into one transaction must not hang on how fast this machine is.
        self._ending.enter_context(mock.patch.object(worker, "HOLD_S", 3600.0))
        self.disks = Disks()
        self._ending.callback(self.disks.close)
        self.broker = Broker()
        self.shelf = Shelf()
        self._ending.callback(self.shelf.close)
        self.ledger = Ledger(self.shelf)
        self.found: list[Violation] = []
        self._bytes_max = empty_journal_bytes() + SMALL_PAGES * 4096 if small else LARGE_BYTES
        (self.folder / "hub").mkdir(mode=0o700)
        shutil.copyfile(source, self.folder / "hub" / DATABASE_NAME)
        self.hub = Hub(disk=self._disk("hub"), broker=self.broker, now_us=self.now_us, said=self._heard_hub)
        self._restoring = False
        self.hub.opened = lambda file: self.shelf.turn_to(file, restored=self._restoring)
        self.hub.start()
        self._ending.callback(self.hub.stop)
        self.devices = [Device(name) for name in NAMES[:devices]]
        for device in self.devices:
            self._add_card(device, like=None)
            device.card.start()

    def close(self) -> None:
        duplicates, conflicts = self.shelf.counts()
        self.totals.runs += 1
        self.totals.duplicates += duplicates
        self.totals.conflicts += conflicts
        self.totals.delivered += self.shelf.stored_total
        self.totals.tombstones += self.shelf.lost_total
        self.totals.forks += self.ledger.forks
        self.totals.taken_back += self.ledger.taken_back
        for device in self.devices:
            for card in device.cards:
                card.stop()
        self._ending.close()

    # --- time ---

    def now_us(self) -> int:
        return START_US + round(self.elapsed_s * 1e6)

    def advance(self, seconds: float) -> None:
        self.elapsed_s += seconds
        for device in self.devices:
            device.clock.advance(seconds)

    # --- devices ---

    def capture(self, device: Device, seen: Seen) -> None:
        self.serial += 1
        self.advance(0.25)
        what, card = event(seen, device.clock, self.serial), device.card
        self.ledger.will_take(card, event_hash(encode_event(what)))
        taken = card.capture(what)
        if taken is not None:
            self.totals.captured += 1
            self.ledger.took(card, *taken)
        self.ledger.will_take(card, None)
        self.ledger.look_at(card)

    def clone(self, device: Device) -> None:
        """The card is copied, as it is now; the copy waits in a drawer."""
        self.totals.clones += 1
        self._add_card(device, like=device.card)

    def swap(self, device: Device, number: int) -> None:
        """Another card is put in: a power cut, a start."""
        device.card.stop()
        device.inserted = number % len(device.cards)
        device.card.reboot(wall_us=self.now_us(), synced=True)

    # --- the network ---

    def deliver_up(self, messages: list[Message]) -> None:
        """The hub takes them together. Nobody else's rows may change."""
        named = {message.topic.split("/")[3] for message in messages}
        others = [device.name for device in self.devices if device.name not in named]
        before = [self.shelf.standing(name) for name in others] if self.hub.store is not None else None
        life = self.hub.disk.folder
        self.hub.hear(messages)
        if before is not None and life == self.hub.disk.folder:  # a start of the hub touches everybody
            after = [self.shelf.standing(name) for name in others]
            demand(before == after, Invariant.ISOLATION, f"messages on topics of {named} changed rows of {others}")

    def flow(self, rounds: int) -> None:
        """A while without faults of the network."""
        for _ in range(rounds):
            self.advance(1.0)
            for device in self.devices:
                device.card.step()
                while not device.card.idle():
                    device.card.step()
            if self.hub.store is None:
                self.hub.start()
            messages, self.broker.up = self.broker.up[:40], self.broker.up[40:]
            if messages:
                self.deliver_up(messages)
            for device in self.devices:
                waiting, self.broker.down[device.name] = self.broker.down[device.name], []
                for payload in waiting:
                    self.broker.passes_on(device.name, payload)
                while not device.card.idle():
                    device.card.step()

    # --- the hub ---

    def restore_hub(self, number: int) -> None:
        if self.hub.backups:
            self.totals.restores += 1
            self._restoring = True
            self.hub.restore(number % len(self.hub.backups))
            self._restoring = False

    # --- the oracle ---

    def check(self) -> None:
        """All that must hold at any moment."""
        if self.found:
            raise self.found[0]
        if worker_stumbles := stumbles():
            raise Violation(Invariant.PROGRAM, f"ingest stumbled: {worker_stumbles[0]}")
        for device in self.devices:
            if device.card.stumbled:
                raise Violation(Invariant.PROGRAM, f"the uplink of {device.name} stumbled: {device.card.stumbled[0]}")
        self.shelf.look(captured=self.ledger.captured)
        for device in self.devices:
            self.ledger.look_at(device.card)
        self.ledger.check()

    def settle(self) -> None:
        """The faults stop. Every card is put in once more, and drains; then everything must be there."""
        for disk in (self.hub.disk, *(card.disk for device in self.devices for card in device.cards)):
            disk.heal()
        if self.hub.store is None:
            self.hub.start()
        for device in self.devices:
            for number in range(len(device.cards)):
                if len(device.cards) > 1:
                    self.swap(device, number)
                self.capture(device, Seen.OBSERVING)  # as every quarter of an hour: a still card need not speak
                self._drain(device)
                self._wait_for_hello(device)
        self.check()
        self.ledger.check_arrived()
        assert self.hub.store is not None
        with self.hub.store.read() as db:
            for found in verify.checks(db):
                demand(found.ok, Invariant.STORE, f"{found.name}: {found.detail}")

    def _drain(self, device: Device) -> None:
        began_s = self.elapsed_s
        for _ in range(SETTLE_ROUNDS_MAX):
            self.flow(1)
            self.check()
            journal = device.card.journal
            if journal is not None and journal.position().acked == journal.position().last and not self.broker.up:
                return
            if not self.broker.up and device.card.idle():
                self.advance(min(device.card.wait_s(), 60.0))
            if self.elapsed_s - began_s > SETTLE_S_MAX:
                break
        where = None if device.card.journal is None else device.card.journal.position()
        raise Violation(Invariant.LIVENESS, f"{device.name} does not drain: {where}")

    def _wait_for_hello(self, device: Device) -> None:
        """Without it a hub's word that it was restored, once lost, would never be made good."""
        self.advance(HELLO_EVERY_S)
        self.flow(5)
        self._drain(device)

    def _heard_hub(self, device: str, message: DownMessage) -> None:
        """At the moment of the publish; raised later, for the hub survives what its publisher does."""
        if isinstance(message, Ack | Welcome):
            try:
                self.shelf.check_answer(device, message)
            except Violation as violation:
                self.found.append(violation)

    def _add_card(self, device: Device, *, like: Card | None) -> None:
        name = f"{device.name}-{len(device.cards)}"
        if like is None:
            (self.folder / name).mkdir()
        else:
            like.copy_to(self.folder / name)
        card = Card(
            device.name,
            name,
            disk=self._disk(name),
            clock=device.clock,
            broker=self.broker,
            bytes_max=self._bytes_max,
        )
        card.observed = self.ledger.look_at
        self.ledger.adopt(card, like=like)
        device.cards.append(card)

    def _disk(self, name: str) -> Disk:
        disk = self.disks.add(self.folder / name)
        side = "hub" if name == "hub" else "agent"

        def died(point: KillPoint) -> None:
            self.totals.kills[f"{side} {point.value}"] += 1

        def refused() -> None:
            self.totals.disk_full += 1

        disk.died, disk.refused = died, refused
        return disk
