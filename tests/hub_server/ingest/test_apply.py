"""Each rule of the protocol, and what each leaves in the store."""

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from device_model import (
    DAY_US,
    DEVICE,
    EPOCH,
    HOUR_US,
    OTHER_BOOT,
    OTHER_EPOCH,
    anchor,
    batch,
    hello,
    lost,
    observing,
    passage,
    placed,
    plate_read,
    stamp,
)
from sqlite_utils import Database

from edge_agent.wire.codec import WireError, event_hash, item
from edge_agent.wire.messages import (
    Ack,
    Conflict,
    DownMessage,
    LeftEpoch,
    Presence,
    RefusalReason,
    Refused,
    Replay,
    Status,
    UpMessage,
    Welcome,
)
from hub_server.ingest.apply import Shift, apply_up
from hub_server.store import alerts, devices, events, journals, people, watches
from hub_server.store.rows import Device, EventRow, Watch
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
A, B, C = (passage(wall_us=NOW_US - n, mono_us=n) for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def known_devices(store: Store) -> None:
    for device in (DEVICE, "door-west"):
        store.write(lambda db, device=device: devices.create(db, id=device, place=device, now_us=NOW_US))  # type: ignore[misc]


def say(store: Store, message: UpMessage, *, device: str = DEVICE, now_us: int = NOW_US) -> list[DownMessage]:
    return store.write(lambda db: apply_up(db, device=device, message=message, now_us=now_us))


def device(store: Store, id: str = DEVICE) -> Device:  # noqa: A002 the column's name
    with store.read() as db:
        found = devices.get(db, id)
    assert found is not None
    return found


def stored(store: Store) -> list[EventRow]:
    with store.read() as db:
        return events.page(db, after=0, before=None, limit=500)


def bodies(store: Store) -> list[bytes]:
    return [row.body.encode() for row in stored(store)]


def watched(store: Store, *, last_seen_us: int | None = None) -> Watch:
    store.write(lambda db: people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US))
    return store.write(
        lambda db: watches.create(db, person="zhao", period_s=86400, last_seen_us=last_seen_us, now_us=NOW_US)
    )


def current(store: Store) -> Watch:
    with store.read() as db:
        found = watches.get_by_person(db, "zhao")
    assert found is not None
    return found


def test_a_hello_is_answered_with_how_far_the_journal_is_stored(store: Store) -> None:
    assert say(store, hello(last=2)) == [Welcome(epoch=EPOCH, high=0, hash=None)]
    say(store, batch(A, B))
    assert say(store, hello(last=2)) == [Welcome(epoch=EPOCH, high=2, hash=event_hash(B))]
    assert (device(store).agent, device(store).last, device(store).heard_us) == ("model/1", 2, NOW_US)


def left_at(store: Store, *asked: tuple[str, int], device: str = DEVICE) -> list[tuple[str, int, str | None]]:
    """The hub's answer about epochs that were left."""
    left = tuple(LeftEpoch(epoch=epoch, acked=acked) for epoch, acked in asked)
    greeting = msgspec.structs.replace(hello(last=0, epoch=OTHER_EPOCH, device=device), left=left)
    (answer,) = say(store, greeting, device=device)
    assert isinstance(answer, Welcome)
    return [(held.epoch, held.high, held.hash) for held in answer.left]


def test_of_an_epoch_that_was_left_the_hub_says_how_much_of_what_was_acknowledged_it_holds(store: Store) -> None:
    say(store, batch(A, B, lost(3, 5), epoch=EPOCH))
    assert left_at(store, (EPOCH, 1)) == [(EPOCH, 1, event_hash(A))]
    assert left_at(store, (EPOCH, 5)) == [(EPOCH, 5, event_hash(lost(3, 5)))]
    assert left_at(store, (EPOCH, 4)) == [(EPOCH, 4, event_hash(lost(3, 5)))]
    assert left_at(store, (EPOCH, 9)) == [(EPOCH, 5, event_hash(lost(3, 5)))]
    assert left_at(store, ("a" * 32, 9), (EPOCH, 2)) == [("a" * 32, 0, None), (EPOCH, 2, event_hash(B))]
    assert left_at(store, (EPOCH, 2), device="door-west") == [(EPOCH, 0, None)], "another device's epoch"


def test_a_conflict_does_not_hide_what_is_held_of_an_epoch_that_was_left(store: Store) -> None:
    say(store, batch(A, B))
    say(store, batch(C, first_seq=2))
    assert left_at(store, (EPOCH, 2)) == [(EPOCH, 2, event_hash(B))]


def test_an_epoch_that_was_left_is_never_taken_for_the_current_one(store: Store) -> None:
    say(store, batch(A, B))
    left_at(store, (EPOCH, 2))
    with store.read() as db:
        assert [journal.epoch for journal in journals.current(db)] == [OTHER_EPOCH]


def test_what_will_come_again_of_an_epoch_that_was_left_is_waited_for(store: Store) -> None:
    def told() -> bool:
        with store.read() as db:
            return DEVICE in devices.told_all(db, hello_from_us=NOW_US)

    say(store, batch(A))
    left_at(store, (EPOCH, 1))
    assert told()
    left_at(store, (EPOCH, 3))
    assert not told()
    assert device(store).last == 2
    say(store, batch(B, C, epoch=OTHER_EPOCH))
    assert told()
    left_at(store, ("a" * 32, 2**53 - 1), ("b" * 32, 2**53 - 1))
    assert device(store).last == 2**53 - 1


def test_a_batch_is_stored_byte_for_byte_and_acknowledged_with_the_hash_of_its_last(store: Store) -> None:
    assert say(store, batch(A, B)) == [Ack(epoch=EPOCH, high=2, hash=event_hash(B))]
    assert bodies(store) == [A, B]


def test_a_repeated_batch_is_acknowledged_again_and_counted_but_not_stored(store: Store) -> None:
    say(store, batch(A, B))
    assert say(store, batch(A, B, C)) == [Ack(epoch=EPOCH, high=3, hash=event_hash(C))]
    assert bodies(store) == [A, B, C]
    assert device(store).duplicates == 2


def test_a_gap_is_asked_for_and_what_lies_behind_it_is_not_stored(store: Store) -> None:
    assert say(store, batch(B, first_seq=2)) == [Replay(epoch=EPOCH, from_seq=1)]
    split = placed(item(1, A), item(3, C))
    assert say(store, split) == [Ack(epoch=EPOCH, high=1, hash=event_hash(A)), Replay(epoch=EPOCH, from_seq=2)]
    assert bodies(store) == [A]


def test_another_event_in_a_place_that_is_held_ends_the_epoch_and_both_are_kept(store: Store) -> None:
    say(store, batch(A, B))
    conflict = Conflict(epoch=EPOCH, seq=1, hash=event_hash(A))
    assert say(store, batch(C)) == [conflict]
    assert say(store, batch(C, first_seq=3)) == [conflict], "nothing more is taken or acknowledged"
    assert say(store, hello(last=3)) == [conflict]
    assert bodies(store) == [A, B]
    with store.read() as db:
        (kept,) = db.query("SELECT * FROM conflicts")
    assert (kept["seq"], kept["raw"], kept["hash"]) == (1, C, event_hash(C))
    assert device(store).conflicts == 1


def test_after_a_conflict_a_new_epoch_goes_on(store: Store) -> None:
    say(store, batch(A))
    say(store, batch(B))
    assert say(store, batch(B, epoch=OTHER_EPOCH)) == [Ack(epoch=OTHER_EPOCH, high=1, hash=event_hash(B))]
    assert (device(store).epoch, device(store).high) == (OTHER_EPOCH, 1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"from the future","x":1}',
        b'{"type":"passage"}',
        b"[]",
        b'{"type":"passage","x":"' + b"y" * 17_000 + b'"}',
        lost(7, 9),
    ],
    ids=["unknown type", "fields missing", "no object", "too large", "a tombstone in a wrong place"],
)
def test_a_body_that_is_not_understood_is_quarantined_with_its_bytes_and_the_belt_moves_on(
    store: Store, body: bytes
) -> None:
    answers = say(store, batch(A, body, B))
    assert answers == [Ack(epoch=EPOCH, high=3, hash=event_hash(B))]
    assert [row.type for row in stored(store)] == ["passage", "quarantined", "passage"]
    with store.read() as db:
        (row,) = db.query("SELECT raw, reason FROM events WHERE type = 'quarantined'")
    assert row["raw"] == body
    assert row["reason"]
    assert device(store).quarantined == 1


def test_a_tombstone_carries_the_belt_over_its_run(store: Store) -> None:
    tombstone = lost(2, 9)
    say(store, batch(A))
    assert say(store, placed(item(2, tombstone))) == [Ack(epoch=EPOCH, high=9, hash=event_hash(tombstone))]
    assert say(store, batch(B, first_seq=10)) == [Ack(epoch=EPOCH, high=10, hash=event_hash(B))]
    assert device(store).lost == 8


def test_a_tombstone_that_reaches_above_high_counts_only_its_news(store: Store) -> None:
    say(store, batch(A, B))
    wide = lost(1, 5)
    assert say(store, placed(item(1, wide))) == [Ack(epoch=EPOCH, high=5, hash=event_hash(wide))]
    assert device(store).lost == 3
    assert [(row.seq, row.type) for row in stored(store)] == [(1, "passage"), (2, "passage"), (3, "lost")]
    wider = lost(1, 6)
    assert say(store, placed(item(1, wider))) == [Ack(epoch=EPOCH, high=6, hash=event_hash(wider))]
    assert device(store).lost == 4


def test_a_tombstone_wholly_below_high_is_ignored(store: Store) -> None:
    say(store, batch(A, B))
    assert say(store, placed(item(1, lost(1, 2)))) == [Ack(epoch=EPOCH, high=2, hash=event_hash(B))]
    assert (device(store).lost, bodies(store)) == (0, [A, B])


def test_an_event_that_comes_after_its_tombstone_is_no_conflict(store: Store) -> None:
    tombstone = lost(1, 3)
    say(store, placed(item(1, tombstone)))
    for seq, event in ((1, A), (2, B)):
        answers = say(store, placed(item(seq, event)))
        assert answers == [Ack(epoch=EPOCH, high=3, hash=event_hash(tombstone))]
    assert [row.type for row in stored(store)] == ["lost"]


def test_a_tombstone_behind_a_gap_waits_like_any_event(store: Store) -> None:
    assert say(store, placed(item(4, lost(4, 9)))) == [Replay(epoch=EPOCH, from_seq=1)]


def test_a_message_of_another_device_is_refused_and_changes_nothing_of_either(store: Store) -> None:
    say(store, batch(A, device="door-west"), device="door-west")
    (answer,) = say(store, batch(B, first_seq=2, device="door-west"), device=DEVICE)
    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.WRONG_DEVICE
    assert device(store, "door-west").high == 1
    assert (device(store).refused, device(store).epoch) == (1, None)


def test_a_device_that_is_not_known_is_refused(store: Store) -> None:
    (answer,) = say(store, batch(A, device="nobody"), device="nobody")
    assert isinstance(answer, Refused)
    assert bodies(store) == []


def test_a_refused_payload_is_counted(store: Store) -> None:
    error = WireError(RefusalReason.MALFORMED, "no JSON")

    def job(db: Database) -> DownMessage:
        shift = Shift(db)
        answer = shift.refuse(DEVICE, error, now_us=NOW_US)
        assert shift.close() == []
        return answer

    answer = store.write(job)
    assert answer == Refused(reason=RefusalReason.MALFORMED, detail="no JSON")
    assert device(store).refused == 1


def test_status_says_who_is_there_and_an_old_one_is_no_sign_of_life(store: Store) -> None:
    def status(state: Presence, *, retained: bool) -> None:
        message = Status(device=DEVICE, state=state, agent="model/1")

        def job(db: Database) -> None:
            shift = Shift(db)
            shift.status(DEVICE, message, retained=retained, now_us=NOW_US + 1)
            shift.close()

        store.write(job)

    status(Presence.ONLINE, retained=True)
    assert (device(store).online, device(store).heard_us) == (True, None)
    status(Presence.ONLINE, retained=False)
    assert device(store).heard_us == NOW_US + 1
    status(Presence.OFFLINE, retained=False)
    assert not device(store).online


def test_epochs_in_which_nothing_was_stored_do_not_pile_up(store: Store) -> None:
    for n in range(50):
        say(store, hello(last=0, epoch=f"{n:032x}"))
    with store.read() as db:
        assert db.table("journals").count == 1


def test_a_sighting_moves_the_watch_in_the_same_transaction(store: Store) -> None:
    watched(store)
    say(store, batch(passage(wall_us=NOW_US - HOUR_US, person="zhao")))
    assert (current(store).last_seen_us, current(store).last_seen_by) == (NOW_US - HOUR_US, f"{DEVICE}/east")
    (row,) = stored(store)
    assert (row.person, row.person_name, row.captured_us, row.clock_trusted) == ("zhao", "赵", NOW_US - HOUR_US, True)


def test_a_backdated_sighting_makes_the_watch_due_when_the_watch_was_there_first(store: Store) -> None:
    watched(store)
    say(store, batch(passage(wall_us=NOW_US - 25 * HOUR_US, person="zhao")))
    assert current(store).due_us == NOW_US - HOUR_US
    (alert,) = store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=9))
    assert alert.last_seen_us == NOW_US - 25 * HOUR_US


def test_a_backdated_sighting_makes_the_watch_due_when_it_was_there_before_the_watch(store: Store) -> None:
    say(store, batch(passage(wall_us=NOW_US - 25 * HOUR_US, person="zhao")))
    watch = watched(store)
    assert (watch.last_seen_us, watch.last_seen_by) == (NOW_US - 25 * HOUR_US, f"{DEVICE}/east")
    assert watch.due_us == NOW_US - HOUR_US


def test_a_watch_starts_from_the_newest_of_what_it_is_given_and_what_is_stored(store: Store) -> None:
    say(
        store,
        batch(
            passage(wall_us=NOW_US - 2 * HOUR_US, person="zhao"),
            passage(wall_us=NOW_US - 9 * HOUR_US, person="zhao"),
            passage(wall_us=NOW_US - HOUR_US, person="zhao", strict=False),
        ),
    )
    assert watched(store, last_seen_us=NOW_US - 5 * HOUR_US).last_seen_us == NOW_US - 2 * HOUR_US


@pytest.mark.parametrize("doubt", [{"strict": False}, {"frames": 1}, {"synced": False}])
def test_a_doubtful_sighting_is_shown_and_does_not_count(store: Store, doubt: dict[str, Any]) -> None:
    watched(store)
    say(store, batch(passage(wall_us=NOW_US - HOUR_US, person="zhao", **doubt)))
    assert current(store).last_seen_us is None
    assert stored(store)[0].person == "zhao"


def test_a_time_in_the_future_counts_as_the_moment_of_receipt(store: Store) -> None:
    watched(store)
    say(store, batch(passage(wall_us=NOW_US + DAY_US, person="zhao")))
    assert current(store).last_seen_us == NOW_US
    assert stored(store)[0].captured_us == NOW_US


def test_a_repeated_sighting_has_its_effect_once(store: Store) -> None:
    watched(store, last_seen_us=NOW_US - DAY_US)
    store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=9))
    sighting = batch(passage(wall_us=NOW_US - HOUR_US, person="zhao"))
    for _ in range(3):
        say(store, sighting)
    with store.read() as db:
        (alert,) = alerts.page(db, states=None, after=None, limit=9)
        assert len(alerts.history(db, alert.id)) == 2, "raised, and retracted once"


def test_a_sighting_of_somebody_without_a_watch_or_a_name_is_only_stored(store: Store) -> None:
    say(store, batch(passage(wall_us=NOW_US, person="nobody-here-knows")))
    assert (stored(store)[0].person, stored(store)[0].person_name) == ("nobody-here-knows", None)


def test_events_are_found_by_device_person_and_type_in_both_directions(store: Store) -> None:
    say(store, batch(A, passage(wall_us=NOW_US, person="zhao"), b"[]"))
    say(store, batch(C, device="door-west"), device="door-west")
    with store.read() as db:
        last = events.last_id(db)
        newest = events.page(db, after=None, before=None, limit=2)
        assert [row.id for row in newest] == [last, last - 1]
        assert [row.id for row in events.page(db, after=last - 1, before=None, limit=9)] == [last]
        assert [row.id for row in events.page(db, after=None, before=last, limit=1)] == [last - 1]
        filtered: tuple[tuple[dict[str, Any], int], ...] = (
            ({"device": "door-west"}, 1),
            ({"person": "zhao"}, 1),
            ({"type": "quarantined"}, 1),
        )
        for filters, count in filtered:
            assert len(events.page(db, after=None, before=None, limit=9, **filters)) == count
        assert events.page(db, after=None, before=None, limit=9, device="door-west", person="zhao") == []
        assert events.get(db, last) == newest[0]


def shifted(store: Store, *messages: tuple[str, UpMessage]) -> list[tuple[str, DownMessage]]:
    """Several messages in one transaction: all that is said, to whom."""

    def job(db: Database) -> list[tuple[str, DownMessage]]:
        shift = Shift(db)
        said = [(of, answer) for of, message in messages for answer in shift.up(of, message, now_us=NOW_US)]
        return said + shift.close()

    return store.write(job)


def test_the_batches_of_one_transaction_are_acknowledged_once_for_each_device(store: Store) -> None:
    said = shifted(
        store,
        (DEVICE, batch(A)),
        ("door-west", batch(A, device="door-west")),
        (DEVICE, batch(B, first_seq=2)),
        (DEVICE, batch(A)),
    )
    assert said == [
        (DEVICE, Ack(epoch=EPOCH, high=2, hash=event_hash(B))),
        ("door-west", Ack(epoch=EPOCH, high=1, hash=event_hash(A))),
    ]
    assert device(store).duplicates == 1


def test_a_hello_among_batches_hears_what_was_stored_before_it(store: Store) -> None:
    said = shifted(store, (DEVICE, batch(A)), (DEVICE, hello(last=3)), (DEVICE, batch(B, first_seq=2)))
    first, second = (Ack(epoch=EPOCH, high=n, hash=event_hash(raw)) for n, raw in ((1, A), (2, B)))
    assert said == [(DEVICE, first), (DEVICE, Welcome(epoch=EPOCH, high=1, hash=event_hash(A))), (DEVICE, second)]


def test_what_came_before_a_conflict_is_acknowledged_and_nothing_after_it(store: Store) -> None:
    said = shifted(store, (DEVICE, batch(A)), (DEVICE, batch(B)), (DEVICE, batch(C, first_seq=2)))
    conflict = Conflict(epoch=EPOCH, seq=1, hash=event_hash(A))
    assert said == [(DEVICE, Ack(epoch=EPOCH, high=1, hash=event_hash(A))), (DEVICE, conflict), (DEVICE, conflict)]
    assert bodies(store) == [A]


def test_a_gap_that_closes_within_the_transaction_is_not_asked_for(store: Store) -> None:
    said = shifted(store, (DEVICE, batch(B, first_seq=2)), (DEVICE, batch(A, B)))
    assert said == [(DEVICE, Ack(epoch=EPOCH, high=2, hash=event_hash(B)))]


def test_a_gap_is_asked_for_once_a_transaction_after_the_ack(store: Store) -> None:
    said = shifted(store, (DEVICE, batch(A)), (DEVICE, batch(C, first_seq=3)), (DEVICE, batch(C, first_seq=4)))
    assert said == [
        (DEVICE, Ack(epoch=EPOCH, high=1, hash=event_hash(A))),
        (DEVICE, Replay(epoch=EPOCH, from_seq=2)),
    ]


def test_two_epochs_in_one_transaction_are_told_apart(store: Store) -> None:
    said = shifted(store, (DEVICE, batch(A)), (DEVICE, batch(B, epoch=OTHER_EPOCH)), (DEVICE, batch(C, first_seq=2)))
    assert said == [
        (DEVICE, Ack(epoch=EPOCH, high=1, hash=event_hash(A))),
        (DEVICE, Ack(epoch=OTHER_EPOCH, high=1, hash=event_hash(B))),
        (DEVICE, Ack(epoch=EPOCH, high=2, hash=event_hash(C))),
    ]


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that ingest writes."""
    tables = ("events", "journals", "watches", "alerts", "observing", "plate_passages", "clock_anchors", "devices")
    with store.read() as db:
        return {
            table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608
            for table in tables
        }


def test_a_long_batch_of_everything_leaves_the_same_rows_as_one_message_for_each(tmp_path: Path) -> None:
    """Passages are stored together; anchors, plates, stretches and losses between them must not see another order."""
    began, ended = stamp(mono_us=1, wall_us=NOW_US - HOUR_US), stamp(mono_us=2, wall_us=NOW_US)
    raws: list[bytes] = []
    for n in range(60):
        raws += [
            passage(wall_us=NOW_US - n, mono_us=10 * n + 1, person="zhao" if n % 3 == 0 else None),
            passage(wall_us=5, mono_us=10 * n + 2, person="zhao", synced=False, boot=OTHER_BOOT),
        ]
        if n % 20 == 7:
            raws.append(anchor(mono_us=1000, wall_us=NOW_US - HOUR_US, uncertainty_us=60 - n, boot=OTHER_BOOT))
        if n % 20 == 11:
            raws += [plate_read(wall_us=NOW_US - n), observing(began, ended), b'{"type":"hologram"}']
    found = []
    for name in ("together", "apart"):
        with closing(Store.open(tmp_path / name, clock=lambda: NOW_US)) as store:
            store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
            store.write(lambda db: db.execute("UPDATE devices SET secret_sha256 = ''"))
            watched(store, last_seen_us=NOW_US - 3 * HOUR_US)
            if name == "together":
                parts = [(1, raws[:100]), (101, raws[100:])]
                shifted(store, *((DEVICE, batch(*part, first_seq=first)) for first, part in parts))
            else:
                for seq, raw in enumerate(raws, start=1):
                    say(store, batch(raw, first_seq=seq))
            found.append(everything(store))
    assert found[0] == found[1]
    assert len(found[0]["events"]) == len(raws)
