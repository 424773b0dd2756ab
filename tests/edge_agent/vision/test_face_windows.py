from hypothesis import given
from hypothesis import strategies as st

from edge_agent.vision.face_windows import WINDOWS_MAX, Region, Window, plan_windows, zoomed_out

lengths = st.integers(1, 8000)


def whole(width: float, height: float) -> Region:
    return Region(x0=0, y0=0, width=width, height=height)


def test_a_camera_frame_is_seen_as_a_whole_and_in_two_tiles() -> None:
    assert plan_windows(whole(1280, 720), 720) == [
        Window(x0=0, y0=-280, side=1280),
        Window(x0=0, y0=0, side=720),
        Window(x0=560, y0=0, side=720),
    ]


def test_a_small_picture_is_one_window() -> None:
    assert plan_windows(whole(250, 250), 720) == [Window(x0=0, y0=0, side=250)]
    assert plan_windows(whole(800, 600), 720) == [Window(x0=0, y0=-100, side=800)]


@given(width=lengths, height=lengths, tile=st.floats(64, 2000))
def test_the_number_of_windows_has_a_limit(width: int, height: int, tile: float) -> None:
    assert 1 <= len(plan_windows(whole(width, height), tile)) <= WINDOWS_MAX


@given(width=lengths, height=lengths)
def test_the_first_window_shows_everything(width: int, height: int) -> None:
    first = plan_windows(whole(width, height), 720)[0]
    assert first.x0 <= 0
    assert first.y0 <= 0
    assert first.x0 + first.side >= width
    assert first.y0 + first.side >= height


@given(
    x=st.floats(0, 1),
    y=st.floats(0, 1),
    face=st.floats(60, 720),
    width=st.integers(720, 1280),
    height=st.integers(480, 720),
)
def test_every_face_from_60_px_lies_whole_in_a_window_that_shows_it_large_enough(
    x: float, y: float, face: float, width: int, height: int
) -> None:
    face = min(face, height)
    x0, y0 = x * (width - face), y * (height - face)
    best = max(
        (
            192 * face / w.side
            for w in plan_windows(whole(width, height), 720)
            if w.x0 <= x0 + 1e-6
            and w.y0 <= y0 + 1e-6
            and x0 + face <= w.x0 + w.side + 1e-6
            and y0 + face <= w.y0 + w.side + 1e-6
        ),
        default=0,
    )
    assert best >= 13.3  # of 192: there 99 % and more of the faces are found


def test_a_region_keeps_its_place() -> None:
    assert plan_windows(Region(x0=700, y0=100, width=300, height=200), 720) == [Window(x0=700, y0=50, side=300)]


def test_zooming_out_doubles_the_view_around_the_same_middle() -> None:
    assert zoomed_out(whole(300, 200)) == Window(x0=-150, y0=-200, side=600)
