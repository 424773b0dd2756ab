"""The two public-domain portraits and the shipped manifest, as fixtures for whoever looks at faces."""

from pathlib import Path

import pytest

from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest, find_models, load_manifest
from edge_agent.vision.picture import read_picture


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return load_manifest(find_models())


@pytest.fixture(scope="session")
def astronaut() -> Pixels:
    skimage = pytest.importorskip("skimage", reason="scikit-image brings the portrait astronaut.png")
    return read_picture(Path(skimage.__file__).parent / "data" / "astronaut.png")


@pytest.fixture(scope="session")
def hopper() -> Pixels:
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib brings the portrait grace_hopper.jpg")
    return read_picture(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg")
