"""Which embedder a gallery of vehicles alone names: that of this machine's models."""

import logging
from pathlib import Path

import pytest

from hub_server.app.embedder import find_embedder, places
from hub_server.store.galleries import Embedder

MODELS = Path(__file__).parents[3] / "models"


def test_the_models_of_the_checkout_name_their_embedder() -> None:
    assert MODELS in places()
    found = find_embedder([Path("/nowhere"), MODELS])
    assert found is not None
    text = (MODELS / "manifest.toml").read_text(encoding="utf-8")
    assert f'embedder_id = "{found.id}"' in text
    assert f"template_length = {found.template_length}" in text


def test_the_first_folder_with_a_manifest_is_believed(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text('[face]\nembedder_id = "mine"\ntemplate_length = 3\n', encoding="utf-8")
    assert find_embedder([tmp_path, MODELS]) == Embedder(id="mine", template_length=3)


@pytest.mark.parametrize("content", [b"", b"[face]\n", b"face = 1\n", b"\xff", b"[face]\nembedder_id = 'x'\n", b"="])
def test_a_manifest_that_does_not_say_is_told_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "manifest.toml").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert find_embedder([tmp_path]) is None
    assert "manifest.toml" in caplog.text


def test_without_any_manifest_the_log_says_what_follows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert find_embedder([tmp_path]) is None
    assert "vehicles alone" in caplog.text
