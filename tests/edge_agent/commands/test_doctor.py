import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from mosquitto import PASSWORD, PROGRAM, USER, Mosquitto, Observer
from scripted_hub import ScriptedHub
from sealing_hub import parcel, written

from edge_agent import cli
from edge_agent.blobs.device_key import device_key
from edge_agent.commands import checkup
from edge_agent.commands.doctor import Finding, UnwellError, examine, in_words
from edge_agent.config import AgentConfig, Synchronised, load
from edge_agent.recognition.gallery import Gallery
from edge_agent.vision.manifest import find_models, load_manifest
from edge_agent.wire.topics import Address

MOUNTS = """\
22 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw
30 22 0:25 / /var/log rw - tmpfs log2ram rw
31 22 179:3 / /data\\040disk rw - ext4 /dev/mmcblk0p3 rw
32 22 0:26 / /var/lib/shouwang rw - overlay overlay rw
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    writer = cv2.VideoWriter(str(tmp_path / "walk.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 30, (320, 240))
    for _ in range(10):
        writer.write(rng.integers(0, 255, (240, 320, 3), dtype=np.uint8))
    writer.release()
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    face = load_manifest(find_models()).face
    gallery = Gallery(embedder_id=face.embedder_id, template_length=face.template_length)
    (tmp_path / "gallery.json").write_bytes(gallery.to_bytes())
    path = tmp_path / "agent.toml"
    path.write_text(
        f"""
site = "test"
device = "{USER}"
[hub]
host = "127.0.0.1"
port = 1
password_file = "password"
[camera]
name = "east"
source = "replay:walk.mp4"
[clock]
synchronised = "always"
[gallery]
file = "gallery.json"
[journal]
file = "journal.sqlite3"
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def config(config_file: Path) -> AgentConfig:
    return load(config_file)


def advice_of(check: Callable[[AgentConfig], str], config: AgentConfig) -> tuple[str, str]:
    with pytest.raises(UnwellError) as caught:
        check(config)
    return caught.value.found, caught.value.advice


def test_it_examines_everything_and_one_failure_makes_exit_1(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", "--config", str(config_file), "--json"]) == 1
    findings = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert list(findings) == ["camera", "models", "runtime", "gallery", "pushed", "clock", "disk", "broker"]
    assert [name for name, finding in findings.items() if not finding["ok"]] == ["broker"]
    assert "320x240" in findings["camera"]["found"]
    assert "refused" in findings["broker"]["found"]
    assert "password file" in findings["broker"]["advice"]


def test_a_line_each_with_what_to_do(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor", "--config", str(config_file)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok    camera")
    assert lines[-2].startswith("FAIL  broker")
    assert lines[-1].strip().startswith("-> check host, port")


def test_a_failure_without_advice_is_one_line() -> None:
    assert in_words(Finding(check="x", ok=False, found="broken")).count("\n") == 0


def test_a_dark_or_covered_camera_fails(config: AgentConfig, tmp_path: Path) -> None:
    for name, grey in (("dark", 2), ("covered", 120)):
        writer = cv2.VideoWriter(str(tmp_path / f"{name}.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 30, (320, 240))
        for _ in range(10):
            writer.write(np.full((240, 320, 3), grey, np.uint8))
        writer.release()
        spoilt = replace(config, camera=replace(config.camera, source=f"replay:{tmp_path / name}.mp4"))
        found, advice = advice_of(checkup.check_camera, spoilt)
        assert "nothing to see" in found
        assert "lens cap" in advice


def test_a_camera_that_is_not_there_fails_with_the_cable(config: AgentConfig) -> None:
    spoilt = replace(config, camera=replace(config.camera, source="replay:/none.mp4"))
    found, advice = advice_of(checkup.check_camera, spoilt)
    assert "/none.mp4" in found
    assert "cable" in advice


def test_a_model_that_was_changed_is_a_finding_and_not_a_crash(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(find_models(), tmp_path / "models")
    model = next((tmp_path / "models").glob("face_embed*.tflite"))
    model.write_bytes(b"x" + model.read_bytes()[1:])
    with config_file.open("a", encoding="utf-8") as toml:
        toml.write('[models]\ndir = "models"\n')
    assert cli.main(["doctor", "--config", str(config_file), "--json"]) == 1
    findings = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert not findings["models"]["ok"]
    assert "SHA-256" in findings["models"]["found"]


def test_a_gallery_of_another_embedder_is_a_finding(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Gallery(embedder_id="another", template_length=128)
    config_file.with_name("gallery.json").write_bytes(other.to_bytes())
    cli.main(["doctor", "--config", str(config_file), "--json"])
    findings = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert not findings["gallery"]["ok"]
    assert "enrol again" in findings["gallery"]["found"]


def receive(config: AgentConfig, *, version: int) -> Path:
    """As if the hub had sent a gallery without anybody in it; gives its file."""
    key = device_key(config.journal.file.with_name("device.key"))
    face = load_manifest(find_models()).face
    content = written(version=version, embedder=face.embedder_id, length=face.template_length)
    address = Address(site=config.site, device=config.device)
    blobs = config.journal.file.with_name(f"{config.journal.file.name}.blobs")
    blobs.mkdir(exist_ok=True)
    file = blobs / f"gallery-{version}.sealed"
    file.write_bytes(parcel(content, public_key=key.public, version=version, address=address).sealed)
    return file


def test_the_gallery_of_the_hub_is_told_before_that_of_the_configuration(config: AgentConfig) -> None:
    assert checkup.check_gallery(config).startswith("0 people, made with")
    receive(config, version=7)
    assert checkup.check_gallery(config) == "version 7 of the hub: 0 people"


def test_a_damaged_gallery_of_the_hub_is_a_finding_and_no_older_one_is_told(config: AgentConfig) -> None:
    receive(config, version=6)
    receive(config, version=7).write_bytes(b"damaged")
    finding = examine("gallery", checkup.check_gallery, config)
    assert not finding.ok
    assert "everybody is a stranger" in finding.found


def test_an_unsynchronised_clock_fails_and_a_vouched_one_does_not(
    config: AgentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkup, "system_synchronised", lambda: False)
    assert "vouched" in checkup.check_clock(config)
    doubtful = replace(config, clock=replace(config.clock, synchronised=Synchronised.AUTO))
    found, advice = advice_of(checkup.check_clock, doubtful)
    assert "not synchronised" in found
    assert "timedatectl" in advice
    monkeypatch.setattr(checkup, "system_synchronised", lambda: True)
    assert checkup.check_clock(doubtful).endswith("synchronised")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/pi/journal", "ext4"),
        ("/var/log/shouwang", "tmpfs"),
        ("/data disk/journal", "ext4"),
        ("/var/lib/shouwang", "overlay"),
        ("/var/lib/shouwang-else", "ext4"),
    ],
)
def test_the_file_system_of_a_path_is_found(path: str, kind: str) -> None:
    assert checkup.find_mount(Path(path), MOUNTS).kind == kind


def test_a_journal_on_a_forgetful_file_system_fails(config: AgentConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "find_mount", lambda *_: checkup.Mount(point="/run", kind="tmpfs"))
    found, advice = advice_of(checkup.check_disk, config)
    assert "tmpfs" in found
    assert "power cut" in advice


def test_a_journal_folder_that_is_still_to_be_made_is_judged_by_the_one_above(config: AgentConfig) -> None:
    journal = replace(config.journal, file=config.journal.file.parent / "a" / "b" / "journal.sqlite3")
    assert "free" in checkup.check_disk(replace(config, journal=journal))


def test_a_journal_that_was_set_aside_stays_a_finding_until_somebody_took_care_of_it(config: AgentConfig) -> None:
    aside = config.journal.file.with_name(f"{config.journal.file.name}.damaged-77")
    aside.write_bytes(b"torn")
    found, advice = advice_of(checkup.check_disk, config)
    assert aside.name in found
    assert "journal export" in advice
    aside.unlink()
    assert "free" in checkup.check_disk(config)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    if PROGRAM is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("no mosquitto here: apt install mosquitto")
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


def test_broker_and_hub_are_asked_and_answer(config: AgentConfig, broker: Mosquitto) -> None:
    here, hub = replace(config, hub=replace(config.hub, port=broker.port)), ScriptedHub()
    voice = Observer(broker.port, f"shouwang/v1/test/{USER}/up", hub)
    assert "the hub answered" in checkup.check_broker(here)
    assert not config.journal.file.with_name("device.key").exists(), "the doctor makes nothing"
    key = device_key(config.journal.file.with_name("device.key"))
    checkup.check_broker(here)
    assert [hello.seal_key for hello in hub.hellos] == [None, key.public.hex()], "or no gallery would come any more"
    voice.close()


def test_a_broker_without_a_hub_fails_and_says_so(
    config: AgentConfig, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkup, "ANSWER_S", 0.5)
    found, advice = advice_of(checkup.check_broker, replace(config, hub=replace(config.hub, port=broker.port)))
    assert (
        found == "the broker took us in, but the hub is not listening: nobody at the broker takes what this device says"
    )
    assert "hub-server" in advice
    voice = Observer(broker.port, f"shouwang/v1/test/{USER}/up")  # listens, and is no hub
    found, _ = advice_of(checkup.check_broker, replace(config, hub=replace(config.hub, port=broker.port)))
    assert found == "the broker took us in, but no hub answered"
    voice.close()


def test_a_wrong_password_fails_and_says_so(config: AgentConfig, broker: Mosquitto) -> None:
    assert config.hub.password_file is not None
    config.hub.password_file.write_text("wrong", encoding="utf-8")
    found, _ = advice_of(checkup.check_broker, replace(config, hub=replace(config.hub, port=broker.port)))
    assert "refuses" in found
