"""Without the hub's key nothing is taken, and nobody who walks past suffers from it."""

from pathlib import Path

import pytest

from edge_agent.clock import FakeClock
from edge_agent.config import parse
from edge_agent.remote.opening import Remote, open_remote
from edge_agent.vision.manifest import find_models, load_manifest
from edge_agent.wire import sign


def opened(folder: Path, **hub: str) -> Remote | None:
    table = {
        "site": "demo",
        "device": "door-east",
        "hub": {"host": "127.0.0.1", **hub},
        "camera": {"name": "east", "source": "replay:walk.mp4"},
        "journal": {"file": "journal.sqlite3"},
    }
    config = parse(table, folder=folder, source="a test")
    return open_remote(config, FakeClock(), load_manifest(find_models(None)), trouble=lambda: None)


def test_with_a_pinned_key_it_says_challenges(tmp_path: Path) -> None:
    (tmp_path / "hub-sign.pub").write_text(sign.key_text(sign.public_key_of(bytes(range(1, 33)))) + "\n")
    remote = opened(tmp_path, sign_key="hub-sign.pub")
    assert remote is not None
    assert len(remote.desk.challenges()) == 1
    assert remote.desk.challenges() == [], "the next one is due in 10 s"


def test_without_a_key_it_says_none(tmp_path: Path) -> None:
    assert opened(tmp_path) is None


@pytest.mark.parametrize("content", [None, "", "not base64", "AAAA"])
def test_a_key_that_cannot_be_read_is_said_and_stops_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "hub-sign.pub").write_text(content)
    assert opened(tmp_path, sign_key="hub-sign.pub") is None
    assert "no command is taken" in caplog.text
