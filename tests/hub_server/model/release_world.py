"""A hub's lane and rolling thread, stepped by hand, and real devices' receivers, records and trials at the far end."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from release_card import SITE, Card
from sealing_hub import SPEC
from sqlite_utils import Database

from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.gallery_keeper import GalleryKeeper
from edge_agent.blobs.lane import BlobLane
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.config import AgentConfig
from edge_agent.releases.releases import Beat
from edge_agent.wire.blobs import BlobDown, Chunk
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.topics import Address
from hub_server.app.rolling_out import LOOK_S, RollingOut
from hub_server.ingest.gallery_lane import GalleryLane
from hub_server.ingest.gallery_maker import GalleryMaker
from hub_server.ingest.outgoing import Outgoing
from hub_server.ingest.release_maker import NewToken, ReleaseMaker
from hub_server.store import devices, releases, rollout_steps, rollouts
from hub_server.store.custody import Custody
from hub_server.store.derived_keys import signing_key
from hub_server.store.releases import ReleaseKind
from hub_server.store.rollout_steps import NewRollout
from hub_server.store.rollouts import Change, Part, Rollout
from hub_server.store.store import Store

Trouble = Callable[[AgentConfig], str | None]
"""Why a device is not well with this configuration."""


class Clock(Protocol):
    now_us: int


def well(_config: AgentConfig) -> str | None:
    return None


class Gate:
    """One device: what survives is its card."""

    def __init__(self, folder: Path, name: str, *, hub_key: bytes, trouble: Trouble = well) -> None:
        self.name = name
        self.tokens: list[str] = []
        self.card = Card(folder, device=name, hub_key=hub_key, join=self.tokens.append)
        self.trouble = trouble
        self.starts = 0
        self.crashes = False  # at every start, as soon as it runs
        self.start(0.0)

    def start(self, now_s: float) -> None:
        self.starts += 1
        self.card.now_s = now_s
        config = self.card.start()
        address = Address(site=SITE, device=self.name)
        folder = self.card.folder / "state" / "blobs"
        store = FileBlobStore(folder)
        keeper = GalleryKeeper(folder, key=self.card.key, address=address, face=SPEC, slot=MatcherSlot())
        self.lane = BlobLane(
            store=store,
            keeper=keeper,
            seal_key=self.card.key.public.hex(),
            now_s=now_s,
            others=self.card.releases,
        )
        self.lane.connected(now_s)
        self.config = config

    def live(self, now_s: float) -> bool:
        """A beat. True: it starts anew."""
        self.card.now_s = now_s
        if self.crashes and self.card.releases._records.on_trial is not None:
            return True
        return self.card.releases.beat(now_s, trouble=self.trouble(self.config)) is Beat.RESTART


class World:
    """Time goes by for all of them alike."""

    def __init__(self, store: Store, clock: Clock, folder: Path, names: list[str], *, trouble: Trouble = well) -> None:
        self.store = store
        self.clock = clock
        self.now_s = 1000.0
        self.listening = True
        self.new_token: NewToken = lambda _db, device: f"token-of-{device}-{'x' * 32}"
        self.custody = Custody.open(store, store.data_dir)
        self.key = signing_key(store.data_dir)
        self.offline: set[str] = set()
        self.sent: list[tuple[str, BlobDown]] = []
        self.gates = {name: Gate(folder / name, name, hub_key=self.key, trouble=trouble) for name in names}
        for name in names:
            store.write(lambda db, name=name: devices.create(db, id=name, place="", now_us=store.now_us()))  # type: ignore[misc]
        self.start_hub()
        for name in names:
            self.hello(name)

    def start_hub(self) -> None:
        """A hub that starts: what it held in memory is gone."""
        maker = GalleryMaker(
            store=self.store,
            templates=self.custody.templates,
            outgoing=Outgoing(self.store.data_dir / "outgoing", kind="gallery"),
            site=SITE,
        )
        self.maker = ReleaseMaker(store=self.store, site=SITE, signing_key=self.key, new_token=self.new_token)
        self.lane = GalleryLane(
            store=self.store, maker=maker, publish=self._publish, now_s=lambda: self.now_s, releases=self.maker
        )
        self.rolling = RollingOut(store=self.store, listening_since_s=lambda: 0.0 if self.listening else None)

    def hello(self, name: str) -> None:
        seal_key = self.gates[name].lane.seal_key

        def job(db: Database) -> None:
            devices.said_hello(db, name, agent="edge-agent/1", seal_key=seal_key, now_us=self.store.now_us())
            devices.set_online(db, name, online=True)

        self.store.write(job)
        self.offline.discard(name)
        self.lane.came(name)

    def goes(self, name: str) -> None:
        self.offline.add(name)
        self.store.write(lambda db: devices.set_online(db, name, online=False))
        self.lane.went(name)

    def _publish(self, device: str, message: BlobDown) -> None:
        self.sent.append((device, message))
        if device not in self.offline:
            for payload in self.gates[device].lane.heard(wire_bytes(message), self.now_s):
                self.lane.heard(device, payload)

    def run(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.step()

    def step(self) -> None:
        """One second of everybody."""
        self._deliver()
        for name, gate in self.gates.items():
            if name in self.offline:
                continue
            for payload in gate.lane.due(self.now_s):
                self.lane.heard(name, payload)
            if gate.live(self.now_s):
                self.goes(name)
                gate.start(self.now_s)
                self.hello(name)
        self._deliver()
        if self.now_s % LOOK_S == 0:
            self.rolling.look()
        self.now_s += 1
        self.clock.now_us += 1_000_000

    def _deliver(self) -> None:
        self.lane.step(None)
        while not self.lane._news.empty() or self.lane._sender.wait_s(self.now_s) == 0:
            self.lane.step(self.lane._next(0))

    def push(self, change: Change, *names: str, wait_s: int = 60, joins: bool = False, whole: bool = False) -> int:
        return self.roll(
            NewRollout(
                kind=ReleaseKind.CONFIG,
                devices=names or tuple(self.gates),
                change=change,
                whole=whole,
                joins=joins,
                release=None,
                note="",
                wait_s=wait_s,
            )
        )

    def push_models(self, release: int, *names: str, wait_s: int = 60) -> int:
        return self.roll(
            NewRollout(
                kind=ReleaseKind.MODEL,
                devices=names or tuple(self.gates),
                change={},
                whole=False,
                joins=False,
                release=release,
                note="",
                wait_s=wait_s,
            )
        )

    def roll(self, wanted: NewRollout) -> int:
        return self.store.write(lambda db: rollout_steps.create(db, wanted, by="周", now_us=self.store.now_us())).id

    def rollout(self, id_: int) -> Rollout:
        with self.store.read() as db:
            return rollouts.get(db, id_)

    def parts(self, id_: int) -> dict[str, Part]:
        with self.store.read() as db:
            return {part.device: part for part in rollouts.parts(db, id_)}

    def states(self, id_: int) -> list[str]:
        return [str(part.state) for part in self.parts(id_).values()]

    def held(self, name: str, kind: ReleaseKind = ReleaseKind.CONFIG) -> int | None:
        with self.store.read() as db:
            found = releases.of_kind(db, name, kind)
        return None if found is None else found.held_version

    def fps(self) -> list[int]:
        return [gate.config.camera.fps for gate in self.gates.values()]

    def chunks_to(self, name: str) -> int:
        return sum(isinstance(message, Chunk) for device, message in self.sent if device == name)
