import socket
from pathlib import Path

import pytest

from edge_agent.health import Heartbeat, Notifier, Tally, resident_bytes
from edge_agent.recognition.observing import LOOK_AGE_MAX_S, PICTURE_AGE_MAX_S


def test_the_heart_needs_frames_and_inference() -> None:
    assert not Heartbeat().beats(0)
    assert not Heartbeat(frame_s=100).beats(100)
    assert not Heartbeat(inference_s=100).beats(100)
    assert Heartbeat(frame_s=100, inference_s=100).beats(100)


def test_the_heart_stops_when_frames_stop_to_the_very_second() -> None:
    heart = Heartbeat(frame_s=100, inference_s=100)
    assert heart.beats(100 + PICTURE_AGE_MAX_S)
    assert not heart.beats(100 + PICTURE_AGE_MAX_S + 0.001)


def test_frames_without_inference_are_not_enough() -> None:
    heart = Heartbeat(frame_s=100 + LOOK_AGE_MAX_S + 1, inference_s=100)
    assert not heart.beats(100 + LOOK_AGE_MAX_S + 1)


@pytest.fixture
def systemd(tmp_path: Path) -> tuple[str, socket.socket]:
    address = str(tmp_path / "notify")
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(address)
    receiver.settimeout(2)
    return address, receiver


def test_systemd_hears_ready_once_and_a_status_only_when_it_changes(systemd: tuple[str, socket.socket]) -> None:
    address, receiver = systemd
    notifier = Notifier(address=address)
    notifier.ready()
    notifier.ready()
    notifier.status("watching\nthe door")
    notifier.status("watching the door")
    notifier.watchdog()
    notifier.watchdog()
    notifier.stopping()
    heard = [receiver.recv(256) for _ in range(5)]
    receiver.close()
    assert heard == [b"READY=1\n", b"STATUS=watching the door\n", b"WATCHDOG=1\n", b"WATCHDOG=1\n", b"STOPPING=1\n"]


def test_without_systemd_or_with_a_dead_one_nothing_happens(tmp_path: Path) -> None:
    Notifier(address="").ready()
    Notifier(address=str(tmp_path / "nobody")).ready()


def test_the_tally_reports_once_a_minute_and_counts_anew() -> None:
    tally = Tally()
    assert tally.report(0) is None
    for look_ms in (10.0, None, 30.0):
        tally.frame(look_ms)
    assert tally.report(59.9) is None
    line = tally.report(60)
    assert line is not None
    assert line.startswith("0.1 frames/s, 20 ms a look, ")
    second = tally.report(120)
    assert second is not None
    assert second.startswith("0.0 frames/s, nothing looked at, ")


def test_resident_memory_is_plausible() -> None:
    assert 5 * 2**20 < resident_bytes() < 4 * 2**30
