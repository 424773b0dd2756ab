"""Vehicles on their way into the store: stored once, counted once, dated by anchors, and never taken for a person."""

import tempfile
from itertools import count
from pathlib import Path

import pytest
from device_model import (
    DAY_US,
    DEVICE,
    EPOCH,
    HOUR_US,
    OTHER_BOOT,
    OTHER_EPOCH,
    JournalModel,
    anchor,
    batch,
    lost,
    passage,
    placed,
    plate_read,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from edge_agent.wire.codec import event_hash, item
from edge_agent.wire.messages import Ack, Direction, DownMessage, PlateVerdict, Refused
from edge_agent.wire.plate import PlateKind
from hub_server.ingest.apply import apply_up
from hub_server.store import alerts, devices, events, people, plate_passages, vehicle_hours, watches
from hub_server.store.plate_passages import PlatePassage
from hub_server.store.store import Store
from hub_server.watch.states import AlertState

NOW_US = 1_795_471_200_000_000  # at the very hour
MONO_US = 50 * HOUR_US
WEST = "door-west"
IN, OUT, UNKNOWN = Direction


def prepare(store: Store) -> None:
    def job(db: Database) -> None:
        for device in (DEVICE, WEST):
            devices.create(db, id=device, place=f"at {device}", now_us=NOW_US)

    store.write(job)


@pytest.fixture
def office(store: Store) -> Store:
    prepare(store)
    return store


def send(store: Store, *raws: bytes, device: str = DEVICE, now_us: int = NOW_US) -> list[DownMessage]:
    """Each in its own transaction, in the next places of the device's journal; the answers."""
    with store.read() as db:
        known = devices.get(db, device)
    assert known is not None
    said: list[DownMessage] = []
    for place, raw in zip(count(known.high + 1), raws, strict=False):
        message = batch(raw, first_seq=place, device=device)
        said += store.write(lambda db, message=message: apply_up(db, device=device, message=message, now_us=now_us))  # type: ignore[misc]
    return said


def seen(store: Store) -> list[PlatePassage]:
    with store.read() as db:
        return plate_passages.page(db, before=None, limit=500)


def hours(store: Store) -> dict[tuple[str, int, str], int]:
    """By device, hours before NOW_US, and direction."""
    with store.read() as db:
        rows = db.execute("SELECT device, hour_us, direction, passages FROM vehicle_hours").fetchall()
    return {(device, (hour_us - NOW_US) // HOUR_US, direction): number for device, hour_us, direction, number in rows}


def test_a_vehicle_is_stored_as_an_event_and_as_a_passage_and_is_counted(office: Store) -> None:
    raw = plate_read(wall_us=NOW_US - 7, text="粤B12345", listed="粤B12346")
    assert send(office, raw) == [Ack(epoch=EPOCH, high=1, hash=event_hash(raw))]
    (row,) = seen(office)
    assert row == PlatePassage(
        id=1,
        device=DEVICE,
        place=f"at {DEVICE}",
        camera="lane",
        direction=IN,
        at_us=NOW_US - 7,
        clock_trusted=True,
        received_us=NOW_US,
        duration_ms=2600,
        frames=24,
        reads=9,
        text="粤B12345",
        kind=PlateKind.BLUE,
        score=0.97,
        verdict=PlateVerdict.KNOWN,
        listed="粤B12346",
    )
    with office.read() as db:
        (stored,) = events.page(db, after=0, before=None, limit=9)
    assert (stored.type, stored.body.encode(), stored.camera) == ("plate_read", raw, "lane")
    assert (stored.person, stored.score, stored.strict) == (None, None, False)
    assert hours(office) == {(DEVICE, -1, "in"): 1}


def test_a_plate_that_could_not_be_read_is_a_passage_all_the_same(office: Store) -> None:
    send(office, plate_read(wall_us=NOW_US, text=None, direction=UNKNOWN))
    (row,) = seen(office)
    assert (row.text, row.kind, row.score, row.verdict, row.listed, row.reads) == (None, None, None, None, None, 0)
    assert hours(office) == {(DEVICE, 0, "unknown"): 1}


def test_the_same_vehicle_twice_is_two_passages_and_a_repeated_event_is_one(office: Store) -> None:
    first, second = (plate_read(wall_us=NOW_US - n, mono_us=n) for n in (2, 1))
    message = batch(first, second)
    for _ in range(3):
        office.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))
    assert len(seen(office)) == 2
    assert hours(office) == {(DEVICE, -1, "in"): 2}


def test_another_vehicle_in_a_place_that_is_held_is_not_counted(office: Store) -> None:
    send(office, plate_read(wall_us=NOW_US))
    forged = batch(plate_read(wall_us=NOW_US, text="粤B99999"))
    office.write(lambda db: apply_up(db, device=DEVICE, message=forged, now_us=NOW_US))
    assert [row.text for row in seen(office)] == ["粤B12345"]
    assert hours(office) == {(DEVICE, 0, "in"): 1}


def test_a_vehicle_that_was_given_up_as_lost_and_comes_late_is_not_counted(office: Store) -> None:
    office.write(lambda db: apply_up(db, device=DEVICE, message=placed(item(1, lost(1, 3))), now_us=NOW_US))
    late = batch(plate_read(wall_us=NOW_US), first_seq=2)
    office.write(lambda db: apply_up(db, device=DEVICE, message=late, now_us=NOW_US))
    assert seen(office) == []
    assert hours(office) == {}


def test_an_epoch_sent_again_under_another_is_two_events(office: Store) -> None:
    """DESIGN section 4: an agent journals again only what is above its last verified ack; what it repeats is news."""
    raw = plate_read(wall_us=NOW_US)
    send(office, raw)
    office.write(lambda db: apply_up(db, device=DEVICE, message=batch(raw, epoch=OTHER_EPOCH), now_us=NOW_US))
    assert len(seen(office)) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"粤B12345","kind"', '"粤I12345","kind"'),
        ('"text":"粤B12345"', '"text":"粤B1234"'),
        ('"direction":"in"', '"direction":"up"'),
        ('"kind":"blue"', '"kind":"pink"'),
        ('"frames":24', '"frames":0'),
        ('"score":0.97', '"score":1.5'),
        ('"chars":[0.99,', '"chars":['),
        ('"verdict":"unknown"', '"verdict":"known"'),
        ('"listed":null', '"listed":"粤B12345"'),
        ('"reads":9', '"reads":-1'),
        ('"camera":"lane"', '"camera":"La ne"'),
    ],
)
def test_a_body_that_cannot_be_is_quarantined_and_the_belt_moves_on(office: Store, old: str, new: str) -> None:
    good = plate_read(wall_us=NOW_US).decode()
    assert old in good
    bad = good.replace(old, new).encode()
    (ack,) = send(office, bad)
    assert isinstance(ack, Ack)
    send(office, good.encode())
    with office.read() as db:
        assert [row.type for row in events.page(db, after=0, before=None, limit=9)] == ["quarantined", "plate_read"]
    assert len(seen(office)) == 1
    assert hours(office) == {(DEVICE, 0, "in"): 1}


def test_the_vehicles_of_two_gates_are_counted_apart(office: Store) -> None:
    send(office, plate_read(wall_us=NOW_US), plate_read(wall_us=NOW_US, direction=OUT))
    send(office, plate_read(wall_us=NOW_US), device=WEST)
    assert hours(office) == {(DEVICE, 0, "in"): 1, (DEVICE, 0, "out"): 1, (WEST, 0, "in"): 1}
    with office.read() as db:
        assert [row.device for row in plate_passages.page(db, before=None, limit=9, device=WEST)] == [WEST]


def test_a_device_that_speaks_for_another_gate_is_refused_and_counts_nothing(office: Store) -> None:
    message = batch(plate_read(wall_us=NOW_US), device=WEST)
    (said,) = office.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))
    assert isinstance(said, Refused)
    assert (seen(office), hours(office)) == ([], {})


def test_a_time_in_the_future_counts_in_the_hour_of_the_receipt(office: Store) -> None:
    send(office, plate_read(wall_us=NOW_US + 9 * DAY_US))
    assert seen(office)[0].at_us == NOW_US
    assert hours(office) == {(DEVICE, 0, "in"): 1}


def test_a_wrong_clock_is_shown_and_counts_in_no_hour_until_an_anchor_dates_it(office: Store) -> None:
    send(office, plate_read(wall_us=5, synced=False, mono_us=MONO_US - 2 * HOUR_US))
    assert [(row.at_us, row.clock_trusted) for row in seen(office)] == [(5, False)]
    assert hours(office) == {}
    with office.read() as db:
        (gate,) = vehicle_hours.gates(db, since_us=0, until_us=NOW_US, after=None, limit=9)
    assert (gate.undated, gate.counted.into) == (1, 0)
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US))
    assert [(row.at_us, row.clock_trusted) for row in seen(office)] == [(NOW_US - 2 * HOUR_US, True)]
    assert hours(office) == {(DEVICE, -2, "in"): 1}
    with office.read() as db:
        (gate,) = vehicle_hours.gates(db, since_us=0, until_us=NOW_US, after=None, limit=9)
    assert (gate.undated, gate.counted.into) == (0, 1)


def test_a_vehicle_that_arrives_after_its_anchor_is_dated_and_counted_at_once(office: Store) -> None:
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US), plate_read(wall_us=5, synced=False, mono_us=MONO_US - 1))
    assert hours(office) == {(DEVICE, -1, "in"): 1}


def test_a_more_exact_anchor_moves_a_vehicle_to_another_hour_and_leaves_the_others(office: Store) -> None:
    undated = plate_read(wall_us=5, synced=False, mono_us=MONO_US)
    send(office, plate_read(wall_us=NOW_US - 1), undated, anchor(mono_us=MONO_US, wall_us=NOW_US, uncertainty_us=9))
    assert hours(office) == {(DEVICE, -1, "in"): 2}
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - 5 * HOUR_US))
    assert hours(office) == {(DEVICE, -1, "in"): 1, (DEVICE, -5, "in"): 1}


def test_an_anchor_dates_no_vehicle_of_another_boot_or_device(office: Store) -> None:
    undated = plate_read(wall_us=5, synced=False, mono_us=MONO_US, boot=OTHER_BOOT)
    send(office, undated)
    send(office, plate_read(wall_us=5, synced=False, mono_us=MONO_US), device=WEST)
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US))
    assert hours(office) == {}
    assert not any(row.clock_trusted for row in seen(office))


def test_a_vehicle_never_moves_last_seen_nor_an_alert_whoever_it_belongs_to(office: Store) -> None:
    def job(db: Database) -> None:
        people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="zhao", period_s=86400, last_seen_us=NOW_US - 2 * DAY_US, now_us=NOW_US)
        alerts.raise_due(db, now_us=NOW_US, limit=9)

    office.write(job)
    with office.read() as db:
        before = watches.get_by_person(db, "zhao"), alerts.not_closed(db, "zhao"), alerts.history(db, 1)
    forged = plate_read(wall_us=NOW_US)[:-1] + (
        b',"sighting":{"person":"zhao","score":0.99,"margin":0.5,"frames":12,"strict":true,"embedder":"model"},'
        b'"person":"zhao","strict":true}'
    )
    undated = plate_read(wall_us=5, synced=False, mono_us=MONO_US)
    send(
        office, plate_read(wall_us=NOW_US, listed="粤B12345"), forged, undated, anchor(mono_us=MONO_US, wall_us=NOW_US)
    )
    with office.read() as db:
        assert (watches.get_by_person(db, "zhao"), alerts.not_closed(db, "zhao"), alerts.history(db, 1)) == before
        stored = db.execute("SELECT person, qualifies, counts, strict FROM events WHERE type = 'plate_read'").fetchall()
    assert before[1] is not None
    assert before[1].state is AlertState.OPEN
    assert stored == [(None, 0, 0, 0)] * 3
    send(office, passage(wall_us=NOW_US, person="zhao"))
    with office.read() as db:
        assert alerts.not_closed(db, "zhao") is None, "the same device's sighting of the person does"


def test_a_transaction_that_fails_leaves_neither_event_nor_count(office: Store) -> None:
    message = batch(plate_read(wall_us=NOW_US))

    def job(db: Database) -> None:
        apply_up(db, device=DEVICE, message=message, now_us=NOW_US)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        office.write(job)
    assert (seen(office), hours(office)) == ([], {})


EVENTS = (
    plate_read(wall_us=5, synced=False, mono_us=MONO_US - 5 * HOUR_US),
    plate_read(wall_us=6, synced=False, mono_us=MONO_US - HOUR_US, direction=OUT),
    plate_read(wall_us=7, synced=False, mono_us=MONO_US - HOUR_US, boot=OTHER_BOOT, text=None),
    plate_read(wall_us=NOW_US - 3 * HOUR_US, text="粤BD12345"),
    anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=HOUR_US),
    anchor(mono_us=MONO_US, wall_us=NOW_US - 4 * HOUR_US, uncertainty_us=500),
    anchor(mono_us=MONO_US, wall_us=NOW_US - 9 * HOUR_US, boot=OTHER_BOOT),
)


def outcome(order: list[bytes]) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), clock=lambda: NOW_US)
        prepare(store)
        send(store, *order)
        found = hours(store), sorted((row.at_us, row.direction, row.clock_trusted) for row in seen(store))
        store.close()
    return found


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(EVENTS))
def test_the_order_of_arrival_does_not_matter_and_hours_are_those_of_the_passages(order: list[bytes]) -> None:
    by_hour, _ = found = outcome(order)
    assert found == outcome(list(EVENTS))
    assert isinstance(by_hour, dict)
    assert sum(by_hour.values()) == 4


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=12), gone=st.integers(0, 4))
def test_however_batches_repeat_and_go_back_each_vehicle_that_arrives_counts_once(
    steps: list[tuple[int, int]], gone: int
) -> None:
    journal = JournalModel()
    for n in range(12):
        journal.add(plate_read(wall_us=NOW_US - n, mono_us=n + 1))
    journal.lose_oldest(gone)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), clock=lambda: NOW_US)
        prepare(store)
        for start, most in [*steps, (1, 99), (1, 99)]:
            message = journal.from_place(start, most)
            assert message is not None
            store.write(lambda db, message=message: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))  # type: ignore[misc]
        rows, counted = seen(store), hours(store)
        store.close()
    assert len(rows) == len({row.at_us for row in rows}) == sum(counted.values()) == 12 - gone
