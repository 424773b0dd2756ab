"""The hub's half of commands: what may leave, once; what is given up; pictures that live for an hour in memory."""

import pytest

from edge_agent.wire import seal
from edge_agent.wire.commands import Command, Piece, picture_binding, pieces_of
from hub_server.ingest.command_desk import (
    ANSWER_WAIT_S,
    DEVICE_WAITING_MAX,
    DEVICES_MAX,
    USABLE_S,
    CommandDesk,
    GiveUp,
    Order,
)
from hub_server.ingest.pictures import AWAITED_S, BYTES_MAX, KEEP_S, Pictures

BOOT, KEYS = "b" * 32, seal.generate_key_pair()
JPEG = b"\xff\xd8\xff" + b"a door" * 20_000


def order(number: int = 1, device: str = "door-east") -> Order:
    return Order(id=f"{number:013x}{7:019x}", device=device, kind="picture", arguments={})


def sent(desk: CommandDesk, now_s: float) -> list[Command]:
    return [one for one in desk.due(now_s) if isinstance(one, Command)]


@pytest.mark.parametrize(("age_s", "goes"), [(0.0, True), (USABLE_S, True), (USABLE_S + 0.01, False)])
def test_a_command_quotes_a_challenge_that_is_young_enough_to_arrive(age_s: float, goes: bool) -> None:  # noqa: FBT001 a parameter
    desk = CommandDesk()
    desk.challenged("door-east", boot=BOOT, challenge="c" * 32, now_s=100.0)
    desk.ask(order(), 100.0 + age_s)
    found = sent(desk, 100.0 + age_s)
    assert [one.challenge for one in found] == (["c" * 32] if goes else [])


def test_what_cannot_leave_at_once_leaves_with_the_next_challenge_and_only_once() -> None:
    desk = CommandDesk()
    desk.ask(order(), 0.0)
    assert sent(desk, 0.0) == []
    desk.challenged("door-west", boot=BOOT, challenge="d" * 32, now_s=3.0)
    assert sent(desk, 3.0) == [], "another device's challenge is not its own"
    desk.challenged("door-east", boot=BOOT, challenge="c" * 32, now_s=4.0)
    (command,) = sent(desk, 4.0)
    assert (command.device, command.boot, command.challenge) == ("door-east", BOOT, "c" * 32)
    desk.challenged("door-east", boot=BOOT, challenge="e" * 32, now_s=5.0)
    assert sent(desk, 5.0) == []


def test_after_twenty_seconds_it_is_given_up_and_never_leaves() -> None:
    desk = CommandDesk()
    desk.ask(order(), 0.0)
    assert desk.wait_s(1.0) == ANSWER_WAIT_S - 1
    desk.challenged("door-east", boot=BOOT, challenge="c" * 32, now_s=ANSWER_WAIT_S)
    assert desk.due(ANSWER_WAIT_S) == [GiveUp(id=order().id)]
    assert desk.due(ANSWER_WAIT_S + 1) == []
    assert desk.wait_s(ANSWER_WAIT_S) is None


def test_a_device_is_not_asked_for_more_than_it_can_answer_and_another_one_does_not_suffer() -> None:
    desk = CommandDesk()
    taken = [desk.ask(order(number), 0.0) for number in range(DEVICE_WAITING_MAX + 1)]
    assert taken == [True] * DEVICE_WAITING_MAX + [False]
    assert desk.ask(order(99, "door-west"), 0.0)
    assert not desk.ask(order(99, "door-west"), 0.0), "an id is asked once"


def test_challenges_of_a_whole_town_stay_small() -> None:
    desk = CommandDesk()
    for number in range(DEVICES_MAX + 10):
        desk.challenged(f"door-{number}", boot=BOOT, challenge="c" * 32, now_s=float(number))
    assert desk.challenge_age_s("door-0", 0.0) is None
    assert desk.challenge_age_s(f"door-{DEVICES_MAX + 9}", DEVICES_MAX + 19.0) == 10


def pieces(jpeg: bytes = JPEG, *, number: int = 1, device: str = "door-east") -> list[Piece]:
    binding = picture_binding(site="demo", device=device, command=order(number).id)
    return pieces_of(seal.seal(jpeg, public_key=KEYS.public, binding=binding), command=order(number).id)


@pytest.fixture
def pictures() -> Pictures:
    return Pictures(site="demo", private_key=KEYS.private)


def take(pictures: Pictures, *, device: str = "door-east", now_s: float = 1.0, jpeg: bytes = JPEG) -> list[str | None]:
    pictures.expect(order().id, "door-east", 0.0)
    return [pictures.take(device, piece, now_s) for piece in reversed(pieces(jpeg, device=device))]


def test_a_picture_is_there_for_an_hour_and_not_a_second_longer(pictures: Pictures) -> None:
    assert take(pictures) == [None, None]
    assert pictures.get(order().id, 1.0 + KEEP_S - 0.001) == JPEG
    assert pictures.get(order().id, 1.0 + KEEP_S) is None
    assert pictures.size == 0


def test_invariant_4_no_device_brings_the_picture_of_another(pictures: Pictures) -> None:
    assert set(take(pictures, device="door-west")) == {"nobody has asked this device for it"}
    assert pictures.get(order().id, 1.0) is None


def test_what_nobody_has_asked_for_or_waits_for_no_more_is_thrown_away(pictures: Pictures) -> None:
    assert pictures.take("door-east", pieces()[0], 0.0) == "nobody has asked this device for it"
    assert set(take(pictures, now_s=AWAITED_S + 1)) == {"nobody has asked this device for it"}


def test_a_picture_of_another_command_does_not_open_as_this_one(pictures: Pictures) -> None:
    pictures.expect(order(1).id, "door-east", 0.0)
    told = [
        pictures.take("door-east", Piece(command=order(1).id, i=one.i, n=one.n, sha256=one.sha256, data=one.data), 1.0)
        for one in pieces(number=2)
    ]
    assert "does not open" in str(told[-1])
    assert pictures.get(order(1).id, 1.0) is None


@pytest.mark.parametrize("content", [b"<html><script>", b"\x89PNG\r\n", JPEG + b"x" * 65_000])
def test_what_is_no_jpeg_of_the_right_size_is_no_picture(pictures: Pictures, content: bytes) -> None:
    assert take(pictures, jpeg=content)[-1] == "it is no JPEG of the size that may be"


def test_pieces_of_two_pictures_are_not_mixed(pictures: Pictures) -> None:
    pictures.expect(order().id, "door-east", 0.0)
    first, second = pieces(), pieces()
    assert pictures.take("door-east", first[0], 1.0) is None
    assert pictures.take("door-east", second[1], 1.0) == "it is of another picture than the pieces before"
    assert pictures.get(order().id, 1.0) is None


def test_however_many_are_asked_for_the_memory_has_its_limit(pictures: Pictures) -> None:
    for number in range(1, BYTES_MAX // len(JPEG) + 10):
        pictures.expect(order(number).id, "door-east", 0.0)
        for piece in pieces(number=number):
            assert pictures.take("door-east", piece, 1.0) is None
    assert pictures.size <= BYTES_MAX
    assert pictures.get(order(1).id, 1.0) is None, "the oldest goes first"
    assert pictures.get(order(BYTES_MAX // len(JPEG) + 9).id, 1.0) == JPEG
