"""Both inference runtimes, one after the other: `runtime` runs whatever asks for it once on each."""

import importlib.util
from collections.abc import Iterator

import pytest

from edge_agent.vision.tflite import RUNTIME_VARIABLE, RUNTIMES


@pytest.fixture(scope="session", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of the runtime that every model loads with meanwhile."""
    name = str(request.param)
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RUNTIME_VARIABLE, name)
        yield name
