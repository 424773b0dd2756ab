"""One hub for all tests of `provision`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cards import make_wheel
from technician import Desk, hub_running, make_site

from firmware_config.boot.wheels import VERSION


@pytest.fixture(scope="session")
def hub_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with hub_running(tmp_path_factory.mktemp("hub"), make_site(tmp_path_factory.mktemp("site"))) as desk:
        yield desk


@pytest.fixture(scope="session")
def hub_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In the place of our own, which takes a while to build."""
    return make_wheel(tmp_path_factory.mktemp("wheel"), "shouwang", VERSION)


@pytest.fixture
def desk(hub_desk: Desk, hub_wheel: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """In English; nothing of the environment says where a hub is."""
    monkeypatch.setenv("SHOUWANG_LANG", "en")
    for name in ("SHOUWANG_HUB", "SHOUWANG_TOKEN", "SHOUWANG_CA", "SHOUWANG_SITE", "SHOUWANG_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("firmware_config.provision.write.own", lambda _folder, say: hub_wheel)  # noqa: ARG005
    return hub_desk.by(capsys)
