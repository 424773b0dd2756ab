"""The agent judges its own eyes. Rendered by scripts/view_scenes.py; scripts/bench_view tries many more seeds."""

import os
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from view_clips import read_clip
from view_drawing import KINDS, Image
from view_scenes import DAY, Fault, Place
from view_trials import FAULTS, GOOD, LEARN_S, Footage, evening, good, judged, looped, try_fault

from edge_agent.errors import SceneError
from edge_agent.vision.view import AVERAGING_S, DELAYS_S, View, ViewCause, ViewJudge, ViewState
from edge_agent.vision.view_codec import decode_scene, encode_scene
from edge_agent.vision.view_hold import CLEAR_S, Hold
from edge_agent.vision.view_look import look_at, small_grey
from edge_agent.vision.view_scene import CONDITIONS_MAX, FIRST_S, Scene, visible_share
from edge_agent.vision.view_still import FROZEN_S, Stillness

SIZE_PX = (320, 180)
SEED = 500
TURNED = Fault(kind="turned", seed=SEED)
CLIPS = Path(os.environ.get("SHOUWANG_SHARED", Path(__file__).parents[4] / "shared")) / "data/clips"


@cache
def place(kind: str = "courtyard", seed: int = SEED) -> Place:
    return Place(kind, seed, SIZE_PX)


def day(from_s: float, lasting_s: float) -> list[tuple[Image, float]]:
    return list(good(place(), from_s, lasting_s, lambda _t: DAY))


def taught() -> ViewJudge:
    judge = ViewJudge()
    judged(judge, iter(day(0, LEARN_S)))
    return judge


def turned(from_s: float, lasting_s: float, every_s: float = 0.5) -> Footage:
    pictures = [place().picture(index / 2, fault=TURNED) for index in range(30)]
    for index in range(round(lasting_s / every_s)):
        yield pictures[index % len(pictures)], from_s + index * every_s


@pytest.mark.parametrize(("index", "fault"), list(enumerate(FAULTS)))
def test_each_fault_is_said_in_time_by_its_name_and_taken_back(index: int, fault: str, tmp_path: Path) -> None:
    kind = KINDS[index % len(KINDS)]
    outcome = try_fault(Fault(kind=fault, seed=SEED + index), place(kind), tmp_path, at_night=index % 4 == 3)
    assert not outcome.false_before
    assert outcome.delay_s is not None
    assert outcome.cause is outcome.expected
    assert outcome.recovered


@pytest.mark.parametrize(("index", "scenario"), list(enumerate(GOOD)))
def test_good_footage_is_never_called_a_fault(
    index: int, scenario: Callable[[Place, Path], Footage], tmp_path: Path
) -> None:
    pictures = 1400 if scenario is evening else 400  # the bench plays all of it
    said = judged(ViewJudge(), islice(scenario(place(KINDS[index % len(KINDS)]), tmp_path), pictures))
    assert {view.state for view, _ in said} == {ViewState.WATCHING}


@pytest.mark.skipif(not CLIPS.is_dir(), reason="real clips are not here (../shared/data/clips)")
@pytest.mark.parametrize(
    "name",
    [
        "car-detection.mp4",
        "one-by-one-person-detection.mp4",
        "face-demographics-walking.gif",
        "head-pose-face-detection-female.gif",
    ],
)
def test_a_real_clip_is_never_called_a_fault(name: str) -> None:
    pictures = list(islice(read_clip(CLIPS / name), 600))
    said = judged(ViewJudge(), looped(pictures, 10.0, 120.0))
    assert len(said) > 200
    assert {view.state for view, _ in said} == {ViewState.WATCHING}


@pytest.mark.skipif(not CLIPS.is_dir(), reason="real clips are not here (../shared/data/clips)")
@pytest.mark.parametrize("expected", [ViewCause.BLURRED, ViewCause.COVERED, ViewCause.MOVED])
def test_faults_put_into_a_real_clip_are_found(expected: ViewCause) -> None:
    clip = islice(read_clip(CLIPS / "one-by-one-person-detection.mp4"), 300)
    pictures = [cv2.resize(picture, (384, 216), interpolation=cv2.INTER_AREA).astype(np.uint8) for picture in clip]
    change: dict[ViewCause, Callable[[Image], Image]] = {
        ViewCause.BLURRED: lambda picture: cv2.GaussianBlur(picture, (0, 0), 2.5).astype(np.uint8),
        ViewCause.COVERED: lambda picture: cv2.addWeighted(picture, 0.04, np.full_like(picture, 120), 0.96, 0).astype(
            np.uint8
        ),
        ViewCause.MOVED: lambda picture: np.ascontiguousarray(picture[30:, 50:]),
    }
    judge = ViewJudge()
    judged(judge, looped(pictures, 10.0, LEARN_S))
    faulty = ((change[expected](picture), LEARN_S + t_s) for picture, t_s in looped(pictures, 10.0, 160.0))
    assert judged(judge, faulty)[-1][0].cause is expected


def test_since_tells_when_it_began_and_not_when_it_was_said() -> None:
    judge = taught()
    said = judged(judge, turned(LEARN_S, DELAYS_S[ViewCause.MOVED] + AVERAGING_S))
    first, t_s = next((view, t_s) for view, t_s in said if view.cause is not None)
    assert (first.state, first.cause) == (ViewState.BLIND, ViewCause.MOVED)
    assert t_s >= LEARN_S + DELAYS_S[ViewCause.MOVED]
    assert first.since_s == pytest.approx(LEARN_S, abs=AVERAGING_S)
    assert said[-1][0].since_s == first.since_s


def test_an_accepted_view_is_the_right_one_from_then_on_and_the_old_one_is_not() -> None:
    judge = taught()
    assert judged(judge, turned(LEARN_S, 170))[-1][0].cause is ViewCause.MOVED
    judge.accept()
    after = judged(judge, turned(LEARN_S + 170, 200))
    assert {view.state for view, _ in after} == {ViewState.WATCHING}
    assert judged(judge, iter(day(LEARN_S + 370, 170)))[-1][0].cause is ViewCause.MOVED


def test_a_cap_that_is_accepted_is_still_black() -> None:
    judge = taught()
    black = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    judged(judge, ((black, LEARN_S + index / 2) for index in range(40)))
    judge.accept()
    said = judged(judge, ((black, LEARN_S + 20 + index / 2) for index in range(40)))
    assert said[-1][0].cause is ViewCause.BLACK


def test_a_new_view_is_accepted_by_itself_after_its_time_and_the_old_one_stays_known() -> None:
    accept_s = 1800.0
    judge = ViewJudge(taught().scene, accept_s=accept_s)
    said = judged(judge, turned(0, accept_s + 300, every_s=2.0))
    moved = [t_s for view, t_s in said if view.cause is ViewCause.MOVED]
    assert moved[0] < 180
    assert moved[-1] == pytest.approx(accept_s + FIRST_S + CLEAR_S, abs=20)
    assert said[-1][0].state is ViewState.WATCHING
    back = judged(judge, iter(day(accept_s + 300, 170)))
    assert {view.state for view, _ in back} == {ViewState.WATCHING}


def test_a_restart_keeps_the_reference() -> None:
    content = encode_scene(taught().scene)
    judge = ViewJudge(decode_scene(content))
    assert judged(judge, turned(0, 170))[-1][0].cause is ViewCause.MOVED
    assert encode_scene(judge.scene) == content


def test_another_resolution_of_the_same_camera_is_the_same_scene() -> None:
    large = Place("courtyard", SEED, (800, 450))
    small = [(picture, t_s) for picture, t_s in good(large, 0, 60, lambda _t: DAY)]
    halved = [(np.ascontiguousarray(picture[::2, ::2]), t_s + 60) for picture, t_s in small]
    judge = ViewJudge()
    views = judged(judge, iter([*small, *halved, *[(picture, t_s + 60) for picture, t_s in halved]]))
    assert {view.state for view, _ in views} == {ViewState.WATCHING}


def test_a_pause_without_pictures_starts_the_delay_afresh() -> None:
    judge = taught()
    assert judged(judge, turned(LEARN_S, 120))[-1][0].cause is None
    assert judged(judge, turned(LEARN_S + 220, 120))[-1][0].cause is None
    assert judged(judge, turned(LEARN_S + 340, 40))[-1][0].cause is ViewCause.MOVED


def test_a_camera_that_starts_under_a_cap_says_so_and_learns_nothing_from_it() -> None:
    judge = ViewJudge()
    cap = Fault(kind="cap", seed=1)
    said = judged(judge, ((place().picture(index / 2, fault=cap), index / 2) for index in range(100)))
    assert said[-1][0].cause is ViewCause.BLACK
    assert judge.scene.conditions == ()
    assert judged(judge, iter(day(50, 60)))[-1][0].state is ViewState.WATCHING
    assert len(judge.scene.conditions) == 1


def test_a_blank_picture_is_covered_even_before_a_scene_is_known() -> None:
    rng = np.random.default_rng(3)
    said = judged(
        ViewJudge(), ((rng.normal(120, 3, (90, 160, 3)).astype(np.uint8), float(index)) for index in range(170))
    )
    assert (said[-1][0].state, said[-1][0].cause) == (ViewState.COVERED, ViewCause.COVERED)


def test_the_pictures_are_not_written_to() -> None:
    picture = place().picture(0.0)
    picture.flags.writeable = False
    judge = ViewJudge()
    assert [judge.see(picture, index / 2).state for index in range(8)] == [ViewState.WATCHING] * 8


def test_noise_alone_keeps_a_static_picture_alive_and_two_pictures_in_turn_do_not() -> None:
    rng = np.random.default_rng(1)
    still, live = Stillness(), Stillness()
    base = rng.integers(20, 230, (90, 160, 3)).astype(np.uint8)
    turns = [base, (base + 1).astype(np.uint8)]
    frozen = [still.still_since(turns[index % 2], float(index)) for index in range(90)]
    assert frozen[: int(FROZEN_S)] == [None] * int(FROZEN_S)
    assert frozen[-1] == pytest.approx(1.0)
    for index in range(90):
        noisy = (base + (rng.random(base.shape) < 0.02)).astype(np.uint8)
        assert live.still_since(noisy, float(index)) is None


def test_at_most_six_conditions_are_kept_and_the_least_seen_goes() -> None:
    scene, first = Scene(), look_at(*(np.zeros((180, 320), np.float32),) * 2)
    for seed in range(CONDITIONS_MAX + 2):
        grey = small_grey(place("street", seed).picture(0.0)).astype(np.float32)
        look = look_at(grey, grey)
        for _ in range(30 if seed else 10):  # the first is seen least
            scene = scene.learnt(look, scene.match(look), 5.0)
        assert any(visible_share(look.edges, condition.edges) == 1.0 for condition in scene.conditions)
        first = look if seed == 0 else first
    assert len(scene.conditions) == CONDITIONS_MAX
    assert all((visible_share(first.edges, condition.edges) or 0.0) < 0.9 for condition in scene.conditions)


def test_a_short_good_moment_does_not_end_what_is_building_up_and_a_longer_one_does() -> None:
    hold = Hold({"lost": 20.0})
    for t_s in range(15):
        hold.note("lost", float(t_s), 1.0)
    for t_s in (15, 16):
        hold.note(None, float(t_s), 1.0)
    for t_s in range(17, 23):
        hold.note("lost", float(t_s), 1.0)
    assert (hold.cause, hold.since_s) == ("lost", -1.0)  # the first note told of the second before it
    other = Hold({"lost": 20.0})
    for t_s in range(40):
        other.note("lost" if t_s % 10 < 5 else None, float(t_s), 1.0)
    assert other.cause is None


def test_a_fault_is_taken_back_after_so_many_good_seconds_and_not_one_earlier() -> None:
    hold = Hold({"lost": 1.0})
    hold.note("lost", 1.0, 1.0)
    said = []
    for t_s in range(2, 2 + int(CLEAR_S) - 1):
        hold.note(None, float(t_s), 1.0)
        said.append(hold.cause)
    hold.note(None, 1.0 + CLEAR_S, 1.0)
    said.append(hold.cause)
    assert said == ["lost"] * (int(CLEAR_S) - 1) + [None]
    assert hold.since_s == 1.0


def test_a_picture_on_the_border_of_two_causes_is_called_one_of_them() -> None:
    hold = Hold({"covered": 150.0, "moved": 150.0})
    for t_s in range(170):
        hold.note("moved" if t_s % 3 else "covered", float(t_s), 1.0)
    assert hold.cause == "moved"


@cache
def learnt() -> bytes:
    return encode_scene(taught().scene)


@settings(deadline=None)
@given(at=st.integers(min_value=0), flip=st.integers(1, 255))
def test_damaged_bytes_are_refused_by_name(at: int, flip: int) -> None:
    content = bytearray(learnt())
    content[at % len(content)] ^= flip
    with pytest.raises(SceneError):
        decode_scene(bytes(content))


@settings(deadline=None)
@given(length=st.integers(min_value=0))
def test_bytes_cut_short_are_refused_by_name(length: int) -> None:
    with pytest.raises(SceneError):
        decode_scene(learnt()[: length % len(learnt())])


def test_what_was_not_learnt_is_kept_as_nothing() -> None:
    assert decode_scene(encode_scene(Scene())).conditions == ()


def test_values_out_of_range_are_refused_although_the_digest_is_right() -> None:
    scene = decode_scene(learnt())
    scene.conditions[0].levels[0, 0] = np.nan
    with pytest.raises(SceneError, match="out of range"):
        decode_scene(encode_scene(scene))


def test_before_the_first_look_a_camera_is_taken_to_watch() -> None:
    view = ViewJudge().see(place().picture(0.0), 7.0)
    assert view == View(state=ViewState.WATCHING, cause=None, since_s=7.0)
