import importlib
import re
import shutil
from pathlib import Path

import pytest

from edge_agent.errors import ModelError
from edge_agent.vision import manifest as module
from edge_agent.vision.manifest import Manifest, find_models, load_manifest


@pytest.fixture
def models(manifest: Manifest, tmp_path: Path) -> Path:
    """A copy of the shipped folder, to be spoilt."""
    return Path(shutil.copytree(manifest.folder, tmp_path / "models"))


def spoil(models: Path, pattern: str, replacement: str) -> None:
    path = models / "manifest.toml"
    text, count = re.subn(pattern, replacement, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


def test_the_shipped_manifest_tells_the_truth_about_every_tensor(manifest: Manifest, runtime: str) -> None:
    interpreter_class = pytest.importorskip(f"{runtime}.interpreter").Interpreter
    for role, entry in manifest.models.items():
        interpreter = interpreter_class(model_path=str(manifest.path(role)))
        for written, found in (
            (entry.inputs, interpreter.get_input_details()),
            (entry.outputs, interpreter.get_output_details()),
        ):
            assert [(t.name, t.shape, t.dtype) for t in written] == [
                (d["name"], tuple(int(n) for n in d["shape"]), d["dtype"].__name__) for d in found
            ]


def test_every_shipped_model_has_a_card_that_names_its_licence_and_source(manifest: Manifest) -> None:
    for entry in manifest.models.values():
        card = (manifest.folder / entry.card).read_text()
        assert entry.file in card
        assert entry.licence.split()[0] in card
        assert entry.source.split(",")[0] in card


def test_nothing_lies_in_the_models_folder_that_the_manifest_does_not_name(manifest: Manifest) -> None:
    named = {entry.file for entry in manifest.models.values()}
    assert {path.name for path in manifest.folder.glob("*.tflite")} == named


def test_all_mistakes_are_reported_at_once(models: Path) -> None:
    (models / "face_landmark.tflite").unlink()
    (models / "face_embedding.tflite").write_bytes(b"short")
    spoil(models, 'role = "face-near"', 'role = "face-far"')
    spoil(models, r"door_score_min = [\d.]+", "door_score_min = 1.5")
    with pytest.raises(ModelError) as caught:
        load_manifest(models)
    message = str(caught.value)
    assert "face_landmark.tflite: cannot be read: No such file" in message
    assert "face_embedding.tflite: 5 bytes, the manifest says" in message
    assert "face-far: 2 models have this role" in message
    assert "face-near: no model has this role" in message
    assert "door_score_min" in message


def test_a_file_of_the_right_size_and_wrong_content_is_named(models: Path) -> None:
    path = models / "face_detection_short_range.tflite"
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"face_detection_short_range\.tflite: SHA-256 is"):
        load_manifest(models)


@pytest.mark.parametrize("name", ["../secret.tflite", "/etc/passwd", "a/b.tflite", ".hidden", ""])
def test_a_manifest_cannot_name_files_outside_its_folder(models: Path, name: str) -> None:
    spoil(models, r'file = "face_landmark\.tflite"', f'file = "{name}"')
    with pytest.raises(ModelError, match="is not a plain file name"):
        load_manifest(models)


def test_a_misspelt_field_is_refused(models: Path) -> None:
    spoil(models, "licence = ", "license = ")
    with pytest.raises(ModelError, match="license"):
        load_manifest(models)


def test_what_is_no_toml_is_refused(models: Path) -> None:
    (models / "manifest.toml").write_bytes(b"\xff\xfe not toml")
    with pytest.raises(ModelError, match=r"manifest\.toml"):
        load_manifest(models)


def test_an_oversized_manifest_is_refused(models: Path) -> None:
    (models / "manifest.toml").write_bytes(b"#" * (module.MANIFEST_BYTES_MAX + 1))
    with pytest.raises(ModelError, match="larger than"):
        load_manifest(models)


def test_a_configured_folder_without_a_manifest_is_an_error_and_no_hint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=re.escape(str(tmp_path))):
        find_models(tmp_path)


def test_places_are_tried_in_order(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty, other = tmp_path / "empty", tmp_path / "other"
    empty.mkdir()
    other.mkdir()
    (other / "manifest.toml").touch()
    monkeypatch.setattr(module, "standard_places", lambda: [empty, models, other])
    assert find_models() == models
    assert find_models(other) == other


def test_models_pushed_by_the_hub_come_before_installed_ones_and_the_checkout() -> None:
    first, second, third = module.standard_places()
    assert first == Path("/var/lib/shouwang/models")
    assert second.parts[-3:] == ("share", "shouwang", "models")
    assert third == Path(importlib.import_module("edge_agent").__path__[0]).parent / "models"


def test_a_role_that_nobody_plays_is_named(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match="no model has the role liveness"):
        manifest.path("liveness")
