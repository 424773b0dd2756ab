"""A device tells that its journal was damaged: an operator sees the event, and how many events are lost, once."""

import pytest
from device_model import BOOT, DEVICE, anchor, batch, stamp
from sqlite_utils import Database

from edge_agent.wire.messages import Ack, JournalSetAside, wire_bytes
from hub_server.ingest.apply import apply_up
from hub_server.store import devices, events
from hub_server.store.rows import EventRow
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
OLD = "f" * 32


@pytest.fixture
def office(store: Store) -> Store:
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
    return store


def told(*, acked: int | None, last: int | None, synced: bool = True) -> bytes:
    at = stamp(mono_us=5_000_000, wall_us=NOW_US - 60_000_000, synced=synced)
    name = "journal.sqlite3.damaged-7"
    return wire_bytes(JournalSetAside(at=at, epoch=OLD, acked=acked, last=last, file=name, detail="torn"))


def send(store: Store, raw: bytes, *, first_seq: int = 1) -> list[object]:
    def job(db: Database) -> list[object]:
        return list(apply_up(db, device=DEVICE, message=batch(raw, first_seq=first_seq), now_us=NOW_US))

    return store.write(job)


def lost(store: Store) -> int:
    with store.read() as db:
        device = devices.get(db, DEVICE)
    assert device is not None
    return device.lost


def rows(store: Store) -> list[EventRow]:
    with store.read() as db:
        return events.page(db, after=0, before=None, limit=10, type="journal_set_aside")


@pytest.mark.parametrize(
    ("acked", "last", "expected"), [(118, 131, 13), (131, 131, 0), (None, 131, 1), (118, None, 1), (None, None, 1)]
)
def test_what_the_damaged_journal_held_is_counted_as_lost_and_the_event_is_shown(
    office: Store, acked: int | None, last: int | None, expected: int
) -> None:
    (answer,) = send(office, told(acked=acked, last=last))
    assert isinstance(answer, Ack)
    assert lost(office) == expected
    (row,) = rows(office)
    assert (row.device, row.captured_us) == (DEVICE, NOW_US - 60_000_000)


def test_a_duplicate_counts_nothing_again(office: Store) -> None:
    for _ in range(3):
        send(office, told(acked=118, last=131))
    assert lost(office) == 13
    assert len(rows(office)) == 1


def test_one_with_impossible_marks_is_quarantined_and_counts_nothing(office: Store) -> None:
    raw = told(acked=118, last=131).replace(b'"last":131', b'"last":117')
    send(office, raw)
    assert lost(office) == 0
    assert rows(office) == []
    with office.read() as db:
        assert [row.type for row in events.page(db, after=0, before=None, limit=10)] == ["quarantined"]


def test_one_of_a_wrong_clock_is_dated_by_the_anchor_of_its_boot(office: Store) -> None:
    send(office, told(acked=1, last=2, synced=False))
    send(office, anchor(mono_us=65_000_000, wall_us=NOW_US, boot=BOOT), first_seq=2)
    (row,) = rows(office)
    assert row.captured_us == NOW_US - 60_000_000
    assert lost(office) == 1
