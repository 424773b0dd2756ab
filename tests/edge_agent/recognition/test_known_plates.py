import time

import pytest
from scripted_plates import reading

from edge_agent.clock import FakeClock
from edge_agent.errors import GalleryError
from edge_agent.recognition.known_plates import Judgement, KnownPlates
from edge_agent.vision.plate_decode import Decoded, decode_reading
from edge_agent.wire.gallery import VEHICLES_MAX, WrittenVehicle
from edge_agent.wire.messages import PlateVerdict, Stamp
from edge_agent.wire.plate import DIGITS, PROVINCES

NOW_US = 1_800_000_000_000_000
UNKNOWN = Judgement(verdict=PlateVerdict.UNKNOWN)
UNSURE = Judgement(verdict=PlateVerdict.UNSURE)


def known(plate: str) -> Judgement:
    return Judgement(verdict=PlateVerdict.KNOWN, listed=plate)


def vehicle(plate: str, valid_from_us: int | None = None, valid_until_us: int | None = None) -> WrittenVehicle:
    return WrittenVehicle(plate=plate, valid_from_us=valid_from_us, valid_until_us=valid_until_us)


def read(text: str, **doubts: tuple[str, float]) -> Decoded:
    """`_6=("8", 0.4)`: in place 6 (from 0) an 8 is 0.4 probable."""
    found = decode_reading(reading(text, doubts={int(slot[1:]): doubt for slot, doubt in doubts.items()}))
    assert found is not None
    assert found.text == text
    return found


def stamp(wall_us: int = NOW_US, *, synced: bool = True) -> Stamp:
    return FakeClock(wall_us=wall_us, synced=synced).stamp()


def judged(decoded: Decoded, *plates: str) -> Judgement:
    return KnownPlates([vehicle(plate) for plate in plates]).judge(decoded, stamp())


def test_a_plate_on_the_list_is_known_and_any_other_unknown() -> None:
    assert judged(read("皖A12345"), "皖A12345", "皖B99999") == known("皖A12345")
    assert judged(read("皖A12345"), "苏E99999") == UNKNOWN
    assert judged(read("皖A12345")) == UNKNOWN


@pytest.mark.parametrize(("one", "other"), [("8", "B"), ("0", "D"), ("B", "8"), ("D", "0")])
def test_a_sure_character_is_never_taken_for_its_twin(one: str, other: str) -> None:
    assert judged(read(f"皖A1234{one}"), f"皖A1234{other}") == UNSURE, "a person decides"


@pytest.mark.parametrize(("one", "other"), [("8", "B"), ("0", "D"), ("B", "8"), ("D", "0")])
def test_a_low_character_is_taken_for_the_only_near_plate(one: str, other: str) -> None:
    assert judged(read(f"皖A1234{one}", _6=(other, 0.4)), f"皖A1234{other}") == known(f"皖A1234{other}")


def test_a_low_character_that_the_picture_rules_out_is_not_taken_for_another() -> None:
    assert judged(read("皖A12348", _6=("B", 0.4)), "皖A12347") == UNSURE


def test_with_two_near_plates_on_the_list_a_person_decides() -> None:
    assert judged(read("皖A12348", _6=("B", 0.4)), "皖A1234B", "皖A12343") == UNSURE
    assert judged(read("皖A12348", _6=("B", 0.4)), "皖A1234B", "皖A72348") == UNSURE


def test_twins_both_on_the_list_are_told_apart_only_by_a_sure_character() -> None:
    twins = ("皖A12348", "皖A1234B")
    assert judged(read("皖A12348"), *twins) == known("皖A12348")
    assert judged(read("皖A1234B"), *twins) == known("皖A1234B")
    assert judged(read("皖A12348", _6=("B", 0.4)), *twins) == UNSURE


def test_a_listed_plate_with_a_low_character_is_known_where_no_twin_is_listed() -> None:
    assert judged(read("皖A12348", _6=("B", 0.4)), "皖A12348", "皖A72340") == known("皖A12348")


def test_two_low_characters_are_unsure_and_two_sure_ones_unknown() -> None:
    assert judged(read("皖A12308", _5=("D", 0.4), _6=("B", 0.4)), "皖A123DB") == UNSURE
    assert judged(read("皖A12308"), "皖A123DB") == UNKNOWN
    assert judged(read("皖A12308", _5=("D", 0.4)), "皖A123DB") == UNKNOWN


def test_seven_places_are_never_near_eight() -> None:
    assert judged(read("皖AD12345"), "皖AD1234") == UNKNOWN
    assert judged(read("皖AD1234"), "皖AD12345") == UNKNOWN
    assert judged(read("皖AD1234", _6=("5", 0.4)), "皖AD12345") == UNKNOWN


@pytest.mark.parametrize(
    ("at_us", "verdict"),
    [(99, PlateVerdict.UNKNOWN), (100, PlateVerdict.KNOWN), (199, PlateVerdict.KNOWN), (200, PlateVerdict.UNKNOWN)],
)
def test_a_vehicle_is_known_from_its_start_to_just_before_its_end(at_us: int, verdict: PlateVerdict) -> None:
    plates = KnownPlates([vehicle("皖A12345", 100, 200)])
    assert plates.judge(read("皖A12345"), stamp(at_us)).verdict is verdict


@pytest.mark.parametrize(("start", "end"), [(1, None), (None, 2 * NOW_US), (1, 2 * NOW_US)])
def test_while_the_clock_is_not_right_whoevers_time_is_bounded_is_unsure(start: int | None, end: int | None) -> None:
    plates = KnownPlates([vehicle("皖A12345", start, end), vehicle("皖B99999")])
    assert plates.judge(read("皖A12345"), stamp(synced=False)) == UNSURE
    assert plates.judge(read("皖B99999"), stamp(synced=False)) == known("皖B99999")
    assert plates.judge(read("皖A12345"), stamp()) == known("皖A12345")


def test_a_plate_whose_time_is_over_is_not_taken_for_its_neighbour_and_nor_is_one_near_it() -> None:
    plates = KnownPlates([vehicle("皖A12348", None, 100), vehicle("皖A1234B")])
    assert plates.judge(read("皖A12348", _6=("B", 0.4)), stamp()) == UNSURE
    assert plates.judge(read("皖A12348"), stamp()) == UNKNOWN
    alone = KnownPlates([vehicle("皖A12348", None, 100)])
    assert alone.judge(read("皖A1234B", _6=("8", 0.4)), stamp()) == UNSURE


@pytest.mark.parametrize(
    "wrong",
    [
        [vehicle("皖A1234")],
        [vehicle("皖I12345")],
        [vehicle("皖A12345"), vehicle("皖A12345", 1, 2)],
        [vehicle("皖A12345", 2, 2)],
        [vehicle("皖A12345", -1, None)],
        [vehicle("皖A12345", None, 2**60)],
    ],
)
def test_what_can_be_no_list_of_vehicles_is_refused(wrong: list[WrittenVehicle]) -> None:
    with pytest.raises(GalleryError):
        KnownPlates(wrong)


def full_list() -> list[WrittenVehicle]:
    return [vehicle(f"{PROVINCES[n // 2000]}A{n:05d}") for n in range(VEHICLES_MAX)]


def test_the_longest_list_is_asked_in_time_for_a_barrier() -> None:
    plates = KnownPlates(full_list())
    assert len(plates) == VEHICLES_MAX
    asked = read("桂A99999")
    best_s = 1.0
    for _ in range(20):
        started_s = time.perf_counter()
        plates.judge(asked, stamp())
        best_s = min(best_s, time.perf_counter() - started_s)
    assert best_s < 0.02
    with pytest.raises(GalleryError, match="at most"):
        KnownPlates([*full_list(), vehicle("皖B00000")])


def test_every_listed_plate_read_surely_is_itself_among_all_its_neighbours() -> None:
    everyone = [f"皖A1234{digit}" for digit in DIGITS]
    assert [judged(read(text), *everyone) for text in everyone] == [known(text) for text in everyone]
