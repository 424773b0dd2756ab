"""Many events in few statements are the same rows as one by one."""

import msgspec
from device_model import DEVICE, EPOCH

from hub_server.store import devices, events
from hub_server.store.events import AT_ONCE_MAX, NewEvent
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000


def event(seq: int) -> NewEvent:
    return NewEvent(
        device=DEVICE,
        epoch=EPOCH,
        seq=seq,
        last_seq=seq,
        hash=f"{seq:064x}",
        type="passage",
        received_us=NOW_US + seq,
        raw=b"{}",
        score=None if seq % 3 else 0.5,
        synced=bool(seq % 2),
    )


def test_add_all_stores_what_add_stores_in_the_same_order(store: Store) -> None:
    count = 2 * AT_ONCE_MAX + 7
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
    store.write(lambda db: events.add_all(db, [event(seq) for seq in range(1, count + 1)]))
    store.write(
        lambda db: [events.add(db, msgspec.structs.replace(event(seq), epoch="f" * 32)) for seq in range(1, count + 1)]
    )
    columns = ", ".join(name for name in NewEvent.__struct_fields__ if name != "epoch")
    with store.read() as db:
        together, single = (
            db.execute(f"SELECT {columns} FROM events WHERE epoch = ? ORDER BY id", [epoch]).fetchall()  # noqa: S608
            for epoch in (EPOCH, "f" * 32)
        )
    assert together == single
    assert len(together) == count


def test_nothing_to_add_is_nothing(store: Store) -> None:
    store.write(lambda db: events.add_all(db, []))
    with store.read() as db:
        assert events.last_id(db) == 0
