"""The Pi camera's adapter against the source of the real picamera2: every name, argument and format that it uses."""

import ast
import inspect
from pathlib import Path

import pytest
from picamera2_source import Source, arguments, troubles, uses

from edge_agent.camera import picamera
from edge_agent.camera.picamera import _DRIVER_ERRORS as DRIVER_ERRORS

ADAPTER = Path(picamera.__file__).read_text()


@pytest.fixture(scope="module")
def real(pytestconfig: pytest.Config) -> Source:
    wheels = sorted((pytestconfig.rootpath / ".cache" / "picamera2").glob("picamera2-*.whl"))
    if not wheels:
        pytest.skip("picamera2's wheel is not in .cache: scripts/test fetches it where there is a network")
    return Source.of_wheel(wheels[-1])


def test_everything_that_the_adapter_uses_is_there(real: Source) -> None:
    names = {use.name for use in uses(ADAPTER)}
    assert names == {"Picamera2", "create_video_configuration", "configure", "start", "capture_array", "wait", "close"}
    assert troubles(ADAPTER, real) == [], real.version


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (".Picamera2(", ".PiCamera("),
        ("create_video_configuration", "create_video_config"),
        ("buffer_count=", "buffers="),
        ("camera.start()", "camera.begin()"),
        ("camera.start()", "camera.start(1, 2, 3)"),
        ("capture_array", "capture_picture"),
        ("wait=False", "blocking=False"),
        ("timeout=READ", "timeout_s=READ"),
        ("RGB888", "BGR888"),
        ("RGB888", "RGB24"),
        ('"size":', '"resolution":'),
        ("FrameRate", "Framerate"),
        ("camera.close()", "camera.shut()"),
    ],
)
def test_each_mistake_would_be_found(real: Source, ours: str, theirs: str) -> None:
    assert ours in ADAPTER
    assert troubles(ADAPTER.replace(ours, theirs), real) != []


def test_a_capture_without_waiting_gives_a_job_that_can_be_waited_for(real: Source) -> None:
    """Picamera2.wait(job, timeout) gives its result, or a TimeoutError."""
    overloads = [ast.unparse(one) for one in real.overloads("capture_array")]
    assert any("wait: Literal[False]" in one and "-> Job[" in one for one in overloads)
    assert "main" in [ast.literal_eval(value) for value in real.method("capture_array").args.defaults]
    assert arguments(real.method("wait"))[:2] == ["job", "timeout"]


def test_what_the_used_methods_raise_is_what_the_adapter_catches(real: Source) -> None:
    caught = {error.__name__ for error in DRIVER_ERRORS}
    for name in ("__init__", "create_video_configuration", "check_stream_config", "start", "wait", "close"):
        assert real.raised(name) <= caught, name
    # TypeError: a configuration that is none of its kinds; ours is the one it has just made.
    assert real.raised("configure") <= caught | {"TypeError"}


def test_the_drivers_of_the_other_tests_have_the_real_names(real: Source) -> None:
    """The fake of test_camera.py: what it takes, the real one takes too."""
    fake = next(
        node
        for node in ast.walk(ast.parse((Path(__file__).parent / "test_camera.py").read_text()))
        if isinstance(node, ast.ClassDef) and node.name == "FakePicamera2"
    )
    for node in fake.body:
        if isinstance(node, ast.FunctionDef) and node.name not in ("__init__", "Picamera2"):
            named = [*arguments(node), *(argument.arg for argument in node.args.kwonlyargs)]
            theirs = arguments(real.method(node.name))
            words = set(named) - {"job", "configuration", "name"}
            assert words <= set(theirs), node.name
            assert len(named) <= len(theirs), node.name


def test_the_adapter_stays_small_enough_to_be_read_at_once() -> None:
    assert len(inspect.getsource(picamera).splitlines()) < 80
