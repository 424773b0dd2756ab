"""The rules of the sync protocol (DESIGN section 4). Called inside one transaction; answers go out after its commit."""

from dataclasses import replace

from sqlite_utils import Database

from edge_agent.wire.codec import WireError
from edge_agent.wire.messages import (
    Conflict,
    DownMessage,
    Hello,
    Presence,
    RefusalReason,
    Refused,
    Status,
    UpMessage,
    Welcome,
)
from hub_server.ingest.belt import take_batch
from hub_server.store import devices, events, journals
from hub_server.store.journals import Journal


def apply_up(db: Database, *, device: str, message: UpMessage, now_us: int) -> list[DownMessage]:
    """Stores what a device said on its own `up` topic; the answers, in order."""
    foreign = _foreign(db, device, message.device)
    if foreign is not None:
        return [refuse(db, device=device, error=foreign, now_us=now_us)]
    devices.heard(db, device, now_us=now_us)
    journal = journals.enter(db, device=device, epoch=message.epoch, now_us=now_us)
    if isinstance(message, Hello):
        devices.said_hello(db, device, agent=message.agent, now_us=now_us, seal_key=message.seal_key)
        journals.save(db, replace(journal, last=message.last))
        return [welcome(db, journal)]
    if journal.conflict_seq is not None:
        return [welcome(db, journal)]
    return take_batch(db, message, journal=journal, now_us=now_us)


def apply_status(db: Database, *, device: str, status: Status, retained: bool, now_us: int) -> list[DownMessage]:
    """Notes who is there. A retained status is old news: the device was not heard just now."""
    foreign = _foreign(db, device, status.device)
    if foreign is not None:
        return [refuse(db, device=device, error=foreign, now_us=now_us)]
    online = status.state is Presence.ONLINE
    if online and not retained:
        devices.heard(db, device, now_us=now_us)
    devices.set_online(db, device, online=online)
    return []


def refuse(db: Database, *, device: str, error: WireError, now_us: int) -> Refused:
    """Counts a payload that was thrown away whole, where the device is known; the answer."""
    devices.heard(db, device, now_us=now_us)
    devices.count(db, device, "refused")
    return Refused(reason=error.reason, detail=error.detail)


def welcome(db: Database, journal: Journal) -> Welcome | Conflict:
    """How far a journal is stored here; of one that ended in a conflict, only that."""
    if journal.conflict_seq is None:
        return Welcome(epoch=journal.epoch, high=journal.high, hash=journal.high_hash)
    held = events.held_at(db, device=journal.device, epoch=journal.epoch, seq=journal.conflict_seq)
    assert held is not None, "a conflict is about a place that is held"
    return Conflict(epoch=journal.epoch, seq=journal.conflict_seq, hash=held.hash)


def _foreign(db: Database, device: str, named: str) -> WireError | None:
    if named != device:
        return WireError(RefusalReason.WRONG_DEVICE, f"on the topic of {device} came a message of {named}")
    if not devices.exists(db, device):
        return WireError(RefusalReason.WRONG_DEVICE, f"no device {device} is known here")
    return None
