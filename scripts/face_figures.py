"""From templates to figures: accuracy, true matches at false-match rates, intervals. Pure."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from lfw import Pair, person_of, pictures_of
from numpy.typing import NDArray

FALSE_MATCH_RATES = (1e-3, 1e-4, 1e-5)
THRESHOLD_RATES = (1e-2, *FALSE_MATCH_RATES)
ENROLLED_PICTURES = 3
MISSING = -2.0  # below every cosine: a picture without a face matches nobody
CONFIDENCE_Z = 1.96

Templates = dict[str, NDArray[np.float32] | None]
"""By picture; None where no face was found."""


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The pairs that are measured: thresholds come from `train` alone."""

    train: list[Pair]
    test: list[Pair]


def figures(templates: Templates, lists: Lists) -> dict[str, Any]:
    """Everything that is printed, ready for JSON."""
    train, test = lists.train, lists.test
    same_train, same_test = np.array([p.same for p in train]), np.array([p.same for p in test])
    threshold = best_threshold(scores(templates, train), same_train)
    train_impostors = impostor_scores(_only(templates, train))
    return {
        "threshold": threshold,
        "accuracy": share((scores(templates, test) >= threshold) == same_test),
        "accuracy_train": share((scores(templates, train) >= threshold) == same_train),
        "found": share(np.array([t is not None for t in templates.values()])),
        "not_found": [name for name, t in templates.items() if t is None],
        "true_matches": true_matches(templates, train + test),
        "true_matches_test": true_matches(_only(templates, test), test),
        "train_scores_at": {str(rate): at_rate(train_impostors, rate) for rate in THRESHOLD_RATES},
        **_enrolled_figures(_only(templates, train)),
    }


def true_matches(templates: Templates, pairs: list[Pair]) -> list[dict[str, Any]]:
    """At each false-match rate over all pairs of different people: the share of same-person pairs that match."""
    impostors = impostor_scores(templates)
    genuine = scores(templates, [p for p in pairs if p.same])
    return [
        {"fmr": rate, "impostor_pairs": len(impostors), **share(genuine >= at_rate(impostors, rate))}
        for rate in FALSE_MATCH_RATES
    ]


def _enrolled_figures(templates: Templates) -> dict[str, Any]:
    """Empty where a part of the pairs leaves nobody with enough pictures."""
    genuine, impostors = enrolled_scores(templates)
    rates = FALSE_MATCH_RATES if len(genuine) else ()
    return {
        "enrolled_scores_at": {str(rate): at_rate(impostors, rate) for rate in THRESHOLD_RATES if rates},
        "enrolled_true_matches": [{"fmr": rate, **share(genuine >= at_rate(impostors, rate))} for rate in rates],
    }


def scores(templates: Templates, pairs: list[Pair]) -> NDArray[np.float64]:
    found = []
    for pair in pairs:
        one, other = templates[pair.one], templates[pair.other]
        found.append(MISSING if one is None or other is None else float(one @ other))
    return np.array(found)


def best_threshold(values: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """The middle of the best step of the accuracy, so that the last training pair does not decide."""
    order = np.sort(np.unique(values))
    edges = (order[1:] + order[:-1]) / 2
    accuracy = np.array([np.mean((values >= edge) == same) for edge in edges])
    best = np.flatnonzero(accuracy == accuracy.max())
    return float(edges[best[len(best) // 2]])


def impostor_scores(templates: Templates) -> NDArray[np.float32]:
    """All pairs of different people, best first."""
    there = {name: t for name, t in templates.items() if t is not None}
    people = np.unique([person_of(name) for name in there], return_inverse=True)[1]
    matrix = np.stack(list(there.values()))
    one, other = np.triu_indices(len(there), 1)
    values = (matrix @ matrix.T)[one, other]
    return np.sort(values[people[one] != people[other]])[::-1]


def enrolled_scores(templates: Templates) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A person enrolled with three photographs against single looks: the same person's others, and everybody else's.

    The second is sorted, best first. The mean of several pictures lies nearer to *everybody* than each of them: at one
    score it has several times the false matches of a single picture, so thresholds for galleries come from here.
    """
    there = {name: t for name, t in templates.items() if t is not None}
    people, looks = np.array([person_of(name) for name in there]), np.stack(list(there.values()))
    genuine, impostors = [looks[:0, 0]], [looks[:0, 0]]
    for person in np.unique(people):
        own = looks[people == person]
        if len(own) >= ENROLLED_PICTURES:
            mean = own[:ENROLLED_PICTURES].mean(axis=0)
            mean /= np.linalg.norm(mean)
            genuine.append(own[ENROLLED_PICTURES:] @ mean)
            impostors.append(looks[people != person] @ mean)
    return np.concatenate(genuine), np.sort(np.concatenate(impostors))[::-1]


def at_rate(impostors: NDArray[np.float32], rate: float) -> float:
    """The score that the share `rate` of impostor pairs reaches."""
    return float(impostors[min(len(impostors) - 1, int(len(impostors) * rate))])


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    share, z2 = successes / trials, CONFIDENCE_Z**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = CONFIDENCE_Z / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return middle - half, middle + half


def share(values: NDArray[np.bool_]) -> dict[str, Any]:
    low, high = wilson(int(values.sum()), len(values))
    return {"share": float(values.mean()), "low": low, "high": high, "of": len(values)}


def _only(templates: Templates, pairs: list[Pair]) -> Templates:
    return {name: templates[name] for name in pictures_of(pairs)}
