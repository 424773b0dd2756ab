"""The model of a power cut takes what a disk may take, and keeps what it must keep."""

import random
from pathlib import Path

import pytest
from power_cut import SECTOR_BYTES, Cut, Disk, cuts
from recording import replay
from strace_log import read

NOTHING = Cut(kept=frozenset())


def every_image(disk: Disk) -> list[dict[str, bytes]]:
    return [disk.image(cut) for cut in cuts(disk, random.Random(1), singles=99, mixtures=99)]


def test_what_was_synced_is_in_every_image_and_what_was_not_is_missing_in_one() -> None:
    disk = Disk({"/d/a": b"...."})
    disk.write("/d/a", 0, b"A")
    disk.sync("/d/a")
    disk.write("/d/a", 1, b"B")
    disk.write("/d/a", 2, b"C")
    contents = {image["/d/a"] for image in every_image(disk)}
    assert contents == {b"A...", b"AB..", b"A.C.", b"ABC."}, "in any combination"


def test_a_write_may_be_there_by_the_sector() -> None:
    disk = Disk({"/d/a": bytes(3 * SECTOR_BYTES)})
    disk.write("/d/a", 100, b"x" * 2 * SECTOR_BYTES)
    assert disk.pieces(SECTOR_BYTES) == 3, "it lies in three of them"
    (middle,) = [disk.image(Cut(kept=frozenset({1}), grain=SECTOR_BYTES))["/d/a"]]
    assert middle == bytes(SECTOR_BYTES) + b"x" * SECTOR_BYTES + bytes(SECTOR_BYTES)


def test_a_write_that_is_missing_may_have_made_the_file_longer() -> None:
    disk = Disk({"/d/a": b"a"})
    disk.write("/d/a", 1, b"bc")
    assert {image["/d/a"] for image in every_image(disk)} == {b"a", b"a\0\0", b"abc"}


def test_a_file_that_is_cut_short_may_still_be_long() -> None:
    disk = Disk({"/d/a": b"abc"})
    disk.write("/d/a", 1, None)
    assert {image["/d/a"] for image in every_image(disk)} == {b"abc", b"a"}
    disk.sync("/d/a")
    assert {image["/d/a"] for image in every_image(disk)} == {b"a"}


def test_a_new_name_counts_once_its_folder_is_synced_and_not_with_its_file() -> None:
    disk = Disk({})
    disk.open("/d/new", create=True, truncate=False)
    disk.write("/d/new", 0, b"a")
    disk.sync("/d/new")
    assert {tuple(image.items()) for image in every_image(disk)} == {(), (("/d/new", b"a"),)}
    disk.sync("/d")
    assert disk.image(NOTHING) == {"/d/new": b"a"}


def test_a_changed_name_is_the_old_or_the_new_one_and_a_removed_one_may_be_back() -> None:
    disk = Disk({"/d/a": b"a", "/d/b": b"b"})
    disk.rename("/d/a", "/d/b")
    assert [disk.image(Cut(kept=frozenset(), names=n)) for n in (0, 1)] == [
        {"/d/a": b"a", "/d/b": b"b"},
        {"/d/b": b"a"},
    ]
    disk.unlink("/d/b")
    assert [disk.image(Cut(kept=frozenset(), names=n)) for n in (1, 2)] == [{"/d/b": b"a"}, {}]
    disk.sync("/d")
    assert disk.image(NOTHING) == {}


def test_a_failed_sync_confirms_nothing_and_neither_does_the_next_one_that_works() -> None:
    disk = Disk({"/d/a": b".."})
    disk.write("/d/a", 0, b"A")
    disk.sync("/d/a", works=False)
    disk.sync("/d/a")
    assert disk.image(NOTHING)["/d/a"] == b".."
    disk.write("/d/a", 0, b"A")
    disk.sync("/d/a")
    assert {image["/d/a"] for image in every_image(disk)} == {b"A."}, "written again it counts"


def test_shared_memory_is_gone_or_noise() -> None:
    disk = Disk({"/d/a-wal": b"w", "/d/a-shm": b"s"})
    assert disk.image(NOTHING) == {"/d/a-wal": b"w"}
    noise = disk.image(Cut(kept=frozenset(), noise=1))["/d/a-shm"]
    assert len(noise) == 32768


def test_a_record_is_replayed_below_the_folder_alone_and_a_word_counts_from_its_beginning() -> None:
    trace = [
        r'7  openat(AT_FDCWD<\x2f>, "\x2f\x64\x2f\x61", O_RDWR|O_CREAT, 0600) = 3<\x2f\x64\x2f\x61>',
        r'7  pwrite64(3<\x2f\x64\x2f\x61>, "\x41", 1, 1) = 1',
        r'7  pwrite64(4<\x2f\x65\x2f\x61>, "\x42", 1, 0) = 1',
        r'8  write(1<\x70>, "\x31\x0a", 2 <unfinished ...>',
        r"7  fdatasync(3<\x2f\x64\x2f\x61>) = 0",
        r"8  <... write resumed>) = 2",
    ]
    disk = Disk({})
    moments = list(replay(read(trace), disk, Path("/d")))
    assert [(moment.call.name, moment.told) for moment in moments] == [
        ("openat", 0), ("pwrite64", 0), ("write", 1), ("fdatasync", 1),
    ]  # fmt: skip
    assert disk.image(Cut(kept=frozenset(), names=1)) == {"/d/a": b"\0A"}


def test_a_call_that_the_model_does_not_know_is_an_error() -> None:
    with pytest.raises(AssertionError, match="fallocate is not in the model"):
        list(replay(read([r"7  fallocate(3<\x2f\x64>, 0, 0, 4096) = 0"]), Disk({}), Path("/d")))
