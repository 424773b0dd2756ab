"""What an agent is given at its start and cannot use: one sentence that says what to do, and nothing touched."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_disk import read_only
from walks import write_config

from edge_agent.agent import open_agent
from edge_agent.assembly import scene_path
from edge_agent.blobs.store import BlobStoreError
from edge_agent.clock import FakeClock
from edge_agent.commands.doctor import examine
from edge_agent.config import AgentConfig, load
from edge_agent.errors import DeviceKeyError, JournalError, ShouwangError
from edge_agent.journal import Journal
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.vision.manifest import find_models, load_manifest


@pytest.fixture
def config(tmp_path: Path) -> AgentConfig:
    """Of an agent with a whole gallery of one person."""
    clip, gallery = tmp_path / "clip.mp4", tmp_path / "gallery.json"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    writer.write(np.full((240, 320, 3), 90, np.uint8))
    writer.release()
    gallery.write_bytes(a_gallery(load_manifest(find_models()).face.embedder_id).to_bytes())
    return load(write_config(tmp_path, clip=clip, gallery=gallery, port=1))


def a_gallery(embedder_id: str) -> Gallery:
    length = load_manifest(find_models()).face.template_length
    template = np.zeros((1, length), np.float32)
    template[0, 0] = 1.0
    entry = Entry(person="p-1", purposes=frozenset({Purpose("welfare")}), templates=template)
    return Gallery(embedder_id=embedder_id, template_length=length).with_entry(entry)


def refusal(config: AgentConfig) -> str:
    with pytest.raises(ShouwangError) as caught, open_agent(config):
        raise AssertionError("it was taken")
    assert "\n" not in str(caught.value), "one sentence"
    return str(caught.value)


def doctor_says(config: AgentConfig) -> str:
    from edge_agent.commands import checkup  # noqa: PLC0415 - heavy

    finding = examine("gallery", checkup.check_gallery, config)
    assert not finding.ok
    return finding.found


def gallery_file(config: AgentConfig) -> Path:
    assert config.gallery.file is not None
    return config.gallery.file


def test_an_agent_with_all_in_order_opens(config: AgentConfig) -> None:
    with open_agent(config):
        assert config.journal.file.exists()


def test_a_gallery_of_another_embedder_is_refused_by_run_and_doctor(config: AgentConfig) -> None:
    gallery_file(config).write_bytes(a_gallery("another-net-v9").to_bytes())
    for said in (refusal(config), doctor_says(config)):
        assert "another-net-v9" in said
        assert "enrol again" in said
        assert "gallery.json" in said


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_gallery_is_refused_by_run_and_doctor(config: AgentConfig, share: float) -> None:
    content = gallery_file(config).read_bytes()
    gallery_file(config).write_bytes(content[: int(share * len(content))])
    for said in (refusal(config), doctor_says(config)):
        assert "gallery.json: damaged" in said


def test_a_second_agent_on_one_journal_is_refused_and_the_first_goes_on(config: AgentConfig) -> None:
    with open_agent(config):
        assert "another edge-agent is using this journal" in refusal(config)
        assert "another edge-agent" in refusal(config), "the refused one did not take the lock away"
    with open_agent(config):
        assert config.journal.file.exists()


def test_a_read_only_journal_folder_is_refused_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with read_only(folder):
        for file in (folder / "journal.sqlite3", folder / "deeper" / "journal.sqlite3"):
            with pytest.raises(JournalError, match=r"no journal can be kept here: (Read-only|Permission)"):
                Journal(file, clock=FakeClock())


def test_the_doctor_says_that_the_journal_folder_is_read_only(
    config: AgentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge_agent.commands import checkup  # noqa: PLC0415 - heavy

    monkeypatch.setattr(checkup, "find_mount", lambda *_: checkup.Mount(point="/data", kind="ext4"))
    folder = tmp_path / "data"
    folder.mkdir()
    with read_only(folder):
        journal = replace(config.journal, file=folder / "journal.sqlite3")
        finding = examine("disk", checkup.check_disk, replace(config, journal=journal))
    assert not finding.ok
    assert "not writable" in finding.found


def test_a_damaged_learnt_view_costs_a_word_and_not_the_start(
    config: AgentConfig, caplog: pytest.LogCaptureFixture
) -> None:
    scene_path(config).write_bytes(b"SWVIEW\x00\x01half")
    with open_agent(config):
        assert "set aside" in caplog.text
    assert scene_path(config).name == "journal.sqlite3.east.scene"


def test_a_disk_without_room_for_a_key_costs_the_galleries_and_not_the_watching(
    config: AgentConfig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise BlobStoreError("no space left")

    monkeypatch.setattr("edge_agent.blobs.lane.device_key", full)
    with open_agent(config) as agent:
        assert agent._uplink._lane is None
    assert "no gallery can come from the hub until the next start: no space left" in caplog.text


def test_a_key_that_others_may_read_ends_the_start_in_words(config: AgentConfig) -> None:
    key = config.journal.file.with_name("device.key")
    key.write_bytes(bytes(32))
    key.chmod(0o644)
    with pytest.raises(DeviceKeyError, match="others may read"), open_agent(config):
        pass
