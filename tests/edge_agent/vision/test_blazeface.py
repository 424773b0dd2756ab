from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.errors import ModelError
from edge_agent.vision.blazeface import BlazeFace
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.face_windows import Window
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.tflite import Model

BLANK = np.zeros((100, 100, 3), np.uint8)


class Scripted(Model):
    """A network of four anchors (2 x 2 cells of 64 pixels) that answers what the test wrote down."""

    def __init__(self, rows: Mapping[int, tuple[float, ...]], logits: Mapping[int, float]) -> None:
        self.input_shape = (1, 128, 128, 3)
        self.output_shapes = ((1, 4, 16), (1, 4, 1))
        self._regressors = np.zeros((1, 4, 16), np.float32)
        self._logits = np.full((1, 4, 1), -1000, np.float32)
        for anchor, row in rows.items():
            self._regressors[0, anchor, : len(row)] = row
        for anchor, logit in logits.items():
            self._logits[0, anchor, 0] = logit

    def run(self, tensor: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        assert tensor.shape == self.input_shape
        return self._regressors, self._logits


def test_an_anchor_is_decoded_into_pixels_of_the_picture() -> None:
    """Anchor 3 is the cell at bottom right, its centre at (96, 96) of 128; the window is half as fine."""
    network = BlazeFace(Scripted({3: (-8, 4, 32, 16, 10, 20)}, {3: 0.0}), ((2, 1),))
    found = network.find(BLANK, Window(x0=1000, y0=-50, side=256), 0.5)
    np.testing.assert_allclose(found.boxes, [[1000 + 2 * 72, -50 + 2 * 92, 1000 + 2 * 104, -50 + 2 * 108]])
    np.testing.assert_allclose(found.points[0, 0], [1000 + 2 * 106, -50 + 2 * 116])
    np.testing.assert_allclose(found.points[0, 1], [1000 + 2 * 96, -50 + 2 * 96])
    np.testing.assert_allclose(found.scores, [0.5])


def test_only_scores_from_the_minimum_are_kept_and_huge_logits_do_no_harm() -> None:
    rows = dict.fromkeys(range(4), (0.0, 0.0, 10.0, 10.0))
    network = BlazeFace(Scripted(rows, {0: 1e6, 1: -1e6, 2: -0.01, 3: 0.01}), ((2, 1),))
    found = network.find(BLANK, Window(x0=0, y0=0, side=100), 0.5)
    assert found.scores == pytest.approx([1.0, 0.5025], abs=1e-4)


@pytest.mark.parametrize("size", [(-5.0, 5.0), (5.0, -5.0), (0.0, 5.0), (float("nan"), 5.0)])
def test_a_box_without_an_area_is_dropped(size: tuple[float, float]) -> None:
    network = BlazeFace(Scripted({0: (0.0, 0.0, *size)}, {0: 5.0}), ((2, 1),))
    assert len(network.find(BLANK, Window(x0=0, y0=0, side=100), 0.5)) == 0


def test_a_window_beside_the_picture_is_black_and_harmless(reader: FaceReader) -> None:
    window = Window(x0=5000, y0=5000, side=300)
    assert len(reader.detector._far.find(BLANK, window, 0.3)) == 0


def test_a_network_of_other_shapes_is_refused(manifest: Manifest) -> None:
    far = Model(manifest.path("face-far"), manifest.entry("face-far").sha256)
    with pytest.raises(ModelError, match="not a BlazeFace of 896 anchors"):
        BlazeFace(far, ((16, 2), (8, 6)))
    mesh = Model(manifest.path("face-mesh"), manifest.entry("face-mesh").sha256)
    with pytest.raises(ModelError, match="not a BlazeFace"):
        BlazeFace(mesh, ((48, 1),))
