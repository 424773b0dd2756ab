import math
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scripted_plates import AT, no_plate, reading

from edge_agent.vision import plate_decode
from edge_agent.vision.plate import CLASSES, KINDS, SLOTS, RawReading
from edge_agent.vision.plate_decode import (
    PRIOR_LOG_ODDS_MAX,
    SCORE_MIN,
    Decoded,
    SitePrior,
    decode,
    decode_reading,
)
from edge_agent.wire.plate import CHARACTERS, PROVINCES, TEXTS, PlateKind, kinds_of

KINDS_OF_PLATES = [kind for kind in KINDS if kind is not None]
texts_and_kinds = st.sampled_from(KINDS_OF_PLATES).flatmap(
    lambda kind: st.tuples(st.from_regex(TEXTS[kind], fullmatch=True), st.just(kind))
)


def decoded(made: RawReading, prior: SitePrior | None = None) -> Decoded:
    found = decode_reading(made, prior=prior)
    assert found is not None
    return found


@settings(max_examples=400)
@given(texts_and_kinds)
def test_every_text_that_may_stand_on_a_kind_can_be_read_on_it(pair: tuple[str, PlateKind]) -> None:
    text, kind = pair
    found = decoded(reading(text, kind=kind))
    assert (found.text, found.kind) == (text, kind)
    assert len(found.chars) == len(text)


def test_the_grammar_allows_in_each_place_exactly_what_the_wire_allows() -> None:
    """Place by place and kind by kind, against the regular expressions: one change of a text that matches."""
    for wall, (kind, places) in zip(plate_decode._WALLS, plate_decode._LAYOUTS, strict=True):
        text = "".join(place[0] for place in places)
        assert re.fullmatch(TEXTS[kind], text)
        for slot in range(len(text)):
            for character in CHARACTERS:
                changed = text[:slot] + character + text[slot + 1 :]
                allowed = bool(wall[slot, AT[character]] == 0)
                mixed = kind is PlateKind.BLACK and slot == 0 and (character == "使") != (text[0] == "使")
                if not mixed:  # an embassy's plate and another black one differ in more than one place
                    assert bool(re.fullmatch(TEXTS[kind], changed)) == allowed, changed


@settings(max_examples=300, deadline=None)
@given(
    arrays(np.float64, (SLOTS, len(CLASSES)), elements=st.floats(-20, 0)),
    arrays(np.float64, (len(KINDS),), elements=st.floats(-20, 0)),
)
def test_whatever_the_network_says_what_is_decoded_may_stand_on_that_kind(
    chars: np.ndarray[tuple[int, int], np.dtype[np.float64]], kinds: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    chars = chars.copy()
    chars[np.arange(SLOTS), chars.argmax(axis=1)] += 40  # sure of something, sense or nonsense
    kinds[-1] = -30
    found = decode(chars, kinds)
    if found is not None:
        assert re.fullmatch(TEXTS[found.kind], found.text)
        assert math.isclose(found.score, math.prod(found.chars) * found.places[-1, AT[""]] ** (len(found.text) == 7))
        assert SCORE_MIN <= found.score <= 1 + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_best_and_second_are_those_of_trying_every_kind_and_every_single_change(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chars = rng.normal(0, 1, (SLOTS, len(CLASSES)))
    text = "皖A12345"
    for slot, character in enumerate(text):
        chars[slot, AT[character]] += 12
    chars[7, AT[""]] += 40  # seven places, surely
    kinds = rng.normal(0, 3, len(KINDS))
    kinds[-1] = -20
    found = decode(chars, kinds)
    assert found is not None
    logs = np.log(np.exp(chars) / np.exp(chars).sum(axis=1, keepdims=True))
    tried = []
    for at, kind in enumerate(KINDS_OF_PLATES):
        for slot in range(7):
            for character in CHARACTERS:
                changed = text[:slot] + character + text[slot + 1 :]
                if kind in kinds_of(changed):
                    total = kinds[at] + sum(logs[s, AT[c]] for s, c in enumerate(changed))
                    tried.append((total, changed))
    best = max(tried)
    assert found.text == best[1]
    assert found.second == max(t for t in tried if t[1] != best[1])[1]


def test_kind_and_text_are_decided_together() -> None:
    made = reading("皖A1234学", kind=PlateKind.BLUE)
    found = decoded(made)
    assert (found.text, found.kind) == ("皖A1234学", PlateKind.YELLOW), "a sure 学 tells more than a likely colour"
    unclear = reading("皖A12345", kind=PlateKind.YELLOW, doubts={6: ("学", 0.49)})
    assert decoded(unclear).text == "皖A12345"


def test_a_green_plate_is_eight_long_and_a_blue_one_seven() -> None:
    assert decoded(reading("皖AD12345", kind=PlateKind.GREEN)).text == "皖AD12345"
    torn = reading("皖AD1234", kind=PlateKind.GREEN)
    found = decode_reading(torn)
    assert found is None or found.kind is not PlateKind.GREEN


def test_an_embassy_has_six_digits_after_its_sign() -> None:
    found = decoded(reading("使014578", kind=PlateKind.BLACK))
    assert (found.text, found.kind) == ("使014578", PlateKind.BLACK)


def test_the_score_is_the_probability_of_all_places_and_doubt_outside_the_grammar_stays_doubt() -> None:
    found = decoded(reading("皖A12345", sure=0.9))
    assert math.isclose(found.score, 0.9**8, rel_tol=1e-5)
    assert all(math.isclose(char, 0.9, rel_tol=1e-5) for char in found.chars)
    forbidden = decoded(reading("皖A12345", doubts={1: ("港", 0.4)}))
    assert math.isclose(forbidden.chars[1], 0.599, rel_tol=1e-4), "港 may not stand there, but what does is no surer"


def test_the_second_text_is_the_nearest_doubt_with_its_own_score() -> None:
    found = decoded(reading("皖A1234B", doubts={6: ("8", 0.3)}))
    assert (found.text, found.second) == ("皖A1234B", "皖A12348")
    assert math.isclose(found.second_score, found.score * 0.3 / 0.699, rel_tol=1e-4)


def test_what_is_no_plate_or_cannot_be_said_is_nothing() -> None:
    assert decode_reading(no_plate()) is None
    assert decode_reading(reading("皖A12345", sure=0.6)) is None, "0.6 to the eighth is less than can be said"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_what_is_no_probability_gives_nothing(bad: float) -> None:
    made = reading("皖A12345")
    made.chars[3, 3] = bad
    assert decode_reading(made) is None
    other = reading("皖A12345")
    other.kinds[0] = bad
    assert decode_reading(other) is None


def test_logarithms_that_are_not_finite_and_other_shapes_are_the_callers_mistake() -> None:
    chars, kinds = np.zeros((SLOTS, len(CLASSES))), np.zeros(len(KINDS))
    spoilt = chars.copy()
    spoilt[0, 0] = -np.inf
    with pytest.raises(ValueError, match="not finite"):
        decode(spoilt, kinds)
    with pytest.raises(ValueError, match="shapes"):
        decode(chars[:7], kinds)
    with pytest.raises(ValueError, match="shapes"):
        decode(chars, kinds[:-1])


def test_a_prior_decides_between_near_equals_and_tells_the_pictures_own_probability() -> None:
    prior = SitePrior.of({"皖": 0.9, "苏": 0.05})
    near = reading("赣A12345", doubts={0: ("皖", 0.45)})
    assert decoded(near).text == "赣A12345"
    turned = decoded(near, prior)
    assert turned.text == "皖A12345"
    assert math.isclose(turned.chars[0], 0.45, rel_tol=1e-4)


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(PROVINCES), st.floats(0, 1 / 31), max_size=31),
    st.sampled_from(PROVINCES),
    st.sampled_from(PROVINCES),
    st.floats(0.01, 0.95),
)
def test_a_prior_never_turns_what_is_surer_than_its_bound(
    shares: dict[str, float], first: str, other: str, sure: float
) -> None:
    if first == other:
        return
    made = reading(f"{first}A12345", sure=0.999, doubts={0: (other, 0.999 - sure)} if sure < 0.99 else None)
    plain, nudged = decode_reading(made), decode_reading(made, prior=SitePrior.of(shares))
    if plain is None or nudged is None:
        return
    odds = math.log(plain.chars[0] / nudged.probability(0, nudged.text[0]))
    assert odds <= PRIOR_LOG_ODDS_MAX + 1e-9
    if math.log(max(sure, 1e-9) / max(0.999 - sure, 1e-9)) > PRIOR_LOG_ODDS_MAX:
        assert nudged.text == plain.text


@pytest.mark.parametrize("shares", [{"A": 0.5}, {"皖": 1.2}, {"皖": -0.1}, {"皖": 0.6, "苏": 0.6}, {"皖": math.nan}])
def test_a_prior_of_no_provinces_or_no_shares_is_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"province|shares"):
        SitePrior.of(shares)


def test_a_call_takes_less_than_a_third_of_a_millisecond() -> None:
    logs = plate_decode.logs_of(reading("皖A12345"))
    assert logs is not None
    best_s = math.inf
    for _ in range(200):
        started_s = time.perf_counter()
        decode(*logs)
        best_s = min(best_s, time.perf_counter() - started_s)
    assert best_s < 0.0003
