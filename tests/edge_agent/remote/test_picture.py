"""The picture: the next frame, within its limits, its faces hidden, readable by the hub alone."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.clock import FakeClock
from edge_agent.errors import ModelError
from edge_agent.remote.abilities import CommandFailedError, Done, NotSetUpError
from edge_agent.remote.picture import FrameSlot, TakePicture, as_jpeg
from edge_agent.vision.face_hide import BLOCKS_MAX, hidden
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.wire import seal, sign
from edge_agent.wire.commands import (
    PICTURE_BYTES_MAX,
    PICTURE_SIDE_PX_MAX,
    Command,
    joined,
    picture_binding,
)
from edge_agent.wire.topics import Address

EAST = Address(site="demo", device="door-east")
KEYS = seal.generate_key_pair()
COMMAND = Command(id="5" * 32, device="door-east", boot="b" * 32, challenge="c" * 32, kind="picture", arguments={})
noise = np.random.default_rng(7)


class CoversAll:
    def hide(self, pixels: Pixels) -> tuple[Pixels, int]:
        return np.zeros_like(pixels), 2


def frame(pixels: Pixels, number: int = 1) -> Frame:
    return Frame(pixels=pixels, captured=FakeClock().stamp(), number=number)


def picture(size: tuple[int, int] = (720, 1280)) -> Pixels:
    return noise.integers(0, 255, (*size, 3)).astype(np.uint8)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "hub-picture.pub"
    file.write_text(f"{sign.key_text(KEYS.public)}\n")
    return file


def taken(ability: TakePicture, frames: FrameSlot, pixels: Pixels) -> Done:
    """As the loop does: frames come all the time."""
    ending = threading.Event()

    def run() -> None:
        while not ending.wait(0.005):
            frames.offer(frame(pixels))

    loop = threading.Thread(target=run)
    loop.start()
    try:
        return ability(COMMAND)
    finally:
        ending.set()
        loop.join()


def test_the_hub_and_nobody_else_opens_what_was_sent(key_file: Path) -> None:
    frames = FrameSlot()
    ability = TakePicture(address=EAST, key_file=key_file, frames=frames, open_hider=CoversAll)
    done = taken(ability, frames, picture())
    sealed = joined({piece.i: piece for piece in done.pieces})
    assert sealed is not None
    binding = picture_binding(site="demo", device="door-east", command=COMMAND.id)
    jpeg = seal.unseal(sealed, private_key=KEYS.private, binding=binding)
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (720, 1280, 3)
    assert not shown.any(), "what leaves is what the hider gave"
    assert done.facts["faces_hidden"] == "2"
    for other in (
        picture_binding(site="demo", device="door-east", command="6" * 32),
        picture_binding(site="demo", device="door-west", command=COMMAND.id),
    ):
        with pytest.raises(seal.SealError):
            seal.unseal(sealed, private_key=KEYS.private, binding=other)


def test_a_frame_of_before_the_question_is_not_the_answer() -> None:
    frames = FrameSlot()
    frames.offer(frame(picture((8, 8)), number=1))
    assert frames.next(0.0) is None
    frames.offer(frame(picture((8, 8)), number=2))
    assert frames._frame is None, "nobody waits any more: nothing is held"


def test_without_a_frame_it_has_failed_and_says_why(key_file: Path) -> None:
    ability = TakePicture(
        address=EAST,
        key_file=key_file,
        frames=FrameSlot(),
        open_hider=CoversAll,
        trouble=lambda: "the cable is out",
        wait_s=0.01,
    )
    with pytest.raises(CommandFailedError, match="the cable is out"):
        ability(COMMAND)


def test_until_the_key_is_pinned_nothing_is_even_looked_at_and_then_it_works_without_a_restart(tmp_path: Path) -> None:
    file, frames = tmp_path / "hub-picture.pub", FrameSlot()
    ability = TakePicture(address=EAST, key_file=file, frames=frames, open_hider=CoversAll)
    for content in (None, "", "no key", "AAAA"):
        if content is not None:
            file.write_text(content)
        with pytest.raises(NotSetUpError):
            ability(COMMAND)
    with pytest.raises(NotSetUpError):
        TakePicture(address=EAST, key_file=None, frames=frames, open_hider=CoversAll)(COMMAND)
    file.write_text(sign.key_text(KEYS.public))
    assert taken(ability, frames, picture((90, 160))).pieces


def test_where_faces_cannot_be_hidden_no_picture_leaves(key_file: Path) -> None:
    def no_models() -> CoversAll:
        raise ModelError("face-far.tflite is missing")

    frames = FrameSlot()
    ability = TakePicture(address=EAST, key_file=key_file, frames=frames, open_hider=no_models)
    with pytest.raises(CommandFailedError, match="faces cannot be hidden"):
        taken(ability, frames, picture((90, 160)))


@pytest.mark.parametrize("size", [(2160, 3840), (720, 1280), (1280, 720), (48, 64)])
def test_whatever_the_camera_gives_the_picture_keeps_its_limits(size: tuple[int, int]) -> None:
    jpeg = as_jpeg(picture(size))
    assert len(jpeg) <= PICTURE_BYTES_MAX
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert max(shown.shape[:2]) <= PICTURE_SIDE_PX_MAX
    assert (shown.shape[0] > shown.shape[1]) == (size[0] > size[1])


def test_what_cannot_get_small_enough_has_failed() -> None:
    with pytest.raises(CommandFailedError):
        as_jpeg(picture((400, 400)), bytes_max=500)


def test_a_hidden_face_has_few_blocks_and_the_rest_stays_and_the_frame_is_not_touched() -> None:
    pixels = picture((200, 200))
    before = pixels.copy()
    covered = hidden(pixels, [(60.0, 60.0, 120.0, 120.0), (-20.0, -20.0, 5.0, 5.0), (500.0, 500.0, 600.0, 600.0)])
    assert np.array_equal(pixels, before)
    assert np.array_equal(covered[150:, 150:], pixels[150:, 150:])
    face = covered[60:120, 60:120].reshape(-1, 3)
    assert len(np.unique(face, axis=0)) <= BLOCKS_MAX**2
