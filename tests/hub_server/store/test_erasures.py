"""The erasure file: what was promised stays, what was changed shows, and no restored backup brings anybody back."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.store import erasures
from hub_server.store.erasures import GENESIS, Erasure, ErasureLog, ErasuresError, Head, Replay, Scope, plan


def key(number: int) -> str:
    return f"{number:032x}"


def add(log: ErasureLog, number: int, *, person: str = "", scope: Scope = Scope.PERSON) -> Erasure:
    return log.append(
        erasure=key(number), person=person or f"p-{number}", scope=scope, keys=[key(100 + number)], at_us=number
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "erasures.jsonl"


@pytest.fixture
def three(path: Path) -> list[Erasure]:
    log = ErasureLog(path)
    return [add(log, number) for number in (1, 2, 3)]


def test_no_file_means_no_erasures_and_reading_makes_none(path: Path) -> None:
    assert ErasureLog(path).erasures == ()
    assert ErasureLog(path).head == Head(n=0, digest=GENESIS)
    assert not path.exists()


def test_what_was_appended_is_read_again_in_order(path: Path, three: list[Erasure]) -> None:
    log = ErasureLog(path)
    assert log.erasures == tuple(three)
    assert log.head == Head(n=3, digest=three[-1].digest)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_stranger_can_check_the_chain(path: Path, three: list[Erasure]) -> None:
    previous = "0" * 64
    for raw in path.read_text().splitlines():
        line = json.loads(raw)
        blank = raw.replace(line["digest"], "0" * 64)
        assert line["digest"] == hashlib.sha256((previous + blank).encode()).hexdigest()
        previous = line["digest"]
    assert previous == three[-1].digest


def test_the_same_erasure_twice_is_one_line_and_another_under_its_id_is_refused(path: Path) -> None:
    log = ErasureLog(path)
    assert add(log, 1) == add(log, 1) == add(ErasureLog(path), 1)
    assert len(path.read_bytes().splitlines()) == 1
    with pytest.raises(ErasuresError, match="another one"):
        add(log, 1, person="p-other")


def test_every_changed_byte_shows(path: Path, three: list[Erasure]) -> None:
    good = path.read_bytes()
    for position in range(len(good) - 1):  # the very last byte is the line feed: without it the line is torn
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x01]) + good[position + 1 :])
        with pytest.raises(ErasuresError):
            ErasureLog(path, at_least=Head(n=3, digest=three[-1].digest))


@pytest.mark.parametrize("order", [[1, 2], [0, 2], [0, 2, 1], [0, 1, 1, 2], [0, 0]], ids=str)
def test_a_removed_moved_or_doubled_line_shows(path: Path, three: list[Erasure], order: list[int]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[i] for i in order))
    with pytest.raises(ErasuresError, match="edited"):
        ErasureLog(path)
    assert len(three) == 3


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_file_cut_short_shows_to_who_remembers_its_head(path: Path, three: list[Erasure], left: int) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    assert len(ErasureLog(path).erasures) == left
    with pytest.raises(ErasuresError, match="cut short"):
        ErasureLog(path, at_least=Head(n=3, digest=three[-1].digest))


def test_a_chain_written_anew_shows_to_who_remembers_its_head(path: Path, three: list[Erasure]) -> None:
    path.unlink()
    log = ErasureLog(path)
    for number in (1, 4, 5, 6):
        add(log, number)
    with pytest.raises(ErasuresError, match="rewritten"):
        ErasureLog(path, at_least=Head(n=3, digest=three[-1].digest))


def test_a_torn_last_line_was_never_promised_and_is_cut_off_wherever_it_tore(path: Path, three: list[Erasure]) -> None:
    good = path.read_bytes()
    second_ends = good.rindex(b"\n", 0, -1) + 1
    for length in range(second_ends, len(good)):
        path.write_bytes(good[:length])
        log = ErasureLog(path)
        assert log.erasures == tuple(three[:2])
        assert path.read_bytes() == good[:second_ends]
        assert add(log, 3) == three[2]
        assert path.read_bytes() == good


def test_zeros_that_a_power_cut_left_behind_the_last_line_are_cut_off(path: Path, three: list[Erasure]) -> None:
    good = path.read_bytes()
    path.write_bytes(good + bytes(200))
    assert ErasureLog(path).erasures == tuple(three)
    assert path.read_bytes() == good


def test_a_broken_file_is_left_as_it_is(path: Path, three: list[Erasure]) -> None:
    broken = path.read_bytes().replace(b"p-2", b"p-9") + b"torn"
    path.write_bytes(broken)
    with pytest.raises(ErasuresError):
        ErasureLog(path)
    assert path.read_bytes() == broken
    assert len(three) == 3


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_a_full_disk_promises_nothing_and_leaves_no_half_line(
    path: Path, three: list[Erasure], monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    good = path.read_bytes()
    log = ErasureLog(path)
    real_write = os.write

    def half(fd: int, raw: bytes) -> int:
        return real_write(fd, raw[: len(raw) // 2])

    def refuse(fd: int) -> None:
        raise OSError(5, f"input/output error on {fd}")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, half if failing == "write" else refuse)
        with pytest.raises(OSError, match=r"space|input/output"):
            add(log, 4)
    assert path.read_bytes() == good
    assert log.erasures == tuple(three)
    add(log, 4)
    assert [line.n for line in ErasureLog(path).erasures] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "wrong", [{"person": "a b"}, {"erasure": "x"}, {"keys": ["short"]}, {"keys": [key(i) for i in range(65)]}], ids=str
)
def test_values_out_of_range_are_refused_and_not_written(path: Path, wrong: dict[str, Any]) -> None:
    values: dict[str, Any] = {"erasure": key(1), "person": "p-1", "scope": Scope.PERSON, "keys": [], "at_us": 1}
    with pytest.raises(ErasuresError):
        ErasureLog(path).append(**(values | wrong))
    assert not path.exists()


def test_a_file_past_its_limit_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"x" * 11)
    monkeypatch.setattr(erasures, "FILE_BYTES_MAX", 10)
    with pytest.raises(ErasuresError, match="larger"):
        ErasureLog(path)


WRITER = """
import sys
from pathlib import Path
from hub_server.store.erasures import ErasureLog, Scope
log = ErasureLog(Path(sys.argv[1]))
number = len(log.erasures)
while True:
    number += 1
    log.append(erasure=f"{number:032x}", person=f"p-{number}", scope=Scope.PERSON, keys=[], at_us=number)
    print(number, flush=True)
"""


def test_kill_9_loses_no_erasure_that_was_promised(path: Path) -> None:
    promised = 0
    for lines in (1, 5, 20):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(lines):
                promised = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
        assert len(ErasureLog(path).erasures) >= promised


# --- replay ---


def test_a_person_erased_whole_is_erased_again_whatever_the_backup_holds(path: Path) -> None:
    log = ErasureLog(path)
    add(log, 1)
    replay = plan(log.erasures, {"p-1": frozenset(), "p-2": frozenset({key(102)})})
    assert replay == Replay(persons=("p-1",), biometrics=(), keys=frozenset({key(101)}))


def test_who_withdrew_and_enrolled_again_keeps_the_new_template_and_loses_the_old_one(path: Path) -> None:
    log = ErasureLog(path)
    add(log, 1, scope=Scope.BIOMETRICS)
    old, new = frozenset({key(101)}), frozenset({key(999)})
    assert plan(log.erasures, {"p-1": old}).biometrics == ("p-1",)
    assert plan(log.erasures, {"p-1": new}).biometrics == ()
    assert plan(log.erasures, {"p-1": frozenset()}).persons == ()


@given(
    lines=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Scope), st.frozensets(st.integers(0, 9), max_size=3))),
    restored=st.dictionaries(st.integers(0, 5), st.frozensets(st.integers(0, 9), max_size=3)),
)
def test_after_the_replay_nothing_of_the_erased_is_left(
    lines: list[tuple[int, Scope, frozenset[int]]], restored: dict[int, frozenset[int]]
) -> None:
    past = [
        Erasure(
            n=n, erasure=key(n), person=f"p-{person}", scope=scope, at_us=n, keys=tuple(map(key, keys)), digest=GENESIS
        )
        for n, (person, scope, keys) in enumerate(lines, start=1)
    ]
    database = {f"p-{person}": frozenset(map(key, keys)) for person, keys in restored.items()}
    replay = plan(past, database)
    left = {person: held - replay.keys for person, held in database.items() if person not in replay.persons}
    assert not {line.person for line in past if line.scope is Scope.PERSON} & left.keys()
    assert all(left[person] == database[person] for person in left if person not in replay.biometrics)
    assert set(replay.biometrics) <= left.keys()
    assert plan(past, left).biometrics == plan(past, left).persons == ()
