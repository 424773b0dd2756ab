"""The figures that `scripts/bench_faces` prints, on templates whose answer is known."""

import numpy as np
import pytest
from face_figures import (
    MISSING,
    Lists,
    Templates,
    at_rate,
    best_threshold,
    enrolled_scores,
    figures,
    impostor_scores,
    scores,
    wilson,
)
from lfw import Pair, person_of, pictures_of


def template(*numbers: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.array(numbers, np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def crowd(people: int, pictures: int, noise: float) -> Templates:
    random = np.random.default_rng(4)
    found: Templates = {}
    for person in range(people):
        middle = random.normal(size=16)
        for number in range(pictures):
            found[f"P{person}_{number:04}.jpg"] = template(*(middle + noise * random.normal(size=16)))
    return found


def test_a_picture_without_a_face_matches_nobody() -> None:
    templates: Templates = {"A_0001.jpg": template(1, 0), "A_0002.jpg": None, "B_0001.jpg": template(1, 1)}
    pairs = [
        Pair(one="A_0001.jpg", other="A_0002.jpg", same=True),
        Pair(one="A_0001.jpg", other="B_0001.jpg", same=False),
    ]
    assert scores(templates, pairs) == pytest.approx([MISSING, np.sqrt(0.5)])


def test_the_threshold_is_the_middle_of_what_separates_best() -> None:
    values = np.array([0.1, 0.2, 0.6, 0.8])
    assert best_threshold(values, np.array([False, False, True, True])) == pytest.approx(0.4)


def test_impostors_are_all_pairs_of_different_people_and_no_others() -> None:
    templates = crowd(5, 3, 0.1)
    found = impostor_scores(templates)
    assert len(found) == 5 * 4 // 2 * 3 * 3
    expected = [
        float(a @ b)
        for one, a in templates.items()
        for other, b in templates.items()
        if a is not None and b is not None and one < other and person_of(one) != person_of(other)
    ]
    np.testing.assert_allclose(found, sorted(expected, reverse=True), atol=1e-6)


def test_a_rate_is_the_score_that_this_share_reaches() -> None:
    impostors = np.linspace(1, 0, 1001, dtype=np.float32)
    assert at_rate(impostors, 0.1) == pytest.approx(0.9)
    assert at_rate(impostors, 1e-9) == pytest.approx(1)


def test_an_enrolled_person_is_compared_with_their_other_pictures_and_with_everybody_elses() -> None:
    genuine, impostors = enrolled_scores(crowd(4, 5, 0.1))
    assert len(genuine) == 4 * 2
    assert len(impostors) == 4 * 15
    assert genuine.min() > impostors.max()


def test_without_anybody_who_has_four_pictures_nothing_is_said_about_enrolment() -> None:
    templates = crowd(3, 2, 0.1)
    names = sorted(templates)
    pairs = [Pair(one=a, other=b, same=person_of(a) == person_of(b)) for a in names for b in names if a < b]
    found = figures(templates, Lists(train=pairs, test=pairs))
    assert found["enrolled_scores_at"] == {}
    assert found["enrolled_true_matches"] == []


def test_the_mean_of_pictures_is_nearer_to_strangers_than_a_picture_is() -> None:
    """Why thresholds come from means: templates that share a direction, as faces do, all come nearer to it."""
    random = np.random.default_rng(6)
    shared = np.zeros(64)
    shared[0] = 4
    templates: Templates = {
        f"P{person}_{number:04}.jpg": template(*(shared + middle + random.normal(size=64) * 0.5))
        for person in range(60)
        for middle in [random.normal(size=64) * 0.4]
        for number in range(4)
    }
    _, enrolled = enrolled_scores(templates)
    assert np.median(enrolled) > np.median(impostor_scores(templates)) + 0.05


def test_wilsons_interval_is_the_published_one() -> None:
    low, high = wilson(81, 263)  # Newcombe 1998, table I
    assert low == pytest.approx(0.2553, abs=1e-4)
    assert high == pytest.approx(0.3662, abs=1e-4)


def test_a_perfect_system_has_perfect_figures() -> None:
    templates = crowd(40, 4, 0.02)
    names = sorted(templates)
    train, test = names[: len(names) // 2], names[len(names) // 2 :]

    def pairs(among: list[str]) -> list[Pair]:
        both = [(a, b) for a in among for b in among if a < b]
        return [Pair(one=a, other=b, same=person_of(a) == person_of(b)) for a, b in both]

    lists = Lists(train=pairs(train), test=pairs(test))
    found = figures(templates, lists)
    assert pictures_of(lists.test) == test
    assert found["accuracy"]["share"] == found["found"]["share"] == 1
    assert [match["share"] for match in found["true_matches"] + found["true_matches_test"]] == [1] * 6
    assert found["true_matches_test"][0]["impostor_pairs"] < found["true_matches"][0]["impostor_pairs"]
    assert found["not_found"] == []
