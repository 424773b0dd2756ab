from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from edge_agent.clock import FakeClock
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.recognition.matcher import Matcher
from edge_agent.recognition.passage import Look, PassageRules, Passages, mean_template
from edge_agent.vision.face_embed import Template
from edge_agent.vision.manifest import FaceSpec

if TYPE_CHECKING:
    from edge_agent.wire.messages import Passage

LENGTH = 32
FACE = FaceSpec(
    embedder_id="test",
    template_length=LENGTH,
    same_score_min=0.85,
    door_score_min=0.90,
    welfare_score_min=0.94,
    welfare_margin_min=0.02,
)
RULES = PassageRules(gap_s=2.0, interim_s=120.0, frames_min=2, best_frames=5)
FRAME_S = 1 / 12
LOOK_EVERY = 3  # frames
BOTH = frozenset({Purpose.DOOR, Purpose.WELFARE})


def person(number: int) -> Template:
    """Somebody's true template; those of different numbers are at right angles."""
    template = np.zeros(LENGTH, np.float32)
    template[number] = 1.0
    return template


def picture_of(number: int, cosine: float = 0.97, *, look: int = 0) -> Template:
    """What the embedder gives for one picture of that person; `look` varies in which direction it is off."""
    off = np.zeros(LENGTH, np.float32)
    off[LENGTH - 1 - look % 8] = np.sqrt(1 - cosine**2)
    template: Template = cosine * person(number) + off
    return template


def gallery(*numbers: int, purposes: frozenset[Purpose] = BOTH) -> Gallery:
    entries = tuple(Entry(person=f"p{n}", purposes=purposes, templates=person(n)[None]) for n in numbers)
    return Gallery(embedder_id="test", template_length=LENGTH, entries=entries)


class Door:
    """Frames of one camera at 12 a second, told who is on each and on which track."""

    def __init__(self, known: Gallery, rules: PassageRules = RULES, face: FaceSpec = FACE) -> None:
        self.clock = FakeClock()
        self.passages = Passages(rules, Matcher(known), face=face, camera="east")
        self.events: list[Passage] = []
        self.number = 0

    def frame(self, faces: dict[int, Template | None], quality: float = 0.8) -> None:
        """`faces`: the template by track; None: seen, but not looked at closely."""
        self.clock.advance(FRAME_S)
        self.number += 1
        captured = self.clock.stamp()
        for track, template in faces.items():
            self.passages.see(track, captured, quality)
            if template is not None:
                self.passages.look(track, Look(captured=captured, quality=quality, template=template))
        self.events += self.passages.due(self.clock.monotonic_s())

    def walk(self, tracks: dict[int, int], frames: int, cosine: float = 0.97) -> None:
        """`tracks`: the person by track, seen on every frame and looked at on every LOOK_EVERY-th."""
        for n in range(frames):
            looked = n % LOOK_EVERY == 0
            self.frame({t: picture_of(p, cosine, look=n) if looked else None for t, p in tracks.items()})

    def nobody(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.frame({})

    def people(self) -> list[str | None]:
        return [event.sighting.person if event.sighting else None for event in self.events]


def test_one_walker_is_one_passage_with_one_strict_sighting() -> None:
    door = Door(gallery(0, 1))
    door.walk({1: 0}, 40)
    door.nobody(3)
    (passage,) = door.events
    assert passage.sighting is not None
    assert passage.sighting.person == "p0"
    assert passage.sighting.strict
    assert passage.sighting.frames == RULES.best_frames
    assert passage.sighting.embedder == "test"
    assert passage.sighting.margin == pytest.approx(passage.sighting.score, abs=1e-6)
    assert (passage.frames, passage.camera) == (40, "east")
    assert passage.duration_ms == pytest.approx(39 * FRAME_S * 1000, abs=1)


def test_the_passage_is_told_once_the_gap_is_over_and_not_before() -> None:
    door = Door(gallery(0))
    door.walk({1: 0}, 12)
    door.nobody(RULES.gap_s - 2 * FRAME_S)
    assert door.events == []
    door.nobody(4 * FRAME_S)
    assert len(door.events) == 1


def test_it_is_dated_by_its_best_frame() -> None:
    door = Door(gallery(0))
    for n, quality in enumerate((0.4, 0.9, 0.5)):
        door.frame({1: picture_of(0, look=n)}, quality)
        if quality == 0.9:
            best = door.clock.stamp()
    door.nobody(3)
    assert door.events[0].captured == best


def test_the_mean_of_several_looks_scores_higher_than_each_of_them() -> None:
    door = Door(gallery(0))
    door.walk({1: 0}, 30, cosine=0.93)
    door.nobody(3)
    sighting = door.events[0].sighting
    assert sighting is not None
    assert sighting.score > 0.96


def test_a_stranger_gives_a_passage_without_identity() -> None:
    door = Door(gallery(0, 1))
    door.walk({1: 7}, 30)
    door.nobody(3)
    assert door.people() == [None]


def test_nobody_enrolled_means_everybody_is_a_stranger() -> None:
    door = Door(gallery())
    door.walk({1: 0}, 30)
    door.nobody(3)
    assert door.people() == [None]


def test_a_face_never_good_enough_to_look_at_is_still_a_passage() -> None:
    door = Door(gallery(0))
    for _ in range(20):
        door.frame({1: None})
    door.nobody(3)
    assert door.people() == [None]
    assert door.events[0].frames == 20


def test_a_face_on_a_single_frame_is_taken_for_a_mistake_of_the_detector() -> None:
    door = Door(gallery(0))
    door.frame({1: picture_of(0)})
    door.nobody(3)
    assert door.events == []


def test_one_look_is_never_strict() -> None:
    door = Door(gallery(0))
    door.frame({1: picture_of(0, 0.99)})
    door.frame({1: None})
    door.nobody(3)
    sighting = door.events[0].sighting
    assert sighting is not None
    assert (sighting.frames, sighting.strict) == (1, False)


def test_a_door_only_entry_is_named_but_never_strict() -> None:
    door = Door(gallery(0, purposes=frozenset({Purpose.DOOR})))
    door.walk({1: 0}, 30)
    door.nobody(3)
    sighting = door.events[0].sighting
    assert sighting is not None
    assert not sighting.strict


def test_between_door_and_welfare_threshold_a_name_is_given_but_not_strict() -> None:
    door = Door(gallery(0))
    template = picture_of(0, 0.92)
    for _ in range(4):
        door.frame({1: template})  # always off in the same direction: the mean is no better
    door.nobody(3)
    sighting = door.events[0].sighting
    assert sighting is not None
    assert sighting.score == pytest.approx(0.92, abs=1e-5)
    assert not sighting.strict


def test_two_who_look_alike_are_named_but_not_strict() -> None:
    twin = 0.995 * person(0) + np.sqrt(1 - 0.995**2).astype(np.float32) * person(1)
    alike = gallery(0).with_entry(Entry(person="twin", purposes=BOTH, templates=twin[None].astype(np.float32)))
    door = Door(alike)
    door.walk({1: 0}, 30, cosine=0.999)
    door.nobody(3)
    sighting = door.events[0].sighting
    assert sighting is not None
    assert sighting.margin is not None
    assert sighting.margin < FACE.welfare_margin_min
    assert not sighting.strict


def test_strict_takes_two_looks_that_give_the_name_on_their_own() -> None:
    door = Door(gallery(0), face=msgspec.structs.replace(FACE, same_score_min=0.7))
    # Each look alone is below the door's threshold; only their mean is above the welfare threshold.
    for look in range(5):
        door.frame({1: picture_of(0, 0.895, look=look)})
    door.nobody(3)
    sighting = door.events[0].sighting
    assert sighting is not None
    assert sighting.score >= FACE.welfare_score_min
    assert not sighting.strict


def test_two_at_once_are_two_passages() -> None:
    door = Door(gallery(0, 1))
    door.walk({1: 0, 2: 1}, 30)
    door.nobody(3)
    assert sorted(map(str, door.people())) == ["p0", "p1"]


def test_people_whose_tracks_are_swapped_as_they_cross_are_still_one_passage_each() -> None:
    door = Door(gallery(0, 1))
    door.walk({1: 0, 2: 1}, 24)
    door.walk({1: 1, 2: 0}, 24)  # they crossed, and the tracker took each for the other
    door.nobody(3)
    assert sorted(map(str, door.people())) == ["p0", "p1"]
    assert all(event.sighting is not None and event.sighting.strict for event in door.events)
    assert sum(event.frames for event in door.events) == 2 * 48


def test_a_track_that_goes_over_to_a_stranger_splits() -> None:
    door = Door(gallery(0))
    door.walk({1: 0}, 24)
    door.walk({1: 7}, 24)
    door.nobody(3)
    assert sorted(map(str, door.people())) == ["None", "p0"]
    resident = next(event for event in door.events if event.sighting is not None)
    assert resident.frames == pytest.approx(24, abs=1), "the stranger's frames are not the resident's"


def test_a_track_that_goes_over_from_a_stranger_to_a_resident_does_not_lose_the_resident() -> None:
    door = Door(gallery(0))
    door.walk({1: 7}, 24)
    door.walk({1: 0}, 24)
    door.nobody(3)
    assert sorted(map(str, door.people())) == ["None", "p0"]


def test_one_odd_picture_neither_splits_nor_spoils() -> None:
    door = Door(gallery(0, 1))
    door.walk({1: 0}, 15)
    door.frame({1: picture_of(9)})
    door.walk({1: 0}, 15)
    door.nobody(3)
    (passage,) = door.events
    assert passage.sighting is not None
    assert passage.sighting.score > 0.96


def test_an_odd_first_picture_makes_no_passage_of_its_own() -> None:
    door = Door(gallery(0, 1))
    door.frame({1: picture_of(9)})
    door.frame({1: None})
    door.frame({1: None})
    door.walk({1: 0}, 30)
    door.nobody(3)
    (passage,) = door.events
    assert passage.sighting is not None
    assert passage.sighting.strict
    assert passage.frames == 33


def test_a_walker_whose_track_breaks_is_one_passage() -> None:
    door = Door(gallery(0))
    door.walk({1: 0}, 20)
    door.nobody(1)
    door.walk({2: 0}, 20)
    door.nobody(3)
    (passage,) = door.events
    assert passage.frames == 40


def test_a_strangers_broken_track_is_one_passage_too() -> None:
    door = Door(gallery(0))
    door.walk({1: 7}, 20)
    door.nobody(1)
    door.walk({2: 7}, 20)
    door.nobody(3)
    assert door.people() == [None]


def test_two_on_one_frame_are_two_people_however_alike() -> None:
    door = Door(gallery(0))
    door.walk({1: 0}, 20)
    door.walk({1: 0, 2: 0}, 20)
    door.nobody(3)
    assert len(door.events) == 2


def test_another_walker_after_the_gap_is_another_passage_even_of_the_same_person() -> None:
    door = Door(gallery(0))
    door.walk({1: 0}, 20)
    door.nobody(3)
    door.walk({2: 0}, 20)
    door.nobody(3)
    assert door.people() == ["p0", "p0"]


def test_somebody_who_stays_is_reported_every_interim_and_never_lost() -> None:
    rules = PassageRules(gap_s=2.0, interim_s=30.0, frames_min=2, best_frames=5)
    door = Door(gallery(0), rules)
    door.walk({1: 0}, round(100 / FRAME_S))
    assert door.people() == ["p0"] * 3
    door.nobody(3)
    assert door.people() == ["p0"] * 4
    assert all(event.sighting is not None and event.sighting.strict for event in door.events)
    moments = [event.captured.mono_us for event in door.events]
    assert moments == sorted(set(moments))
    assert max(np.diff(moments)) <= 62e6, "the watch hears of them at least so often"
    assert sum(event.frames for event in door.events) == door.number - round(3 / FRAME_S)


def test_a_track_that_breaks_just_after_a_report_begins_the_next_part_then() -> None:
    rules = PassageRules(gap_s=2.0, interim_s=5.0, frames_min=2, best_frames=5)
    door = Door(gallery(0), rules)
    while not door.events:
        door.walk({1: 0}, 1)
    door.nobody(1)
    door.walk({2: 0}, 12)
    door.nobody(3)
    assert door.people() == ["p0", "p0"]
    assert door.events[1].duration_ms < 1000
    assert door.events[1].frames == 12


def test_after_an_interim_report_a_swap_is_still_noticed() -> None:
    rules = PassageRules(gap_s=2.0, interim_s=5.0, frames_min=2, best_frames=5)
    door = Door(gallery(0), rules)
    door.walk({1: 0}, 63)
    assert len(door.events) == 1
    door.walk({1: 7}, 30)
    door.nobody(3)
    assert None in door.people()
    assert door.people()[0] == "p0"


def test_stopping_ends_every_passage_under_way_once() -> None:
    door = Door(gallery(0, 1))
    door.walk({1: 0, 2: 1}, 20)
    assert len(door.passages.flush()) == 2
    assert door.passages.flush() == []


def test_a_better_look_is_wanted_until_all_kept_ones_are_better() -> None:
    door = Door(gallery(0))
    for n in range(5):
        assert door.passages.wants(1, 0.1)
        door.frame({1: picture_of(0, look=n)}, 0.5)
    assert not door.passages.wants(1, 0.4)
    assert door.passages.wants(1, 0.6)


def test_the_mean_of_templates_is_a_unit_template() -> None:
    mean = mean_template([picture_of(0, 0.9, look=n) for n in range(5)])
    assert np.linalg.norm(mean) == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(ValueError, match="cancel"):
        mean_template([person(0), -person(0)])


def test_who_leaves_the_gallery_while_passing_by_is_a_stranger_and_who_joins_is_known() -> None:
    door = Door(gallery(0))
    door.walk({1: 0, 2: 1}, 40)
    door.passages.use(Matcher(gallery(1)))
    door.nobody(3)
    assert sorted(door.people(), key=str) == [None, "p1"]
