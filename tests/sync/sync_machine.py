"""Everything that may happen, in any order, as a hypothesis state machine over a world."""

from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sync_disks import Disk, KillPoint
from sync_events import Seen
from sync_network import Message, topic
from sync_world import Device, Totals, World

from edge_agent.wire.codec import item
from edge_agent.wire.messages import Ack, Batch, Conflict, Hello, RefusalReason, Refused, Replay, Welcome, wire_bytes
from edge_agent.wire.topics import Channel

HOUR_S: Final = 3600.0
EPOCH_1970_US: Final = 60_000_000
WRONG: Final = "0" * 64
STRANGE_EPOCH: Final = "f" * 32

FILLS: Final = 60  # more events than a small card holds

numbers: Final = st.integers(0, 20)
sides: Final = st.sampled_from(["agent", "hub"])


class SyncMachine(RuleBasedStateMachine):
    """Each rule is one thing that may happen at any time; after each, the world's `check` must pass."""

    totals = Totals()

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    @initialize(devices=st.integers(1, 3), small=st.booleans())
    def begin(self, *, devices: int, small: bool) -> None:
        self.world = World(devices=devices, small=small, totals=self.totals)

    @property
    def there(self) -> World:
        assert self.world is not None
        return self.world

    def device(self, number: int) -> Device:
        return self.there.devices[number % len(self.there.devices)]

    def disk(self, side: str, number: int) -> Disk:
        return self.there.hub.disk if side == "hub" else self.device(number).card.disk

    # --- the day ---

    @rule(number=numbers, seen=st.lists(st.sampled_from(Seen), min_size=1, max_size=6), times=st.integers(1, 8))
    def capture(self, number: int, seen: list[Seen], times: int) -> None:
        for each in seen * times:
            self.there.capture(self.device(number), each)

    @rule(rounds=st.integers(1, 4))
    def all_is_well_for_a_while(self, rounds: int) -> None:
        self.there.flow(rounds)

    @rule(number=numbers, steps=st.integers(1, 3))
    def agent_steps(self, number: int, steps: int) -> None:
        for _ in range(steps):
            self.device(number).card.step()

    @rule(seconds=st.sampled_from([1.0, 6.0, 20.0, 70.0, 400.0, HOUR_S, 30 * HOUR_S, 8 * 24 * HOUR_S]))
    def time_passes(self, seconds: float) -> None:
        self.there.advance(seconds)

    @rule()
    def hub_judges(self) -> None:
        self.there.hub.judge()

    # --- the network ---

    @precondition(lambda self: self.there.broker.up)
    @rule(first=numbers, count=st.integers(1, 6), keep=st.booleans())
    def belt_carries_up(self, first: int, count: int, *, keep: bool) -> None:
        """Any stretch of what waits; with `keep` it comes again later."""
        up = self.there.broker.up
        at = first % len(up)
        messages = up[at : at + count]
        if not keep:
            del up[at : at + count]
        self.there.deliver_up(messages)

    @rule(number=numbers, first=numbers, keep=st.booleans())
    def belt_carries_down(self, number: int, first: int, *, keep: bool) -> None:
        device = self.device(number)
        down = self.there.broker.down[device.name]
        if down:
            payload = down[first % len(down)] if keep else down.pop(first % len(down))
            self.there.broker.passes_on(device.name, payload)
            device.card.step()

    @rule(number=numbers, first=numbers, up=st.booleans())
    def belt_drops(self, number: int, first: int, *, up: bool) -> None:
        broker = self.there.broker
        queue: list[Message] | list[bytes] = broker.up if up else broker.down[self.device(number).name]
        if queue:
            del queue[first % len(queue)]

    @rule(first=numbers)
    def old_message_comes_once_more(self, first: int) -> None:
        old = self.there.broker.old_up
        if old and self.there.hub.store is not None:
            self.there.deliver_up([old[-1 - first % len(old)]])

    @rule(number=numbers, first=numbers)
    def old_answer_comes_once_more(self, number: int, first: int) -> None:
        device = self.device(number)
        old = self.there.broker.old_down[device.name]
        if old:
            self.there.totals.forged += 1
            self.there.broker.passes_on(device.name, old[-1 - first % len(old)])
            device.card.step()

    @rule(number=numbers)
    def connection_breaks(self, number: int) -> None:
        self.there.broker.breaks(self.device(number).name, "the cable is cut")

    @rule()
    def broker_is_wiped(self) -> None:
        self.there.broker.wiped()
        self.there.hub.hear_marks()

    # --- lies ---

    @rule(number=numbers, lie=st.sampled_from(["hash", "beyond", "epoch", "welcome", "replay", "conflict", "refused"]))
    def answer_is_forged(self, number: int, lie: str) -> None:
        device = self.device(number)
        if device.card.journal is None:
            return
        self.there.totals.forged += 1
        position = device.card.journal.position()
        own, last = position.epoch, position.last
        forged = {
            "hash": Ack(epoch=own, high=max(last, 1), hash=WRONG),
            "beyond": Ack(epoch=own, high=last + 3, hash=WRONG),
            "epoch": Ack(epoch=STRANGE_EPOCH, high=max(last, 1), hash=WRONG),
            "welcome": Welcome(epoch=STRANGE_EPOCH, high=0, hash=None),
            "replay": Replay(epoch=own, from_seq=1 + position.acked),
            "conflict": Conflict(epoch=STRANGE_EPOCH, seq=1, hash=WRONG),
            "refused": Refused(reason=RefusalReason.MALFORMED, detail=""),
        }[lie]
        self.there.broker.passes_on(device.name, wire_bytes(forged))
        device.card.step()

    @rule(number=numbers, lie=st.sampled_from(["hello", "batch", "hash", "noise"]))
    def message_is_forged(self, number: int, lie: str) -> None:
        """On the topic of one device, about another's journal; or no message at all."""
        device, other = self.device(number), self.device(number + 1)
        journal = other.card.journal
        if journal is None or self.there.hub.store is None:
            return
        self.there.totals.forged += 1
        at = journal.position()
        stranger = item(at.acked + 1, b'{"type":"passage"}')
        forged = {
            "hello": wire_bytes(Hello(device=other.name, epoch=at.epoch, oldest=1, last=at.last + 5, agent="forged")),
            "batch": wire_bytes(Batch(device=other.name, epoch=at.epoch, items=[stranger])),
            "hash": wire_bytes(Batch(device=device.name, epoch=at.epoch, items=[stranger])).replace(b'e"}', b'f"}'),
            "noise": b'{"type":"batch"',
        }[lie]
        if lie not in {"hello", "batch"} or other is not device:
            self.there.deliver_up([Message(topic=topic(device.name, Channel.UP), payload=forged)])

    # --- what breaks ---

    @rule(side=sides, number=numbers, point=st.sampled_from(KillPoint), after=st.sampled_from([0, 1, 2, 4, 8, 16]))
    def process_will_die(self, side: str, number: int, point: KillPoint, after: int) -> None:
        self.disk(side, number).arm(point, after)

    @rule(side=sides, number=numbers, writes=st.integers(1, 3), at_commit=st.booleans())
    def disk_is_full(self, side: str, number: int, writes: int, *, at_commit: bool) -> None:
        disk = self.disk(side, number)
        disk.full_for, disk.full_at_commit = writes, at_commit

    @rule(side=sides, number=numbers)
    def process_restarts(self, side: str, number: int) -> None:
        process = self.there.hub if side == "hub" else self.device(number).card
        process.stop()
        process.start()

    @rule(number=numbers, battery=st.booleans())
    def power_fails(self, number: int, *, battery: bool) -> None:
        now_us = self.there.now_us() if battery else EPOCH_1970_US
        self.device(number).card.reboot(wall_us=now_us, synced=battery)

    @rule(number=numbers)
    def clock_becomes_right(self, number: int) -> None:
        device = self.device(number)
        device.clock.wall_us, device.clock.synced = self.there.now_us(), True
        self.there.capture(device, Seen.ANCHOR)

    @rule(number=numbers, seconds=st.sampled_from([-2.0 * HOUR_S, -1.0, 1.0, 2.0 * HOUR_S, 9 * 24 * HOUR_S]))
    def clock_steps(self, number: int, seconds: float) -> None:
        clock = self.device(number).clock
        clock.wall_us = max(0, clock.wall_us + round(seconds * 1e6))

    @rule(number=numbers)
    def card_is_cloned(self, number: int) -> None:
        device = self.device(number)
        if len(device.cards) < 3:
            self.there.clone(device)

    @rule(number=numbers, before=st.sampled_from([0, 1, 3, FILLS]), after=st.integers(1, 3), late=st.booleans())
    def copied_card_goes_its_own_way(self, number: int, before: int, after: int, *, late: bool) -> None:
        """A copy is made, and both cards go on from there. What the first one said may come after the other's."""
        device, world = self.device(number), self.there
        world.flow(3)
        self.card_is_cloned(number)
        for _ in range(before):
            world.capture(device, Seen.PLATE)
        if before < FILLS:
            device.card.step()
        held = list(world.broker.up) if late else []
        if late:
            world.broker.up.clear()
        world.swap(device, device.inserted + 1)
        for _ in range(after):
            world.capture(device, Seen.KNOWN)
        if held:
            world.flow(5)
            world.deliver_up(held)

    @rule(number=numbers, card=numbers)
    def card_is_swapped(self, number: int, card: int) -> None:
        device = self.device(number)
        if len(device.cards) > 1:
            self.there.swap(device, card)

    @rule()
    def hub_is_backed_up(self) -> None:
        if self.there.hub.store is not None:
            self.there.hub.back_up(self.there.folder)

    @rule(number=numbers)
    def hub_is_restored(self, number: int) -> None:
        self.there.restore_hub(number)

    # ---

    @invariant()
    def nothing_is_wrong(self) -> None:
        if self.world is not None:
            self.totals.steps += 1
            self.world.check()

    def teardown(self) -> None:
        if self.world is not None:
            try:
                self.world.settle()
            finally:
                self.world.close()


def run_settings(*, runs: int, steps: int, derandomize: bool = False) -> settings:
    """No deadline, and nothing is left in the checkout."""
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        derandomize=derandomize,
        database=None,
        print_blob=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
