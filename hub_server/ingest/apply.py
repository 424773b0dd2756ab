"""The rules of the sync protocol (DESIGN section 4) for one transaction. Its answers go out after the commit."""

from collections.abc import Sequence
from typing import Final

from sqlite_utils import Database

from edge_agent.wire.codec import WireError
from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.messages import (
    Challenge,
    Conflict,
    DownMessage,
    HeldEpoch,
    Hello,
    LeftEpoch,
    Presence,
    RefusalReason,
    Refused,
    Status,
    UpMessage,
    Welcome,
)
from hub_server.ingest.belt import Belt
from hub_server.ingest.effects import EventWriter
from hub_server.ingest.reading import Reading, read_all
from hub_server.store import devices, events, journals
from hub_server.store.journals import Journal

NO_HASH: Final = "0" * 64
"""Of no event: that of the conflict was deleted when it was old. The device only writes it into its log."""


class Shift:
    """One transaction's work. What it knows of a device is held until `close`, so that each is stored and told once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._writer = EventWriter(db)
        self._belts: dict[str, Belt] = {}  # of each device, in the epoch that it speaks of
        self._known: set[str] = set()
        self._heard_us: dict[str, int] = {}

    def up(
        self, device: str, message: UpMessage, *, now_us: int, readings: Sequence[Reading] | None = None
    ) -> list[DownMessage]:
        """What a device said on its own `up` topic; the answers, but for the ack of a batch: `close` has it.

        `readings`: of a batch, where they were made before, outside the transaction.
        """
        foreign = self._foreign(device, message.device)
        if foreign is not None:
            return [self.refuse(device, foreign, now_us=now_us)]
        self._heard_us[device] = now_us
        if isinstance(message, Challenge):
            return []  # nothing of it is stored: the lane of commands has it
        belt, said = self._belt(device, message.epoch, now_us)
        if isinstance(message, Hello):
            self._writer.flush()
            devices.said_hello(self._db, device, agent=message.agent, now_us=now_us, seal_key=message.seal_key)
            told = [(asked, held(self._db, device, asked)) for asked in message.left]
            left = [here for _, here in told if here is not None]
            comes_again = sum(asked.acked - here.high for asked, here in told if here is not None)
            belt.said_last(min(message.last + comes_again, INTEGER_MAX))
            return [*said, *self._settle(device), welcome(self._db, belt.journal, left=tuple(left))]
        if belt.ended:
            self._writer.flush()
            return [*said, welcome(self._db, belt.journal)]
        if readings is None:
            readings = read_all(message, at_us=now_us)
        return [*said, *belt.take_batch(message, readings, now_us=now_us)]

    def status(self, device: str, status: Status, *, retained: bool, now_us: int) -> list[DownMessage]:
        """Notes who is there. A retained status is old news: the device was not heard just now."""
        foreign = self._foreign(device, status.device)
        if foreign is not None:
            return [self.refuse(device, foreign, now_us=now_us)]
        online = status.state is Presence.ONLINE
        if online and not retained:
            self._heard_us[device] = now_us
        devices.set_online(self._db, device, online=online)
        return []

    def refuse(self, device: str, error: WireError, *, now_us: int) -> Refused:
        """Counts a payload that was thrown away whole, where the device is known; the answer."""
        self._heard_us[device] = now_us
        devices.count(self._db, device, "refused")
        return Refused(reason=error.reason, detail=error.detail)

    def forget_who_is_there(self) -> None:
        """A connection to the broker begins: nobody knows who is there."""
        devices.all_offline(self._db)

    def welcome_all(self) -> list[tuple[str, DownMessage]]:
        """How far the journal of every device is stored here."""
        self._writer.flush()
        said = [(device, message) for device in self._belts for message in self._settle(device)]
        return said + [(journal.device, welcome(self._db, journal)) for journal in journals.current(self._db)]

    def close(self) -> list[tuple[str, DownMessage]]:
        """Stores what was held; what is still to be said, to whom."""
        self._writer.flush()
        said = [(device, message) for device in self._belts for message in self._settle(device)]
        for device, now_us in self._heard_us.items():
            devices.heard(self._db, device, now_us=now_us)
        return said

    def _belt(self, device: str, epoch: str, now_us: int) -> tuple[Belt, list[DownMessage]]:
        """The belt of this epoch, and what was still to be said of another one."""
        belt = self._belts.get(device)
        if belt is not None and belt.epoch == epoch:
            return belt, []
        said = [] if belt is None else belt.settle()
        made = self._belts[device] = Belt(
            self._db, journals.enter(self._db, device=device, epoch=epoch, now_us=now_us), self._writer
        )
        return made, said

    def _settle(self, device: str) -> list[DownMessage]:
        return self._belts[device].settle()

    def _foreign(self, device: str, named: str) -> WireError | None:
        if named != device:
            return WireError(RefusalReason.WRONG_DEVICE, f"on the topic of {device} came a message of {named}")
        if device not in self._known and not devices.exists(self._db, device):
            return WireError(RefusalReason.WRONG_DEVICE, f"no device {device} is known here")
        self._known.add(device)
        return None


def apply_up(db: Database, *, device: str, message: UpMessage, now_us: int) -> list[DownMessage]:
    """A single message as a whole transaction's work: all answers to it, in order."""
    shift = Shift(db)
    return [*shift.up(device, message, now_us=now_us), *(answer for _, answer in shift.close())]


def welcome(db: Database, journal: Journal, *, left: tuple[HeldEpoch, ...] = ()) -> Welcome | Conflict:
    """How far a journal is stored here, and those that it goes on from; of one that ended in a conflict, only that."""
    if journal.conflict_seq is None:
        return Welcome(epoch=journal.epoch, high=journal.high, hash=journal.high_hash, left=left)
    here = events.held_at(db, device=journal.device, epoch=journal.epoch, seq=journal.conflict_seq)
    assert here is not None or journal.conflict_seq < journal.kept_from, "a conflict is about a place that is held"
    return Conflict(epoch=journal.epoch, seq=journal.conflict_seq, hash=NO_HASH if here is None else here.hash)


def held(db: Database, device: str, asked: LeftEpoch) -> HeldEpoch | None:
    """How much is stored here of what was once acknowledged in an epoch that the device has left.

    Less than that only when this hub was restored from a backup. A conflict in it is no matter: nothing more comes.
    None: all of it was stored, and retention has deleted the place that would prove it. The device then does nothing.
    """
    journal = journals.get(db, device=device, epoch=asked.epoch)
    if journal is None or journal.high == 0:
        return HeldEpoch(epoch=asked.epoch, high=0, hash=None)
    if asked.acked >= journal.high:
        return HeldEpoch(epoch=asked.epoch, high=journal.high, hash=journal.high_hash)
    high = asked.acked
    here = events.held_at(db, device=device, epoch=asked.epoch, seq=high)
    if here is None:
        assert high < journal.kept_from, "every place up to high is held, or was"
        return None
    return HeldEpoch(epoch=asked.epoch, high=high, hash=here.hash)
