import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.recognition.matcher import Match, Matcher
from edge_agent.vision.manifest import FaceSpec

FACE = FaceSpec(
    embedder_id="e",
    template_length=3,
    same_score_min=0.5,
    door_score_min=0.7,
    welfare_score_min=0.8,
    welfare_margin_min=0.1,
)


def rows(*vectors: tuple[float, ...]) -> NDArray[np.float32]:
    table = np.array(vectors, np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    return table


def gallery(**people: NDArray[np.float32]) -> Gallery:
    entries = tuple(
        Entry(person=person, purposes=frozenset({Purpose.DOOR}), templates=t) for person, t in people.items()
    )
    return Gallery(embedder_id="e", template_length=3, entries=entries)


def match(score: float, margin: float | None, *purposes: Purpose) -> Match:
    return Match(person="p", purposes=frozenset(purposes), score=score, margin=margin)


def test_the_nearest_person_is_found_with_score_and_margin() -> None:
    found = Matcher(gallery(a=rows((1, 0, 0)), b=rows((0.6, 0.8, 0)))).match(rows((1, 0, 0))[0])
    assert found is not None
    assert found.person == "a"
    assert found.score == pytest.approx(1)
    assert found.margin == pytest.approx(0.4)


def test_the_margin_is_over_another_person_and_not_over_another_picture_of_the_same() -> None:
    twice = rows((1, 0, 0), (0.99, 0.1, 0))
    found = Matcher(gallery(b=rows((0, 1, 0)), a=twice, c=rows((0, 0, 1)))).match(rows((1, 0, 0))[0])
    assert found is not None
    assert found.person == "a"
    assert found.margin == pytest.approx(1)


def test_the_best_of_several_templates_counts() -> None:
    found = Matcher(gallery(a=rows((0, 1, 0), (0, 0, 1), (1, 0, 0)), b=rows((0.9, 0.5, 0)))).match(rows((1, 0, 0))[0])
    assert found is not None
    assert found.person == "a"


def test_who_is_alone_in_the_gallery_has_no_margin() -> None:
    found = Matcher(gallery(a=rows((1, 0, 0)))).match(rows((0, 1, 0))[0])
    assert found is not None
    assert (found.person, found.margin) == ("a", None)
    assert found.score == pytest.approx(0)


def test_an_empty_gallery_knows_nobody() -> None:
    assert Matcher(gallery()).match(rows((1, 0, 0))[0]) is None


@pytest.mark.parametrize(
    "bad", [(1.0, 0.0), (1.0, 0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (0.0, 0.0, 0.0), (np.nan, 0.0, 0.0)]
)
def test_what_is_no_unit_template_is_refused(bad: tuple[float, ...]) -> None:
    with pytest.raises(GalleryError, match="not a unit template"):
        Matcher(gallery(a=rows((1, 0, 0)))).match(np.array(bad, np.float32))


@pytest.mark.parametrize(
    ("score", "margin", "purposes", "door", "welfare"),
    [
        (0.70, 0.5, {Purpose.DOOR, Purpose.WELFARE}, True, False),
        (0.699, 0.5, {Purpose.DOOR, Purpose.WELFARE}, False, False),
        (0.80, 0.10, {Purpose.DOOR, Purpose.WELFARE}, True, True),
        (0.80, 0.099, {Purpose.DOOR, Purpose.WELFARE}, True, False),
        (0.799, 0.5, {Purpose.DOOR, Purpose.WELFARE}, True, False),
        (0.95, None, {Purpose.DOOR, Purpose.WELFARE}, True, True),
        (0.99, 0.5, {Purpose.DOOR}, True, False),
        (0.99, 0.5, {Purpose.WELFARE}, False, True),
        (0.99, 0.5, {Purpose.WATCHLIST}, False, False),
    ],
)
def test_welfare_is_stricter_than_the_door_and_purposes_are_kept_apart(
    score: float, margin: float | None, purposes: set[Purpose], *, door: bool, welfare: bool
) -> None:
    found = match(score, margin, *purposes)
    assert found.suffices(Purpose.DOOR, FACE) is door
    assert found.suffices(Purpose.WELFARE, FACE) is welfare


def test_a_watchlist_candidate_needs_the_doors_score() -> None:
    assert match(0.7, 0, Purpose.WATCHLIST).suffices(Purpose.WATCHLIST, FACE)
    assert not match(0.69, 0, Purpose.WATCHLIST).suffices(Purpose.WATCHLIST, FACE)


@given(seed=st.integers(0, 10_000), counts=st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_the_fast_way_agrees_with_the_obvious_one(seed: int, counts: list[int]) -> None:
    random = np.random.default_rng(seed)
    people = {f"p{i}": rows(*map(tuple, random.normal(size=(n, 3)))) for i, n in enumerate(counts)}
    probe = rows(tuple(random.normal(size=3)))[0]
    found = Matcher(gallery(**people)).match(probe)
    best = sorted(((max(float(t @ probe) for t in ts), person) for person, ts in people.items()), reverse=True)
    assert found is not None
    assert found.person == best[0][1]
    assert found.score == pytest.approx(best[0][0], abs=1e-6)
    if len(best) > 1:
        assert found.margin == pytest.approx(best[0][0] - best[1][0], abs=1e-6)


def test_ten_thousand_people_are_compared_in_a_few_milliseconds() -> None:
    random = np.random.default_rng(1)
    table = random.normal(size=(10_000, 128)).astype(np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    entries = tuple(
        Entry(person=f"p-{n}", purposes=frozenset({Purpose.DOOR}), templates=row[None]) for n, row in enumerate(table)
    )
    matcher = Matcher(Gallery(embedder_id="e", template_length=128, entries=entries))
    times_ms = []
    for n in range(0, 10_000, 500):
        start = time.perf_counter()
        found = matcher.match(table[n])
        times_ms.append((time.perf_counter() - start) * 1000)
        assert found is not None
        assert found.person == f"p-{n}"
    assert np.median(times_ms) < 20  # about 0.5 here; the bound is for a busy machine
