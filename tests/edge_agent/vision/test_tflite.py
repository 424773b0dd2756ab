import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ModelError
from edge_agent.vision.manifest import FACE_ROLES, PLATE_ROLES, Manifest
from edge_agent.vision.tflite import RUNTIME_VARIABLE, RUNTIMES, Model, runtime_name


def open_role(manifest: Manifest, role: str) -> Model:
    return Model(manifest.path(role), manifest.entry(role).sha256)


@pytest.mark.parametrize("role", FACE_ROLES + PLATE_ROLES)
def test_both_runtimes_give_the_same_numbers(manifest: Manifest, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = []
    for runtime in RUNTIMES:
        if importlib.util.find_spec(runtime) is None:
            pytest.skip(f"{runtime} is not installed here")
        monkeypatch.setenv(RUNTIME_VARIABLE, runtime)
        model = open_role(manifest, role)
        assert model.runtime == runtime
        picture = np.random.default_rng(1).uniform(-1, 1, model.input_shape).astype(np.float32)
        outputs.append(model.run(picture))
    for one, other in zip(*outputs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4 * max(1.0, float(np.abs(one).max())))


@pytest.mark.usefixtures("runtime")
def test_outputs_are_copies_that_the_next_run_leaves_alone(manifest: Manifest) -> None:
    model = open_role(manifest, "face-near")
    first = model.run(np.zeros(model.input_shape, np.float32))
    before = [output.copy() for output in first]
    model.run(np.ones(model.input_shape, np.float32))
    for output, copy in zip(first, before, strict=True):
        np.testing.assert_array_equal(output, copy)


@pytest.mark.usefixtures("runtime")
def test_a_model_with_another_hash_is_refused_by_both_hashes(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match=r"SHA-256 is [0-9a-f]{64}, the manifest says 0000"):
        Model(manifest.path("face-near"), "0" * 64)


@pytest.mark.usefixtures("runtime")
def test_a_model_changed_by_one_bit_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    content = bytearray(manifest.path("face-near").read_bytes())
    content[len(content) // 2] ^= 1
    changed = tmp_path / "changed.tflite"
    changed.write_bytes(content)
    with pytest.raises(ModelError, match="not the model it names"):
        Model(changed, manifest.entry("face-near").sha256)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.tflite: cannot read this model: No such file"):
        Model(tmp_path / "absent.tflite", "0" * 64)


@pytest.mark.usefixtures("runtime")
def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    content = b"this is not a flatbuffer" * 100
    path = tmp_path / "text.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot load this model"):
        Model(path, hashlib.sha256(content).hexdigest())


def test_a_runtime_that_does_not_exist_is_refused_with_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, "onnx")
    with pytest.raises(ModelError, match="must be one of tflite_runtime, ai_edge_litert"):
        runtime_name()


def test_the_successor_serves_where_the_first_runtime_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ai_edge_litert")
    monkeypatch.delenv(RUNTIME_VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", None)
    assert runtime_name().startswith("ai_edge_litert ")


def test_without_any_runtime_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RUNTIME_VARIABLE, raising=False)
    for runtime in RUNTIMES:
        monkeypatch.setitem(sys.modules, f"{runtime}.interpreter", None)
    with pytest.raises(ModelError, match=r"no inference runtime: install tflite_runtime or ai_edge_litert"):
        runtime_name()


@pytest.mark.usefixtures("runtime")
def test_loading_says_nothing_on_standard_error(manifest: Manifest) -> None:
    """In a process of its own: the runtime greets once per process."""
    program = (
        "import sys; from pathlib import Path; from edge_agent.vision.tflite import Model;"
        "Model(Path(sys.argv[1]), sys.argv[2]); print('loaded')"
    )
    path, sha256 = manifest.path("face-near"), manifest.entry("face-near").sha256
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(path), sha256],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("loaded\n", "")


@pytest.mark.usefixtures("runtime")
def test_a_network_for_any_size_of_picture_takes_the_size_it_is_opened_with(manifest: Manifest) -> None:
    entry = manifest.entry("plate-detector")
    path = manifest.path("plate-detector")
    small = Model(path, entry.sha256, input_shape=(1, 128, 256, 3))
    assert small.input_shape == (1, 128, 256, 3)
    assert small.output_shapes == ((1, 16, 32, 9),)
    picture = np.random.default_rng(2).uniform(-1, 1, (1, 128, 256, 3)).astype(np.float32)
    (out,) = small.run(picture)
    assert np.isfinite(out).all()
    wide = np.zeros((1, 384, 640, 3), np.float32)
    wide[:, :128, :256] = picture
    (whole,) = Model(path, entry.sha256).run(wide)
    np.testing.assert_allclose(whole[:, :4, :8], out[:, :4, :8], rtol=0.2, atol=0.5)  # far from the seam it is the same


@pytest.mark.usefixtures("runtime")
def test_a_size_the_network_cannot_take_is_an_error_that_names_the_file(manifest: Manifest) -> None:
    entry = manifest.entry("plate-reader")
    with pytest.raises(ModelError, match=r"plate_reader\.tflite: .* cannot load this model"):
        Model(manifest.path("plate-reader"), entry.sha256, input_shape=(1, 50, 100, 3))
