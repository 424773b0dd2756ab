"""Whom a list names is read when it is sent: of the addressee's area, once, and nobody who was reached meanwhile."""

import pytest
from look_in_village import OTHER, Village

from hub_server.notify.facts import OfAlarm, sending
from hub_server.store import observations
from hub_server.store.outbox import Message
from hub_server.store.store import Store
from hub_server.watch.look_in import HOUR_US
from hub_server.watch.observation import Kind


@pytest.fixture
def village(store: Store) -> Village:
    found = Village(store)
    found.person("li", due_in_us=3 * HOUR_US, by={"door": 5})
    found.person("zhao", due_in_us=2 * HOUR_US, by={"door": 5, "gate": 5})
    found.person("zhou", due_in_us=2 * HOUR_US, by={"gate": 5}, area=OTHER)
    for device in ("door", "gate"):
        found.dies(device)
    found.messages()
    found.looks()
    return found


def named(village: Village, message: Message) -> list[list[str]]:
    """By camera."""
    with village.store.read() as db:
        asked = sending(db, message, now_us=village.now_us)
    assert asked is not None
    return [[one.person.id for one in fact.awaited] for fact in asked.facts if isinstance(fact, OfAlarm)]


def test_each_is_named_once_and_only_to_whoever_sees_to_their_area(village: Village) -> None:
    mine, other = village.messages()
    assert named(village, mine) == [["zhao", "li"], []]
    assert named(village, other) == [["zhou"]]


def test_who_was_reached_before_the_letter_went_out_is_not_in_it(village: Village) -> None:
    mine, _ = village.messages()
    village.store.write(
        lambda db: observations.add(
            db, person="zhao", kind=Kind.PHONE, at_us=village.now_us, author="王", note="", now_us=village.now_us
        )
    )
    assert named(village, mine) == [["li"], []]
