import numpy as np
import pytest

from edge_agent.vision.plate_window import GREY, Window, back, look_at, window_around


def test_a_picture_of_the_networks_shape_fills_it() -> None:
    picture = np.full((720, 1280, 3), 200, np.uint8)
    seen, scale = look_at(picture, Window(left=0, top=0, width=1280, height=720), 384, 640)
    assert scale == 0.5
    assert (seen[:360] == 200).all()
    assert (seen[360:] == GREY).all()


def test_what_lies_past_the_edge_is_grey_and_the_rest_stays_in_its_place() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[10, 20] = 255
    window = Window(left=-28, top=-14, width=256, height=128)
    seen, scale = look_at(picture, window, 128, 256)
    assert scale == 1
    assert (seen[:14] == GREY).all()
    assert (seen[:, :28] == GREY).all()
    assert (seen[24, 48] == 255).all()


def test_a_window_beside_the_picture_is_all_grey() -> None:
    seen, _ = look_at(np.zeros((10, 10, 3), np.uint8), Window(left=50, top=50, width=64, height=32), 32, 64)
    assert (seen == GREY).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (3000, 2)])
def test_the_thinnest_pictures_pass(size: tuple[int, int]) -> None:
    window = Window(left=0, top=0, width=size[1], height=size[0])
    seen, _ = look_at(np.full((*size, 3), 7, np.uint8), window, 384, 640)
    assert seen.shape == (384, 640, 3)
    assert (seen == 7).any()


def test_points_go_back_to_where_they_were_seen() -> None:
    picture = np.zeros((2160, 3840, 3), np.uint8)
    picture[1000:1016, 2000:2016] = 255
    window = Window(left=1500, top=700, width=1200, height=720)
    seen, scale = look_at(picture, window, 384, 640)
    y, x = np.argwhere(seen[..., 0] > 200).mean(0) + 0.5
    assert back(np.array([[x, y]]), window, scale)[0] == pytest.approx([2008, 1008], abs=2)


def test_a_window_around_a_box_keeps_its_middle_and_its_shape() -> None:
    window = window_around((100, 100, 200, 130), 0.4, 2.0, (32, 16))
    assert window.width == 180
    assert window.height == 90
    assert window.left + window.width / 2 == 150
    assert window.top + window.height / 2 == 115


def test_the_picture_that_was_given_is_not_written_to() -> None:
    picture = np.full((720, 1280, 3), 90, np.uint8)
    picture.setflags(write=False)
    look_at(picture, Window(left=-5, top=-5, width=1400, height=800), 384, 640)
