"""A site's folder, begun once; each test that changes it gets a copy."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_config.site.folder import SiteFolder
from firmware_config.site.profile import SiteProfile

PASSPHRASE = "four words of a test"
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site") / "guihua"
    profile = SiteProfile(
        name="guihua", broker_hosts=("hub.guihua.lan", "127.0.0.1"), hub_hosts=("hub.guihua.lan",), made=NOW
    )
    SiteFolder(path).begin(profile, passphrase=PASSPHRASE)
    return path


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> SiteFolder:
    return SiteFolder(Path(shutil.copytree(begun, tmp_path / "guihua")))
