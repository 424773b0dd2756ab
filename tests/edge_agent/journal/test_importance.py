"""Which events outlive which."""

import typing

import pytest
from sightings import anchor, known, stranger, told_of_damage, vehicle, watched

from edge_agent.clock import FakeClock
from edge_agent.journal.importance import DROPPABLE, TABLE, Importance, importance, importance_of
from edge_agent.wire.codec import encode_event
from edge_agent.wire.messages import Event, LossReason, Lost, PlateVerdict

CLOCK = FakeClock()
EXPECTED: dict[str, tuple[Event, Importance]] = {
    "a stranger": (stranger(CLOCK), Importance.COUNTS),
    "a known person": (known(CLOCK), Importance.SAFETY),
    "an unreadable plate": (vehicle(CLOCK, None), Importance.COUNTS),
    "an unknown plate": (vehicle(CLOCK, PlateVerdict.UNKNOWN), Importance.COUNTS),
    "an unsure plate": (vehicle(CLOCK, PlateVerdict.UNSURE), Importance.ORDINARY),
    "a known plate": (vehicle(CLOCK, PlateVerdict.KNOWN), Importance.ORDINARY),
    "an observing camera": (watched(CLOCK), Importance.SAFETY),
    "an anchor": (anchor(CLOCK), Importance.SAFETY),
    "a journal set aside": (told_of_damage(CLOCK), Importance.SAFETY),
    "a tombstone": (Lost(first_seq=1, last_seq=2, counts={}, reason=LossReason.SPACE), Importance.TOMBSTONE),
}


@pytest.mark.parametrize("what", EXPECTED)
def test_each_event_has_its_importance_alive_and_from_its_bytes(what: str) -> None:
    event, expected = EXPECTED[what]
    assert importance(event) is expected
    assert importance_of(encode_event(event)) is expected


def test_no_type_of_event_is_forgotten() -> None:
    assert set(TABLE) == set(typing.get_args(Event))


def test_what_cannot_be_judged_is_kept_longest_and_a_tombstone_is_never_given_up() -> None:
    assert importance_of(b'{"type":"of tomorrow"}') is Importance.SAFETY
    assert max(DROPPABLE) < Importance.TOMBSTONE


def test_the_numbers_in_the_files_never_change() -> None:
    assert {rank.name: rank.value for rank in Importance} == {"COUNTS": 0, "ORDINARY": 1, "SAFETY": 2, "TOMBSTONE": 3}
