"""Two whom a camera took for one another: the real gallery, matcher and passages, from the bytes a hub would send."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.clock import FakeClock
from edge_agent.commands.match import in_words
from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.recognition.matcher import Match, Matcher
from edge_agent.recognition.passage import Look, PassageRules, Passages
from edge_agent.vision.manifest import FaceSpec
from edge_agent.wire.gallery import LOOKALIKES_MAX, WrittenLookalike

LENGTH = 4
FACE = FaceSpec(
    embedder_id="e",
    template_length=LENGTH,
    same_score_min=0.5,
    door_score_min=0.7,
    welfare_score_min=0.8,
    welfare_margin_min=0.03,
)
BOTH = frozenset({Purpose.DOOR, Purpose.WELFARE})
Template = NDArray[np.float32]


def at_cosine(cosine: float) -> Template:
    """A unit template that is so near to the probe (1, 0, 0, 0)."""
    return np.array([cosine, np.sqrt(1 - cosine**2), 0, 0], np.float32)


PROBE = at_cosine(1.0)


def pair(person: str, other: str, wider_by: float = 0.1) -> WrittenLookalike:
    return WrittenLookalike(person=person, other=other, wider_by=wider_by)


def gallery(people: Mapping[str, Sequence[float]], *pairs: WrittenLookalike) -> Gallery:
    """People by how near their templates are to the probe; read from bytes, as a device reads it."""
    entries = tuple(
        Entry(person=person, purposes=BOTH, templates=np.stack([at_cosine(c) for c in cosines]))
        for person, cosines in people.items()
    )
    made = Gallery(embedder_id="e", template_length=LENGTH, entries=entries, lookalikes=pairs)
    return Gallery.from_bytes(made.to_bytes(), embedder_id="e", template_length=LENGTH)


def found(people: Mapping[str, Sequence[float]], *pairs: WrittenLookalike) -> Match:
    match = Matcher(gallery(people, *pairs)).match(PROBE)
    assert match is not None
    return match


@pytest.mark.parametrize(
    ("behind", "welfare"), [(0.05, False), (0.12, False), (0.129, False), (0.1305, True), (0.3, True)]
)
@pytest.mark.parametrize("named", [("li", "wang"), ("wang", "li")])
def test_a_lookalike_must_be_behind_by_the_usual_margin_and_the_wider_one_and_the_order_of_the_pair_says_nothing(
    named: tuple[str, str], behind: float, *, welfare: bool
) -> None:
    match = found({"li": [0.95], "wang": [0.95 - behind]}, pair(*named))
    assert match.person == "li"
    assert match.suffices(Purpose.WELFARE, FACE) is welfare


def test_without_the_pair_the_same_sighting_counts_and_a_pair_of_others_changes_nothing() -> None:
    people = {"li": [0.95], "wang": [0.90], "chen": [0.5], "zhao": [0.4]}
    assert found(people).suffices(Purpose.WELFARE, FACE)
    assert found(people, pair("chen", "wang"), pair("li", "zhao")).suffices(Purpose.WELFARE, FACE)
    assert not found(people, pair("chen", "wang"), pair("li", "wang")).suffices(Purpose.WELFARE, FACE)


def test_the_wider_margin_is_over_that_very_person_and_the_usual_one_over_everybody_else() -> None:
    far_lookalike_near_other = {"li": [0.95], "wang": [0.7], "chen": [0.91]}
    assert found(far_lookalike_near_other, pair("li", "wang")).suffices(Purpose.WELFARE, FACE)
    too_near_other = far_lookalike_near_other | {"chen": [0.93]}
    assert not found(too_near_other, pair("li", "wang")).suffices(Purpose.WELFARE, FACE)


def test_the_best_template_of_a_lookalike_is_the_one_to_be_clear_of() -> None:
    assert not found({"li": [0.95], "wang": [0.2, 0.9, 0.1]}, pair("li", "wang")).suffices(Purpose.WELFARE, FACE)


def test_a_door_opens_for_a_resident_whom_somebody_looks_like() -> None:
    match = found({"li": [0.95], "wang": [0.94]}, pair("li", "wang", 0.25))
    assert match.suffices(Purpose.DOOR, FACE)
    assert not match.suffices(Purpose.WELFARE, FACE)


def test_somebody_with_two_lookalikes_must_be_clear_of_both_and_the_words_name_the_one_who_lacks_most() -> None:
    people = {"li": [0.95], "wang": [0.83], "chen": [0.80]}
    match = found(people, pair("li", "wang", 0.1), pair("chen", "li", 0.25))
    assert [one.person for one in match.confusables if not one.is_clear(FACE)] == ["wang", "chen"]
    words = in_words(match, FACE)
    assert words.endswith("enough for the door; the welfare watch needs a margin of 0.280 over the lookalike chen")


@given(
    cosines=st.lists(st.floats(0.0, 1.0).map(lambda c: round(c, 3)), min_size=2, max_size=6, unique=True),
    pairs=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6),
    wider_by=st.sampled_from([0.1, 0.15, 0.25]),
)
def test_pairs_only_ever_take_welfare_away_and_never_change_who_is_nearest_or_a_door(
    cosines: list[float], pairs: set[tuple[int, int]], wider_by: float
) -> None:
    people = {f"p{n}": [cosine] for n, cosine in enumerate(cosines)}
    told = {(min(a, b), max(a, b)) for a, b in pairs if a != b and max(a, b) < len(cosines)}
    plain = found(people)
    careful = found(people, *(pair(f"p{a}", f"p{b}", wider_by) for a, b in told))
    assert (careful.person, careful.score, careful.margin) == (plain.person, plain.score, plain.margin)
    assert careful.suffices(Purpose.DOOR, FACE) == plain.suffices(Purpose.DOOR, FACE)
    nearest = cosines.index(max(cosines))
    behind = [cosines[nearest] - cosines[a if b == nearest else b] for a, b in told if nearest in (a, b)]
    gap = min((abs(one - wider_by - FACE.welfare_margin_min) for one in behind), default=1.0)
    if gap > 1e-4:  # at the very edge float32 decides
        clear = all(one >= wider_by + FACE.welfare_margin_min for one in behind)
        assert careful.suffices(Purpose.WELFARE, FACE) == (plain.suffices(Purpose.WELFARE, FACE) and clear)


def walked(known: Gallery) -> bool:
    """Whether somebody who is filmed three times is told as a strict sighting."""
    clock = FakeClock()
    rules = PassageRules(gap_s=2.0, interim_s=120.0, frames_min=2, best_frames=5)
    passages = Passages(rules, Matcher(known), face=FACE, camera="east")
    for _ in range(3):
        clock.advance(0.2)
        passages.see(1, clock.stamp(), 0.8)
        passages.look(1, Look(captured=clock.stamp(), quality=0.8, template=PROBE))
    clock.advance(3.0)
    [event] = passages.due(clock.monotonic_s())
    assert event.sighting is not None
    assert event.sighting.person == "li"
    return event.sighting.strict


def test_a_passage_of_somebody_with_a_near_lookalike_is_told_with_a_name_and_is_not_strict() -> None:
    people = {"li": [0.95], "wang": [0.88]}
    assert walked(gallery(people))
    assert not walked(gallery(people, pair("li", "wang")))


def test_who_leaves_a_gallery_takes_their_pairs_along() -> None:
    three = gallery({"li": [0.9], "wang": [0.8], "chen": [0.7]}, pair("li", "wang"), pair("chen", "li"))
    assert three.without("wang").lookalikes == (pair("chen", "li"),)
    assert three.without("nobody") is three
    assert three.without("li").lookalikes == ()
    assert three.only_for([Purpose.WELFARE]).lookalikes == three.lookalikes
    assert three.only_for([Purpose.WATCHLIST]).lookalikes == ()


GOOD = {"person": "li", "other": "wang", "wider_by": 0.1}


@pytest.mark.parametrize(
    ("lookalikes", "words"),
    [
        ([GOOD, GOOD], "twice"),
        ([GOOD, {"person": "wang", "other": "li", "wider_by": 0.2}], "twice"),
        ([GOOD | {"other": "li"}], "own lookalike"),
        ([GOOD | {"other": "gone"}], "not both in it"),
        ([GOOD | {"wider_by": 0}], "wider by"),
        ([GOOD | {"wider_by": 1.01}], "wider by"),
        ([GOOD | {"wider_by": "0.1"}], "damaged"),
        ([GOOD | {"why": "twins"}], "damaged"),
        ([{"person": "li", "other": "wang"}], "damaged"),
        ({}, "damaged"),
        ([GOOD] * (LOOKALIKES_MAX + 1), "at most 20000 fit"),
    ],
)
def test_lookalikes_that_cannot_be_make_no_gallery(lookalikes: object, words: str) -> None:
    content: dict[str, Any] = json.loads(gallery({"li": [0.9], "wang": [0.8]}).to_bytes())
    told = json.dumps(content | {"lookalikes": lookalikes}).encode()
    with pytest.raises(GalleryError, match=words):
        Gallery.from_bytes(told, embedder_id="e", template_length=LENGTH)


def test_a_gallery_without_pairs_does_not_speak_of_them() -> None:
    assert "lookalikes" not in json.loads(gallery({"li": [0.9]}).to_bytes())
