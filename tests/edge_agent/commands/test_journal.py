"""What a technician learns about a journal, and saves of it, while the agent runs and after it was damaged."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sightings import anchor, folder_in_memory, known, stranger, vehicle, watched
from small_disk import full, small_disk

from edge_agent import cli
from edge_agent.clock import FakeClock, boot_id
from edge_agent.commands import journal as command
from edge_agent.journal import Journal
from edge_agent.journal.set_aside import beside
from edge_agent.wire.codec import decode_event, event_hash
from edge_agent.wire.messages import LossReason, Lost, PlateVerdict

PAGE = 4096


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / "journal.sqlite3"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(mono_us=1_000_000)


def ask(capsysbinary: pytest.CaptureFixture[bytes], *words: object) -> tuple[int, bytes, str]:
    code = cli.main(["journal", *map(str, words)])
    shown = capsysbinary.readouterr()
    return code, shown.out, shown.err.decode()


def lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def ack(journal: Journal, place: int) -> None:
    (item,) = journal.unsent(place - 1, limit=1)
    assert journal.apply_ack(journal.position().epoch, place, item.hash).settled


def test_status_beside_the_agent_that_has_it_says_all_that_waits(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([known(clock), stranger(clock), vehicle(clock, PlateVerdict.KNOWN), watched(clock)])
        ack(journal, 2)
        journal.append_all([known(clock), stranger(clock)])
        journal.append_loss({"passage": 3}, LossReason.SPACE)
        before = journal._db.total_changes, journal.position()
        file.with_name("journal.sqlite3.damaged-7").write_bytes(b"torn")
        code, shown, _ = ask(capsysbinary, "status", "--journal", file, "--json")
        (said,) = lines(shown)
        assert (journal._db.total_changes, journal.position()) == before
    assert code == 0
    assert (
        said | {"used_bytes": 0}
        == {
            "journal": str(file),
            "epoch": before[1].epoch,
            "epochs_left": 0,
            "oldest": 1,
            "last": 9,
            "acked": 2,
            "unsent": 7,
            "oldest_unsent_age_s": None,  # of another boot, and nobody says that this machine's clock is right
            "used_bytes": 0,
            "bytes_max": None,
            "kept": [
                {"type": "observing", "importance": "safety", "kept": 1, "unsent": 1},
                {"type": "passage", "importance": "safety", "kept": 2, "unsent": 1},
                {"type": "plate_read", "importance": "ordinary", "kept": 1, "unsent": 1},
                {"type": "passage", "importance": "counts", "kept": 2, "unsent": 1},
            ],
            "gone": {"space": 3},
            "set_aside": [str(file.with_name("journal.sqlite3.damaged-7"))],
        }
        or said["oldest_unsent_age_s"] == 0
    )
    assert said["used_bytes"] > PAGE


def test_status_in_words_names_the_age_and_the_cap_of_the_configuration(
    file: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    clock = FakeClock(mono_us=1)
    clock.boot = boot_id()
    with closing(Journal(file, clock=clock)) as journal:
        journal.append(known(clock))
    config = file.with_name("agent.toml")
    config.write_text(
        'site = "a"\ndevice = "b"\n[hub]\nhost = "h"\n[camera]\nname = "east"\nsource = "walk.mp4"\n'
        f'[journal]\nfile = "{file.name}"\nsize_max_mb = 12\n',
        encoding="utf-8",
    )
    code, shown, _ = ask(capsysbinary, "status", "--config", config)
    text = shown.decode()
    assert code == 0
    assert "of at most 12" in text
    assert "unsent     1, the oldest " in text
    assert " old\n" in text
    assert "      1 passage (safety), 1 of them unsent" in text
    assert {path.name for path in file.parent.iterdir()} == {"agent.toml", file.name, f"{file.name}.lock"}


def test_status_of_what_is_no_journal_is_one_line(file: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, _, said = ask(capsysbinary, "status", "--journal", file)
    assert (code, "there is no journal" in said) == (1, True)
    file.write_bytes(b"junk" * 3000)
    code, _, said = ask(capsysbinary, "status", "--journal", file)
    assert (code, "is damaged" in said, "journal export" in said) == (1, True, True)


def test_export_gives_every_event_byte_for_byte_while_the_agent_runs(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([known(clock), stranger(clock), anchor(clock)])
        journal.append_loss({"passage": 2}, LossReason.SPACE)
        journal.append_all([vehicle(clock, PlateVerdict.UNSURE)])
        items = journal.unsent(0)
        code, shown, said = ask(capsysbinary, "export", "--journal", file)
        epoch = journal.position().epoch
    assert (code, said) == (0, "5 events written\n")
    for line, item in zip(shown.splitlines(), items, strict=True):
        assert bytes(item.event) in line
        row = json.loads(line)
        assert (row["epoch"], row["seq"], row["hash"]) == (epoch, item.seq, item.hash)
        assert list(row) == ["epoch", "seq", "last_seq", "hash", "event"]
    assert [row["last_seq"] for row in lines(shown)] == [1, 2, 3, 5, 6]


def test_export_of_one_epoch_of_the_unsent_and_of_what_follows_a_place(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([stranger(clock) for _ in range(6)])
        ack(journal, 3)
        first = journal.position().epoch
        journal.leave_epoch(first)
        second = journal.position().epoch
        journal.append_all([stranger(clock) for _ in range(2)])
        ack(journal, 1)

    def places(*words: object) -> list[tuple[str, int]]:
        code, shown, _ = ask(capsysbinary, "export", "--journal", file, *words)
        assert code == 0
        return [(row["epoch"], row["seq"]) for row in lines(shown)]

    assert places() == [*((first, n) for n in (1, 2, 3)), *((second, n) for n in (1, 2, 3, 4, 5))]
    assert places("--epoch", first) == [(first, n) for n in (1, 2, 3)]
    assert places("--unsent") == [(second, n) for n in (2, 3, 4, 5)]
    assert places("--epoch", second, "--after", 3) == [(second, 4), (second, 5)]
    assert places("--epoch", "0" * 32) == []


def spoil(file: Path, rng: random.Random) -> None:
    """Anywhere but in the table that tells how many events there were: without it nobody could say what is missing."""
    content = bytearray(file.read_bytes())
    epochs = content[PAGE : 2 * PAGE]
    for _ in range(rng.randint(1, 5)):
        start = rng.randrange(len(content))
        size = rng.randint(1, 3 * PAGE)
        content[start : start + size] = rng.randbytes(len(content[start : start + size]))
    content[PAGE : 2 * PAGE] = epochs
    file.write_bytes(content)


def saved(output: bytes) -> set[int]:
    """The places, each of whose events is what it says."""
    places: set[int] = set()
    for line in output.splitlines():
        row = json.loads(line)
        raw = line[line.index(b'"event":') + len(b'"event":') : -1]
        assert event_hash(raw) == row["hash"]
        assert not places & set(range(row["seq"], row["last_seq"] + 1)), "none twice"
        places.update(range(row["seq"], row["last_seq"] + 1))
    return places


@pytest.mark.parametrize("seed", range(12))
def test_of_a_damaged_journal_every_event_that_can_be_read_is_saved_and_the_rest_is_counted(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes], seed: int
) -> None:
    rng = random.Random(seed)
    with closing(Journal(file, clock=clock)) as journal:
        for _ in range(60):
            journal.append_all([known(clock), stranger(clock), vehicle(clock, PlateVerdict.KNOWN), watched(clock)])
        raws = [bytes(item.event) for item in journal.unsent(0, limit=1000)]
        epoch = journal.position().epoch
    spoil(file, rng)
    content = file.read_bytes()
    whole = {seq for seq, raw in enumerate(raws, 1) if raw in content}
    Journal(file, clock=clock).close()  # the agent's next start
    (aside,) = beside(file)
    code, shown, said = ask(capsysbinary, "export", "--journal", aside)
    places = saved(shown)
    assert {row["epoch"] for row in lines(shown)} <= {epoch, None}
    assert code == 0 if len(places) == 240 else f"{240 - len(places)} events could not be read" in said
    assert len(whole - places) <= 0.1 * len(raws), "of those whose bytes are all there, nearly every one"
    assert aside.read_bytes() == content


def test_of_a_file_in_which_nothing_can_be_made_out_it_says_so(
    file: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file.write_bytes(b"junk" * 3000)
    code, shown, said = ask(capsysbinary, "export", "--journal", file)
    assert (code, shown) == (1, b"")
    assert "nothing of a journal can be made out" in said


def test_an_event_whose_bytes_are_wrong_is_left_out_and_counted(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([stranger(clock) for _ in range(3)])
        journal._db.execute("UPDATE event SET raw = x'7b7d' WHERE seq = 2")
    code, shown, said = ask(capsysbinary, "export", "--journal", file)
    assert (code, [row["seq"] for row in lines(shown)]) == (1, [1, 3])
    assert "1 events could not be read" in said


def test_the_output_appears_whole_and_private(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([stranger(clock) for _ in range(30)])
    output = file.with_name("out.jsonl")
    output.write_text("what was there before", encoding="utf-8")
    code, shown, _ = ask(capsysbinary, "export", "--journal", file, "--output", output)
    assert (code, shown, len(lines(output.read_bytes()))) == (0, b"", 30)
    assert output.stat().st_mode & 0o777 == 0o600
    assert not list(file.parent.glob(".*partial"))


def test_on_a_full_disk_nothing_half_written_is_left(
    file: Path, clock: FakeClock, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([known(clock) for _ in range(200)])
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk), full(disk):
        before = set(disk.iterdir())
        code, _, said = ask(capsysbinary, "export", "--journal", file, "--output", disk / "out.jsonl")
        assert set(disk.iterdir()) == before
    assert (code, "cannot be written" in said) == (1, True)


def test_when_interrupted_nothing_half_written_is_left_and_what_was_there_stays(
    file: Path, clock: FakeClock, tmp_path: Path
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([known(clock) for _ in range(50)])
    output = tmp_path / "out.jsonl"
    output.write_text("before", encoding="utf-8")
    code = (
        "import os, signal, sys; from edge_agent import cli; from edge_agent.commands import journal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # what runs in the background ignores it
        "line = journal.line_of\n"
        "def interrupted(row):\n"
        "    if row.seq == 30: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return line(row)\n"
        "journal.line_of = interrupted\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    words = ["journal", "export", "--journal", str(file), "--output", str(output)]
    ended = subprocess.run([sys.executable, "-c", code, *words], check=False, capture_output=True)
    assert ended.returncode == 128 + signal.SIGINT
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert output.read_text(encoding="utf-8") == "before"


def test_long_work_says_how_far_it_is(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PROGRESS_EVERY_S", 0.0)
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([stranger(clock) for _ in range(3)])
    _, _, said = ask(capsysbinary, "export", "--journal", file)
    assert "2 events so far, at place 2\n" in said


def test_a_tombstone_is_an_event_like_others(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_loss({"passage": 2}, LossReason.DAMAGED)
        journal.unsent(0)
    _, shown, _ = ask(capsysbinary, "export", "--journal", file)
    (line,) = shown.splitlines()
    event = decode_event(line[line.index(b'"event":') + 8 : -1])
    assert event == Lost(first_seq=1, last_seq=2, counts={"passage": 2}, reason=LossReason.DAMAGED)


def test_which_journal_must_be_said_and_a_place_is_not_negative(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["status"],
        ["export", "--journal", "x", "--after", "-1"],
        ["status", "--config", "a", "--journal", "b"],
    ):
        with pytest.raises(SystemExit):
            cli.main(["journal", *words])
    assert "must not be below 0" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_journal_of_another_user_is_said_to_be_one(
    file: Path, clock: FakeClock, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    Journal(file, clock=clock).close()
    file.chmod(0)
    code, _, said = ask(capsysbinary, "status", "--journal", file)
    assert (code, "the user that the agent runs as" in said) == (1, True)
