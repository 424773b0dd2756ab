"""A hub, a device, and a network between them that does what it likes to commands; and what must never come of it."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_agent.clock import FakeClock
from edge_agent.remote.abilities import Done
from edge_agent.remote.book import ChallengeBook
from edge_agent.remote.desk import CommandDesk as DeviceDesk
from edge_agent.wire import sign
from edge_agent.wire.codec import decode_up
from edge_agent.wire.commands import PICTURE, Command, decode_signed, sign_command
from edge_agent.wire.limits import CHALLENGE_AGE_S_MAX
from edge_agent.wire.messages import Challenge, CommandResult
from edge_agent.wire.topics import Address
from hub_server.ingest.command_desk import CommandDesk as HubDesk
from hub_server.ingest.command_desk import Order

SITE, EAST = "demo", Address(site="demo", device="door-east")
HUB_KEY, THIEF_KEY = bytes(range(1, 33)), bytes(range(2, 34))
START_S = 100_000.0  # of the true clock that neither side sees


@dataclass(kw_only=True)
class Carried:
    """Something that the device has done."""

    id: str
    at_s: float
    boot: str


@dataclass(kw_only=True)
class Sent:
    """A payload that the hub has let go, and when."""

    payload: bytes
    at_s: float
    command: Command


@dataclass(kw_only=True)
class World:
    """`make_book` and `judged_when_heard` are where a test puts mistakes in."""

    make_book: type[ChallengeBook] = ChallengeBook
    judged_when_heard: bool = False
    now_s: float = START_S
    clock: FakeClock = field(default_factory=FakeClock)
    boots: int = 0
    hub: HubDesk = field(default_factory=HubDesk)
    challenges: list[bytes] = field(default_factory=list)  # on their way to the hub, or kept by somebody in between
    made_s: dict[str, tuple[float, int]] = field(default_factory=dict)  # challenge -> when, and in which run
    run: int = 0  # of the agent
    drawn: int = 0
    payloads: list[bytes] = field(default_factory=list)  # all that ever stood on `cmd`, forged ones too
    sent: dict[str, Sent] = field(default_factory=dict)
    queued: list[tuple[bytes, float]] = field(default_factory=list)  # at the device, not looked at yet
    done: list[Carried] = field(default_factory=list)
    results: list[CommandResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reboot()

    def _draw(self) -> str:
        """128 bits that nobody guesses, the same ones when a run is tried again."""
        self.drawn += 1
        return hashlib.sha256(self.drawn.to_bytes(8, "big")).hexdigest()[:32]

    # --- the device ---

    def reboot(self) -> None:
        self.boots += 1
        self.clock.boot = f"{self.boots:032x}"
        self.clock.mono_us = 0
        self.restart()

    def restart(self) -> None:
        """The agent alone; what lay in its queue is gone."""
        self.run += 1
        self.queued.clear()
        self.device = DeviceDesk(
            address=EAST, sign_key=sign.public_key_of(HUB_KEY), abilities={PICTURE: self._carry_out}, clock=self.clock
        )
        self.device._book = self.make_book(boot=self.clock.boot, random=self._draw)  # where mistakes are put in

    def _carry_out(self, command: Command) -> Done:
        self.done.append(Carried(id=command.id, at_s=self.now_s, boot=self.clock.boot))
        return Done()

    def reconnect(self) -> None:
        self.device.connected()

    def challenge(self) -> None:
        """What is due goes on its way."""
        for payload in self.device.challenges():
            said = decode_up(payload)
            assert isinstance(said, Challenge)
            self.made_s[said.challenge] = (self.now_s, self.run)
            self.challenges.append(payload)

    def deliver(self, payload: bytes) -> None:
        """It comes in; who carries it out is busy for a while perhaps."""
        self.queued.append((payload, self.clock.monotonic_s()))

    def work(self) -> None:
        """All that waits is looked at."""
        waiting, self.queued = self.queued, []
        for payload, heard_s in waiting:
            before_us = self.clock.mono_us
            if self.judged_when_heard:
                self.clock.mono_us = round(heard_s * 1e6)
            self.device.handle(payload, heard_s)
            self.clock.mono_us = before_us
        self.results += self.device.results()

    # --- the hub ---

    def hear(self, payload: bytes) -> None:
        said = decode_up(payload)
        assert isinstance(said, Challenge)
        self.hub.challenged(said.device, boot=said.boot, challenge=said.challenge, now_s=self.now_s)

    def ask(self) -> str | None:
        id_ = self._draw()
        order = Order(id=id_, device=EAST.device, kind=PICTURE, arguments={})
        return id_ if self.hub.ask(order, self.now_s) else None

    def send(self) -> None:
        for one in self.hub.due(self.now_s):
            if isinstance(one, Command):
                assert one.id not in self.sent, "the hub hands a command out once"
                payload = sign_command(one, site=SITE, private_key=HUB_KEY)
                self.sent[one.id] = Sent(payload=payload, at_s=self.now_s, command=one)
                self.payloads.append(payload)

    def restart_hub(self) -> None:
        self.hub = HubDesk()

    # --- the world ---

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        self.clock.advance(seconds)

    def step_wall_clock(self, seconds: float) -> None:
        self.clock.wall_us = max(0, self.clock.wall_us + round(seconds * 1e6))

    def forge(self, **other: object) -> None:
        """Somebody who can write on `cmd` says something of their own, with the newest challenge that was said."""
        newest = decode_up(self.challenges[-1]) if self.challenges else None
        values: Mapping[str, object] = {
            "id": self._draw(),
            "device": EAST.device,
            "boot": self.clock.boot,
            "challenge": newest.challenge if isinstance(newest, Challenge) else "0" * 32,
            "kind": PICTURE,
            "arguments": {},
        } | other
        self.payloads.append(sign_command(Command(**values), site=SITE, private_key=THIEF_KEY))  # type: ignore[arg-type]

    def tamper(self, payload: bytes, at: int) -> None:
        signed = bytearray(decode_signed(payload).signed)
        signed[at % len(signed)] ^= 0x01
        self.payloads.append(b'{"type":"signed_command","signed":"%s"}' % base64.b64encode(signed))

    def demand(self) -> None:
        """Invariant 7, as far as it is about commands."""
        ids = [one.id for one in self.done]
        assert len(ids) == len(set(ids)), "a command was carried out twice"
        for one in self.done:
            assert one.id in self.sent, "what the hub never sent was carried out"
            sent = self.sent[one.id]
            made_s, _ = self.made_s[sent.command.challenge]
            assert one.at_s - made_s <= CHALLENGE_AGE_S_MAX, "a command was carried out late"
            assert one.at_s - sent.at_s <= CHALLENGE_AGE_S_MAX
            assert one.boot == sent.command.boot, "a command of another boot was carried out"
        assert all(made_s <= self.now_s for made_s, _ in self.made_s.values())
