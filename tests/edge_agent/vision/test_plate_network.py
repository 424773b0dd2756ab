import numpy as np
import pytest

from edge_agent.errors import ModelError
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.plate_network import PlateNetwork, joined, plausible
from edge_agent.vision.plate_window import Window
from edge_agent.vision.tflite import Model

PLATE = np.array([[100, 100], [240, 100], [240, 145], [100, 145]], np.float64)


class Said:
    """A network that gives what it is told, whatever it sees."""

    input_shape = (1, 64, 128, 3)
    output_shapes = ((1, 8, 16, 9),)

    def __init__(self) -> None:
        self.out = np.zeros((1, 8, 16, 9), np.float32)
        self.out[..., 0] = -10

    def say(self, row: int, column: int, logit: float, corners: np.ndarray) -> None:  # type: ignore[type-arg]
        centre = (np.array([column, row]) + 0.5) * 8
        self.out[0, row, column, 0] = logit
        self.out[0, row, column, 1:] = ((corners - centre) / 32).reshape(8)

    def run(self, _tensor: object) -> tuple[np.ndarray, ...]:  # type: ignore[type-arg]
        return (self.out,)


WINDOW = Window(left=10, top=20, width=256, height=128)


def find(said: Said) -> list[tuple[float, np.ndarray]]:  # type: ignore[type-arg]
    found = PlateNetwork(said).find(np.zeros((200, 300, 3), np.uint8), WINDOW, 0.3)  # type: ignore[arg-type]
    return list(zip(found.scores.tolist(), found.corners, strict=True))


def test_cells_that_mean_one_plate_make_one_plate_between_them() -> None:
    said = Said()
    corners = np.array([[40, 20], [90, 20], [90, 36], [40, 36]], np.float64)
    said.say(3, 8, 4.0, corners + 1)
    said.say(3, 9, 4.0, corners - 1)
    ((score, where),) = find(said)
    assert score == pytest.approx(1 / (1 + np.exp(-4)))
    np.testing.assert_allclose(where, corners * 2 + np.array([10, 20]), atol=1e-3)  # the network sees half the pixels


def test_a_cell_that_is_hardly_sure_has_no_say_about_the_place() -> None:
    said = Said()
    corners = np.array([[40, 20], [90, 20], [90, 36], [40, 36]], np.float64)
    said.say(3, 8, 6.0, corners)
    said.say(3, 9, -0.5, corners + 6)
    ((_, where),) = find(said)
    np.testing.assert_allclose(where, corners * 2 + np.array([10, 20]), atol=1e-3)


def test_two_plates_stay_two_best_first() -> None:
    said = Said()
    first = np.array([[4, 10], [40, 10], [40, 22], [4, 22]], np.float64)
    second = first + np.array([70, 20])
    said.say(2, 2, 1.0, first)
    said.say(4, 11, 3.0, second)
    scores = [score for score, _ in find(said)]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)


def test_nothing_sure_gives_nothing() -> None:
    assert find(Said()) == []


def test_what_is_no_number_is_left_out() -> None:
    said = Said()
    said.say(3, 8, 5.0, np.full((4, 2), np.nan))
    assert find(said) == []


def test_a_thousand_loud_cells_are_bounded() -> None:
    said = Said()
    for row in range(8):
        for column in range(16):
            x, y = column * 8, row * 8
            said.say(row, column, 2.0, np.array([[x, y], [x + 7, y], [x + 7, y + 5], [x, y + 5]], np.float64))
    assert 0 < len(find(said)) <= 100


def test_no_cells_join_to_no_plates() -> None:
    corners, scores = joined(np.zeros((0, 4, 2)), np.zeros(0))
    assert corners.shape == (0, 4, 2)
    assert scores.shape == (0,)


@pytest.mark.parametrize(
    ("corners", "fine"),
    [
        (PLATE, True),
        (PLATE @ np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]]), True),
        (PLATE * [1, 1.4], True),  # two rows
        (PLATE[::-1], False),  # the wrong way round
        (PLATE[[2, 3, 0, 1]], False),  # upside down
        (PLATE * [1, 8], False),  # a post
        (PLATE * [1, 0.2], False),  # a line
        (PLATE[[0, 1, 3, 2]], False),  # crossed
        (np.zeros((4, 2)), False),
    ],
)
def test_only_what_has_a_plates_shape_is_believed(corners: np.ndarray, fine: bool) -> None:  # type: ignore[type-arg]  # noqa: FBT001
    assert plausible(corners) is fine


@pytest.mark.usefixtures("runtime")
def test_another_network_is_refused(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match="not a plate detector"):
        PlateNetwork(Model(manifest.path("face-near"), manifest.entry("face-near").sha256))
