"""Sizes, power, warmth, sound: what each finding says, and when."""

import wave
from io import BytesIO
from pathlib import Path

import pytest

from edge_agent.config import AgentConfig, SpeakerConfig, parse
from edge_agent.errors import RelayError
from edge_agent.gate.relay import FakeRelay
from edge_agent.onsite import machine, sizes
from edge_agent.onsite.optics import Lens
from edge_agent.onsite.sound import check_speaker, tone
from edge_agent.onsite.visit import click
from edge_agent.wire.messages import Outcome

V3 = Lens.of_angle(66.0, width_px=1280)


def config(**sections: dict[str, object]) -> AgentConfig:
    table = {
        "site": "riverside",
        "device": "east-gate",
        "hub": {"host": "broker"},
        "camera": {"name": "east", "source": "picamera2"},
        "journal": {"file": "journal.sqlite3"},
        **sections,
    }
    return parse(table, folder=Path("/"), source="here")


@pytest.mark.parametrize(("distance_m", "ok"), [(1.0, True), (2.29, True), (2.31, False), (20.0, False)])
def test_a_face_is_large_enough_up_to_where_the_pinhole_says(distance_m: float, *, ok: bool) -> None:
    (face,) = sizes.expected(config(), V3, distance_m)
    assert (face.check, face.ok) == ("face_size", ok)
    assert ok or "within 2.3 m" in face.advice


def test_a_gate_for_vehicles_is_asked_about_plates_and_not_about_faces() -> None:
    gate = config(faces={"enabled": False}, plates={"enabled": True})
    (plate,) = sizes.expected(gate, V3, 5.0)
    assert (plate.check, plate.ok) == ("plate_size", True)
    (seen,) = sizes.measured(gate, [], [11.0, 13.0])
    assert (seen.ok, "13 px high; 14 px are needed" in seen.found) == (False, True)
    stricter = config(faces={"enabled": False}, plates={"enabled": True, "height_min_px": 40})
    assert not sizes.expected(stricter, V3, 5.0)[0].ok


def test_without_distance_or_lens_it_is_skipped_and_says_what_to_give() -> None:
    for lens, distance_m in ((None, 2.0), (V3, None)):
        (face,) = sizes.expected(config(), lens, distance_m)
        assert face.outcome is Outcome.SKIPPED
        assert "--distance-m" in face.found


def test_the_largest_face_that_was_seen_counts_and_none_is_a_failure() -> None:
    assert sizes.measured(config(), [40.0, 61.0, 20.0], [])[0].ok
    assert not sizes.measured(config(), [59.0], [])[0].ok
    assert sizes.measured(config(), [], [])[0].found == "no face was found"


@pytest.mark.parametrize(
    ("bits", "ok", "words"),
    [
        (0x0, True, "no under-voltage"),
        (0x1, False, "under-voltage now"),
        (0x50000, False, "under-voltage since the start, throttled since the start"),
        (0x50005, False, "under-voltage now, throttled now"),
        (0x80008, False, "soft temperature limit now"),
    ],
)
def test_what_the_firmware_says_of_its_supply(bits: int, words: str, *, ok: bool) -> None:
    finding = machine.judge_throttled(bits)
    assert (finding.ok, finding.found.startswith(words)) == (ok, True)
    assert ok or ("power supply" in finding.advice) == ("under-voltage" in words)


def test_the_warmest_zone_counts_and_one_that_cannot_be_read_does_not(tmp_path: Path) -> None:
    for number, text in enumerate(("41200\n", "66000\n", "nonsense")):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text)
    assert machine.temperature(tmp_path).found.startswith("66 °C")
    (tmp_path / "thermal_zone0" / "temp").write_text("85000")
    assert not machine.temperature(tmp_path).ok
    assert machine.temperature(tmp_path / "none").outcome is Outcome.SKIPPED


def program(folder: Path, text: str) -> str:
    file = folder / "program"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_vcgencmd_is_asked_and_nonsense_is_no_failure(tmp_path: Path) -> None:
    assert not machine.power(program(tmp_path, "echo throttled=0x50000")).ok
    assert machine.power(program(tmp_path, "echo throttled=0x0")).outcome is Outcome.OK
    for text in ("echo hello", "exit 3"):
        assert machine.power(program(tmp_path, text)).outcome is Outcome.SKIPPED
    assert machine.power("no-such-program-here").outcome is Outcome.SKIPPED


def test_the_player_gets_a_whole_wav_file_and_its_complaint_is_shown(tmp_path: Path) -> None:
    speaker = SpeakerConfig(alsa="plughw:1")
    assert check_speaker(speaker, program=program(tmp_path, f"cat > {tmp_path}/heard")).ok
    assert (tmp_path / "heard").read_bytes() == tone()
    with wave.open(BytesIO(tone())) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(0.6)
    sad = check_speaker(speaker, program=program(tmp_path, "cat >/dev/null; echo no card >&2; exit 1"))
    assert (sad.ok, sad.found) == (False, "plughw:1: no card")
    assert check_speaker(speaker, program="no-such-player").found == "no-such-player is not here"
    assert check_speaker(SpeakerConfig()).outcome is Outcome.SKIPPED


def test_the_relay_is_pulled_once_for_as_long_as_configured() -> None:
    relay = FakeRelay()
    assert click(relay, pin=17, pulse_ms=700).ok
    assert relay.held_ms == [700]
    broken = click(FakeRelay(broken=True), pin=17, pulse_ms=700)
    assert (broken.ok, broken.found) == (False, "the relay in memory is broken")
    with pytest.raises(RelayError):
        FakeRelay().pulse(10_001)
