"""Photographs through the reader's own process: the agent's template, refusals by photograph, and every accident."""

import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.vision.face_enrol import enrol
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from hub_server.enrolment.enrolment import (
    Enroller,
    EnrolmentBusyError,
    EnrolmentUnavailableError,
    Refused,
)
from hub_server.store.limits import PHOTO_BYTES_MAX, PHOTOS_MAX

SAYS = "import sys; sys.stdin.buffer.read(); "


def png(pixels: Pixels) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def refused(*photos: bytes) -> dict[int, str]:
    with pytest.raises(Refused) as caught:
        Enroller().enrol(photos)
    return caught.value.reasons


def test_the_hub_makes_the_template_that_the_agent_makes(manifest: Manifest, astronaut: Pixels) -> None:
    light = np.clip(astronaut.astype(np.int16) + 25, 0, 255).astype(np.uint8)
    expected = enrol(
        FaceReader.open(manifest), [("a", astronaut), ("b", light)], same_score_min=manifest.face.same_score_min
    )
    assert expected.template is not None
    made = Enroller().enrol([png(astronaut), png(light)])
    assert (made.embedder, made.template_length) == (manifest.face.embedder_id, manifest.face.template_length)
    (template,) = made.templates
    assert np.abs(np.frombuffer(template, "<f4") - expected.template).max() < 1e-6
    assert made.qualities == tuple(quality for _, quality in expected.qualities)


def test_every_photograph_that_will_not_do_is_named_with_its_reason(astronaut: Pixels, hopper: Pixels) -> None:
    assert refused(png(astronaut), png(hopper)) == {1: "not the same person as in photograph 1"}
    reasons = refused(b"", b"no picture", png(np.zeros((300, 300, 3), np.uint8)), png(astronaut)[:-500])
    assert set(reasons) == {0, 1, 2, 3}
    assert reasons[0] == "empty file"
    assert "no face" in reasons[2]


def test_a_small_file_that_claims_to_be_huge_is_refused_by_its_header(astronaut: Pixels) -> None:
    bomb = bytearray(png(astronaut))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    assert "absurd dimensions" in refused(bytes(bomb))[0]


@pytest.mark.parametrize("count", [0, PHOTOS_MAX + 1])
def test_none_or_too_many_photographs_are_our_callers_mistake(count: int) -> None:
    with pytest.raises(ValueError, match="1 to"):
        Enroller(command=program("raise SystemExit(9)")).enrol([b"x"] * count)
    with pytest.raises(ValueError, match="larger"):
        Enroller(command=program("raise SystemExit(9)")).enrol([bytes(PHOTO_BYTES_MAX + 1)])


def test_a_reader_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, file=open(sys.argv[1], 'w'))"
    enroller = Enroller(command=[*program(f"{child}; p.wait()"), str(tmp_path / "pid")], timeout_s=2)
    with pytest.raises(EnrolmentUnavailableError, match="longer than 2 s"):
        enroller.enrol([b"x"])
    state = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SAYS + "sys.exit('the model is broken')", "the model is broken"),
        (SAYS + "import os; os.abort()", "exit code -6"),
        (SAYS, "gave no answer"),
        (SAYS + "print('{}x')", "gave no answer"),
        (SAYS + "sys.stdout.write('x' * 2_000_000)", "failed"),
    ],
)
def test_a_reader_that_fails_is_told_in_words_and_never_with_a_photograph(text: str, words: str) -> None:
    with pytest.raises(EnrolmentUnavailableError) as caught:
        Enroller(command=program(text)).enrol([b"secret photograph"])
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(EnrolmentUnavailableError, match="cannot be started"):
        Enroller(command=["/nowhere/python"]).enrol([b"x"])


def test_missing_models_are_said() -> None:
    lost = (
        "import edge_agent.vision.manifest as m; from pathlib import Path; m.standard_places = lambda: [Path('/none')]"
    )
    read = "from hub_server.enrolment import reader; import sys; sys.exit(reader.main())"
    with pytest.raises(EnrolmentUnavailableError, match="manifest"):
        Enroller(command=program(f"{lost}; {read}")).enrol([b"x"])


def test_one_is_read_at_a_time_and_closing_ends_the_one_under_way(tmp_path: Path) -> None:
    fifo = tmp_path / "begun"
    subprocess.run(["mkfifo", str(fifo)], check=True)
    enroller = Enroller(
        command=[*program("import sys, time; open(sys.argv[1], 'w').close(); time.sleep(600)"), str(fifo)],
        turn_wait_s=0.01,
    )
    ended: list[str] = []

    def enrol_somebody() -> None:
        try:
            enroller.enrol([b"x"])
        except EnrolmentUnavailableError as error:
            ended.append(str(error))

    thread = threading.Thread(target=enrol_somebody)
    thread.start()
    fifo.open().close()  # its reader runs
    with pytest.raises(EnrolmentBusyError):
        enroller.enrol([b"y"])
    enroller.close()
    thread.join(10)
    assert ended
    with pytest.raises(EnrolmentUnavailableError, match="stopping"):
        enroller.enrol([b"z"])


def test_asking_for_an_enrolment_loads_nothing_heavy_into_the_hub() -> None:
    text = (
        "import sys; import hub_server.enrolment.enrolment;"
        "sys.exit(str({'cv2', 'numpy', 'tflite_runtime', 'ai_edge_litert'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
