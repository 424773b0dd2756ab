import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_plates import blurred, look, no_plate, plate, reading

from edge_agent.clock import FakeClock
from edge_agent.recognition.plate_vote import (
    BALLOTS_MAX,
    HEIGHT_CLEAR_PX,
    PlateLook,
    PlateVote,
    Voted,
    edits,
    is_other_car,
    look_of,
)
from edge_agent.wire.plate import DIGITS, PlateKind

TEXT = "皖A12345"


def vote_of(*looks: PlateLook) -> PlateVote:
    vote = PlateVote()
    for one in looks:
        vote.add(one)
    return vote


def result_of(*looks: PlateLook) -> Voted:
    found = vote_of(*looks).result()
    assert found is not None
    return found


def test_one_sure_misread_of_ten_changes_nothing_and_is_never_the_evidence() -> None:
    clock = FakeClock()
    looks = []
    for n in range(10):
        clock.advance(0.1)
        made = reading("皖A12845" if n == 4 else TEXT, sure=0.9999 if n == 4 else 0.97)
        looks.append(look(made, clock.stamp(), plate(height=40.0 if n == 4 else 24.0)))
    found = result_of(*looks)
    assert found.decoded.text == TEXT
    assert found.agreeing == 9
    assert found.evidence.captured != looks[4].captured
    assert found.decoded.score > 0.95


def test_doubtful_readings_that_agree_become_sure_and_the_more_probable_character_wins() -> None:
    doubtful = [look(reading(TEXT, doubts={4: ("8", 0.4)})) for _ in range(5)]
    assert result_of(doubtful[0]).decoded.chars[4] < 0.62
    found = result_of(*doubtful)
    assert found.decoded.text == TEXT
    assert found.decoded.chars[4] > result_of(doubtful[0]).decoded.chars[4]
    assert found.decoded.chars[4] < 0.9, "frames of one car repeat their mistakes: they count for a few only"


def test_a_large_sharp_plate_outvotes_two_small_ones() -> None:
    small = [look(reading("皖A12B45", sure=0.9), None, plate(height=4.0, score=0.5)) for _ in range(2)]
    found = result_of(*small, look(reading(TEXT), None, plate(height=HEIGHT_CLEAR_PX)))
    assert found.decoded.text == TEXT


def test_two_readings_that_agree_are_surer_than_either_however_small_the_plate() -> None:
    small = [look(reading(TEXT, sure=0.97), None, plate(height=10.0, score=0.5)) for _ in range(2)]
    assert result_of(small[0]).decoded.score < 0.8
    assert result_of(*small).decoded.score > 0.99


def test_one_reading_alone_is_never_surer_than_strays_allow() -> None:
    found = result_of(look(reading(TEXT, sure=1.0)))
    assert 0.94 < found.decoded.score < 0.97


def test_evidence_is_the_best_frame_that_says_the_voted_text() -> None:
    clock = FakeClock()
    looks = []
    for height in (10.0, 24.0, 18.0):
        clock.advance(0.1)
        looks.append(look(reading(TEXT), clock.stamp(), plate(height=height)))
    assert result_of(*looks).evidence.captured == looks[1].captured


def test_where_no_frame_says_the_voted_text_the_nearest_is_shown_and_nothing_agrees() -> None:
    def misread(*places: int) -> PlateLook:
        return look(reading(TEXT, doubts=dict.fromkeys(places, ("9", 0.6))))

    looks = [misread(2, 3), misread(4, 5), misread(6), misread(2)]
    found = result_of(*looks)
    assert found.decoded.text == TEXT
    assert found.agreeing == 0
    assert found.evidence.captured == looks[2].captured


def test_readings_that_say_nothing_leave_nothing() -> None:
    assert vote_of().result() is None
    assert vote_of(look(blurred()), look(blurred())).result() is None
    assert vote_of(look(no_plate())).result() is None
    assert vote_of(look(blurred()), look(blurred())).reads == 2


def test_a_reading_that_says_nothing_takes_little_from_one_that_does() -> None:
    found = result_of(look(reading(TEXT)), look(blurred()), look(blurred()))
    assert found.decoded.text == TEXT
    assert found.decoded.score > 0.9


def test_what_is_no_probability_is_no_look() -> None:
    made = reading(TEXT)
    made.chars[0, 0] = np.nan
    assert look_of(FakeClock().stamp(), plate(), made) is None


def test_memory_does_not_grow_with_the_readings() -> None:
    vote = PlateVote()
    for n in range(500):
        vote.add(look(reading(f"皖A{n:05d}")))
        vote.add(look(reading(TEXT)))
    assert len(vote.ballots) <= BALLOTS_MAX
    assert vote.reads == 1000


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([TEXT, TEXT, TEXT, "皖A12346", "皖A72345"]), min_size=1, max_size=12), st.integers(0, 12)
)
def test_the_order_of_readings_and_where_they_were_counted_first_make_no_difference(texts: list[str], cut: int) -> None:
    looks = [look(reading(text, sure=0.95)) for text in texts]
    forward, backward = vote_of(*looks), vote_of(*reversed(looks))
    joined = vote_of(*looks[:cut])
    joined.absorb(vote_of(*looks[cut:]))
    for vote in (backward, joined):
        assert vote.reads == forward.reads
        assert np.allclose(vote.chars, forward.chars)
        assert np.isclose(vote.weight_squared, forward.weight_squared)
        assert {text: ballot.count for text, ballot in vote.ballots.items()} == {
            text: ballot.count for text, ballot in forward.ballots.items()
        }


@pytest.mark.parametrize(
    ("other", "differs"),
    [("皖A12345", False), ("皖A12346", False), ("皖A12366", False), ("皖A12666", True), ("苏E99999", True)],
)
def test_another_car_differs_in_several_sure_characters(other: str, *, differs: bool) -> None:
    one, two = (result_of(look(reading(text))).decoded for text in (TEXT, other))
    assert is_other_car(one, two) is differs


@pytest.mark.parametrize("shifted", ["粤BD11234", "粤BD23445", "粤BD23456", "粤BD01234"])
def test_a_lost_or_doubled_character_that_shifts_the_rest_is_no_other_car(shifted: str) -> None:
    one, two = (result_of(look(reading(text))).decoded for text in ("粤BD12345", shifted))
    assert sum(a != b for a, b in zip(one.text, two.text, strict=True)) >= 3
    assert not is_other_car(one, two)


@given(st.text("AB1", max_size=8), st.text("AB1", max_size=8))
def test_edits_are_a_distance_no_larger_than_changing_place_by_place(one: str, other: str) -> None:
    assert edits(one, other) == edits(other, one)
    assert (edits(one, other) == 0) is (one == other)
    place_by_place = sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))
    assert abs(len(one) - len(other)) <= edits(one, other) <= place_by_place
    assert edits("A" + one, one) == 1


def test_unsure_characters_are_no_sign_of_another_car() -> None:
    one = result_of(look(reading(TEXT))).decoded
    doubts = {slot: (digit, 0.22) for slot, digit in zip(range(2, 7), DIGITS, strict=False)}
    two = result_of(look(reading("皖A67890", doubts=doubts))).decoded
    assert two.text == "皖A67890"
    assert not is_other_car(one, two)


def test_a_text_as_improbable_as_a_sign_gives_is_not_said() -> None:
    doubts = {slot: (digit, 0.4) for slot, digit in zip(range(2, 7), DIGITS, strict=False)}
    vote = vote_of(look(reading("皖A67890", doubts=doubts)))
    assert vote.reads == 1
    assert vote.result() is None


def test_the_kind_is_voted_on_too() -> None:
    found = result_of(*(look(reading(TEXT, kind=kind)) for kind in (PlateKind.YELLOW, PlateKind.BLUE, PlateKind.BLUE)))
    assert found.decoded.kind is PlateKind.BLUE
