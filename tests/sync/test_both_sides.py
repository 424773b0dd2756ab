"""CI's share of the machine, always the same runs so that a red one is red again; and what it found once."""

from collections.abc import Iterator

import pytest
from hypothesis.stateful import run_state_machine_as_test
from sync_card import DAY_S
from sync_events import Seen
from sync_machine import WRONG, SyncMachine, run_settings
from sync_world import Totals, World

from edge_agent.wire.messages import Conflict, wire_bytes


@pytest.fixture
def world() -> Iterator[World]:
    made = World(devices=1, small=False, totals=Totals())
    yield made
    made.close()


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_counts_twice_whatever_happens() -> None:
    run_state_machine_as_test(SyncMachine, settings=run_settings(runs=500, steps=50, derandomize=True))


def test_an_event_comes_to_the_hub_once_and_moves_the_watch(world: World) -> None:
    world.capture(world.devices[0], Seen.KNOWN)
    world.flow(5)
    world.check()
    world.settle()
    assert world.shelf.stored_total == 2


def test_a_card_that_dropped_what_it_never_sent_is_not_appeased_by_the_events_of_its_copy() -> None:
    """The machine found it: both cards had one epoch, and the hub held the copy's events at the dropped places."""
    world = World(devices=1, small=True, totals=Totals())
    try:
        device = world.devices[0]
        world.clone(device)
        for _ in range(60):  # more than fits
            world.capture(device, Seen.STRANGER)
        world.swap(device, 1)
        world.capture(device, Seen.KNOWN)
        world.flow(5)
        world.settle()
    finally:
        world.close()


def fork(world: World) -> None:
    """As a conflict makes it do."""
    card = world.devices[0].card
    assert card.journal is not None
    conflict = Conflict(epoch=card.journal.position().epoch, seq=1, hash=WRONG)
    world.broker.passes_on(card.device, wire_bytes(conflict))
    card.step()


@pytest.mark.parametrize("lost", [False, True], ids=["the hub says so", "the hub's word is lost"])
def test_what_was_acknowledged_before_a_fork_comes_again_after_the_hub_was_restored(
    world: World, *, lost: bool
) -> None:
    world.flow(5)  # it says hello
    world.hub.back_up(world.folder)
    world.capture(world.devices[0], Seen.KNOWN)
    world.flow(5)  # acknowledged
    fork(world)
    world.flow(20)
    world.restore_hub(0)
    if lost:
        world.broker.down.clear()
    world.flow(5)
    assert world.ledger.taken_back == (0 if lost else 1)
    world.settle()
    assert world.ledger.taken_back == 1


def test_a_reconnection_after_a_fork_tells_a_hub_that_lost_nothing_nothing_twice(world: World) -> None:
    device = world.devices[0]
    for _ in range(3):
        world.capture(device, Seen.KNOWN)
        world.flow(5)
        fork(world)
        world.flow(20)
        world.broker.breaks(device.name, "the cable is cut")
    world.settle()
    assert world.ledger.taken_back == 0
    assert world.shelf.stored_total == 4


@pytest.mark.parametrize("days", [0, 8])
def test_what_a_copied_card_told_the_restored_hub_instead_does_not_hide_what_it_lost(world: World, days: int) -> None:
    """Both cards filled the same places of one epoch: what the hub has there now is not what it had.

    The machine found it for events that are no more by then: of those the journal remembers the hashes.
    """
    device = world.devices[0]
    world.capture(device, Seen.KNOWN)
    world.flow(5)
    world.hub.back_up(world.folder)
    world.clone(device)
    for _ in range(4):
        world.capture(device, Seen.KNOWN)
    world.flow(5)  # acknowledged
    world.swap(device, 1)
    world.restore_hub(0)
    for _ in range(2):
        world.capture(device, Seen.STRANGER)
    world.flow(5)  # in the same places
    world.advance(days * DAY_S)
    world.swap(device, 0)
    world.settle()
    assert world.ledger.taken_back == 5
    assert world.shelf.lost_total == (1 if days else 0), "one record for the run"


def test_of_what_was_dropped_before_its_ack_came_the_hash_is_compared_too() -> None:
    """The machine found it: the hub took the events, lost them, and was told a copied card's in the same places."""
    world = World(devices=1, small=True, totals=Totals())
    try:
        device = world.devices[0]
        world.flow(3)
        world.hub.back_up(world.folder)
        world.clone(device)
        world.swap(device, 1)
        for _ in range(14):
            world.capture(device, Seen.KNOWN)
        world.flow(1)  # they are sent
        for _ in range(10):
            world.capture(device, Seen.KNOWN)  # more than fits: the first ones go
        world.flow(1)  # and are stored at the hub
        world.check()
        world.restore_hub(0)
        world.settle()
    finally:
        world.close()
