"""Enroller against readers that hang, fail, lie and talk too much: it is never held, and never believes them."""

import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from hub_server.enrolment.enrolment import Enroller, EnrolmentBusyError, EnrolmentUnavailableError, Refused
from hub_server.store.limits import PHOTO_BYTES_MAX, PHOTOS_MAX

SAYS = "import sys; sys.stdin.buffer.read(); "
WAITS = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(600)"


def program(text: str, *words: object) -> list[str]:
    return [sys.executable, "-c", text, *map(str, words)]


def answering(answer: dict[str, Any]) -> Enroller:
    return Enroller(command=program(SAYS + "sys.stdout.write(sys.argv[1])", json.dumps(answer)))


def template(*numbers: float) -> str:
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


TAKEN = {
    "type": "taken",
    "embedder": "e.1",
    "template_length": 2,
    "templates": [template(0.6, 0.8)],
    "qualities": [0.9, 1.0],
}


def ends(pid: int) -> bool:
    """Within 10 s: who was killed is gone a moment later."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A pipe that a reader opens when it runs."""
    os.mkfifo(tmp_path / "begun")
    return tmp_path / "begun"


def enrolling(enroller: Enroller, told: list[str]) -> threading.Thread:
    def enrol_somebody() -> None:
        try:
            enroller.enrol([b"x"])
        except EnrolmentUnavailableError as error:
            told.append(str(error))

    thread = threading.Thread(target=enrol_somebody)
    thread.start()
    return thread


@pytest.mark.parametrize("count", [0, PHOTOS_MAX + 1])
def test_none_or_too_many_photographs_are_our_callers_mistake(count: int) -> None:
    with pytest.raises(ValueError, match="1 to"):
        Enroller(command=program("raise SystemExit(9)")).enrol([b"x"] * count)


def test_too_large_a_photograph_is_our_callers_mistake() -> None:
    with pytest.raises(ValueError, match="larger"):
        Enroller(command=program("raise SystemExit(9)")).enrol([bytes(PHOTO_BYTES_MAX + 1)])


def test_what_the_photographs_gave_comes_as_it_was_said() -> None:
    made = answering(TAKEN).enrol([b"x", b"y"])
    assert (made.embedder, made.template_length, made.qualities) == ("e.1", 2, (0.9, 1.0))
    assert made.templates == (struct.pack("<2f", 0.6, 0.8),)
    with pytest.raises(Refused) as caught:
        answering({"type": "not_taken", "reasons": {1: "too dark"}}).enrol([b"x", b"y"])
    assert caught.value.reasons == {1: "too dark"}
    assert str(caught.value) == "photo 2: too dark"


@pytest.mark.parametrize(
    "lie",
    [
        TAKEN | {"templates": []},
        TAKEN | {"templates": [template(0.6, 0.8)] * (PHOTOS_MAX + 1)},
        TAKEN | {"templates": [template(0.6, 0.8, 0.0)]},
        TAKEN | {"templates": [template(0.6, 0.9)]},
        TAKEN | {"templates": [template(float("nan"), 0.8)]},
        TAKEN | {"templates": [template(float("inf"), 0.8)]},
        TAKEN | {"template_length": 0, "templates": [""]},
        TAKEN | {"embedder": "e\n1"},
        TAKEN | {"embedder": "e.1\n"},
        TAKEN | {"qualities": [0.9]},
        TAKEN | {"qualities": [0.9, 1.1]},
        TAKEN | {"more": 1},
        {"type": "not_taken", "reasons": {}},
        {"type": "not_taken", "reasons": {2: "there is no third"}},
        {"type": "not_taken", "reasons": {-1: "nor this"}},
        {"type": "not_taken", "reasons": {0: "x" * 301}},
        {"type": "other"},
    ],
)
def test_an_answer_that_cannot_be_true_is_not_believed(lie: dict[str, Any]) -> None:
    with pytest.raises(EnrolmentUnavailableError, match=r"gave no answer|cannot be true"):
        answering(lie).enrol([b"x", b"y"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SAYS + "sys.exit('the model\\x07 is broken')", r"failed: the model\? is broken \(exit status 1\)"),
        (SAYS + "import os; os.abort()", "failed: ended by SIGABRT"),
        (SAYS, "gave no answer"),
        (SAYS + "print('{}x')", "gave no answer"),
        (SAYS + "sys.stdout.buffer.write(b'\\xff')", "gave no answer"),
        (SAYS + "sys.stdout.write('x' * 2_000_000)", "answer is longer than"),
        ("import sys; sys.exit('hears nothing')", "failed: hears nothing"),
    ],
)
def test_a_reader_that_fails_is_told_in_words_and_never_with_a_photograph(text: str, words: str) -> None:
    with pytest.raises(EnrolmentUnavailableError, match=words) as caught:
        Enroller(command=program(text)).enrol([b"secret photograph" * 10_000])
    assert "secret" not in str(caught.value)


def test_a_reader_that_complains_at_length_is_heard_out_and_only_its_end_is_kept() -> None:
    text = SAYS + "print('warning\\n' * 100_000, file=sys.stderr); sys.exit('and the last word')"
    with pytest.raises(EnrolmentUnavailableError, match="and the last word"):
        Enroller(command=program(text)).enrol([b"x"])


def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(EnrolmentUnavailableError, match="cannot be started"):
        Enroller(command=["/nowhere/python"]).enrol([b"x"])


def test_a_reader_learns_nothing_of_the_hubs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "t")
    with pytest.raises(EnrolmentUnavailableError) as caught:
        Enroller(command=program(SAYS + "import os; sys.exit(str(sorted(os.environ)))")).enrol([b"x"])
    assert "OMP_NUM_THREADS" in str(caught.value)
    assert "SECRET_TOKEN" not in str(caught.value)


def test_the_hub_makes_no_second_copy_of_the_photographs() -> None:
    text = """if True:
        import resource, sys
        from hub_server.enrolment.enrolment import Enroller, EnrolmentUnavailableError
        counts = 'import sys; sys.exit(str(len(sys.stdin.buffer.read())))'
        photos = [bytes([n]) * (4 * 1024 * 1024) for n in range(1, 6)]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            Enroller(command=[sys.executable, '-c', counts]).enrol(photos)
        except EnrolmentUnavailableError as error:
            print(error, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    words, _, grown_kib = done.stdout.rpartition(" ")
    assert str(5 * 4 * 1024 * 1024 + 5 * 5 + 1) in words
    assert int(grown_kib) < 4 * 1024


def test_a_reader_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '600']);"
        "print(p.pid, file=open(sys.argv[1], 'w'), flush=True); p.wait()"
    )
    with pytest.raises(EnrolmentUnavailableError, match="longer than 2 s"):
        Enroller(command=program(text, tmp_path / "pid"), timeout_s=2).enrol([bytes(1_000_000)])
    assert ends(int((tmp_path / "pid").read_text()))


def test_a_reader_that_ends_leaves_no_child_behind(tmp_path: Path) -> None:
    text = (
        SAYS + "import subprocess as s; n = s.DEVNULL; p = s.Popen(['sleep', '600'], stdout=n, stderr=n);"
        "open(sys.argv[1], 'w').write(str(p.pid)); sys.exit('done')"
    )
    with pytest.raises(EnrolmentUnavailableError, match="done"):
        Enroller(command=program(text, tmp_path / "pid")).enrol([b"x"])
    assert ends(int((tmp_path / "pid").read_text()))


def test_who_has_left_the_group_and_holds_the_pipes_holds_the_hub_no_longer_than_the_limit(tmp_path: Path) -> None:
    text = (
        SAYS + "import subprocess as s; p = s.Popen(['sleep', '600'], start_new_session=True);"
        "open(sys.argv[1], 'w').write(str(p.pid))"
    )
    begun_s = time.monotonic()
    try:
        with pytest.raises(EnrolmentUnavailableError, match="longer than 1 s"):
            Enroller(command=program(text, tmp_path / "pid"), timeout_s=1).enrol([b"x"])
        assert time.monotonic() - begun_s < 10
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_one_is_read_at_a_time_and_closing_ends_the_one_under_way(begun: Path) -> None:
    enroller = Enroller(command=program(WAITS, begun), turn_wait_s=0.01)
    told: list[str] = []
    thread = enrolling(enroller, told)
    begun.open().close()  # its reader runs
    with pytest.raises(EnrolmentBusyError):
        enroller.enrol([b"y"])
    enroller.close()
    thread.join(10)
    assert "stopping" in told[0]
    with pytest.raises(EnrolmentUnavailableError, match="stopping"):
        enroller.enrol([b"z"])


def test_closing_ends_those_who_wait_for_their_turn_too(begun: Path) -> None:
    enroller = Enroller(command=program(WAITS, begun))
    told: list[str] = []
    first = enrolling(enroller, told)
    begun.open().close()
    second = enrolling(enroller, told)
    enroller.close()
    first.join(10)
    second.join(10)
    assert ["stopping" in words for words in told] == [True, True]


def test_two_who_come_at_once_are_read_one_after_the_other() -> None:
    enroller = answering(TAKEN)
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(len(enroller.enrol([b"x", b"y"]).templates))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert made == [1, 1]
