"""Four files that change together, whenever the power fails."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cut_disk import CutDisk, PowerCutError

from edge_agent.joining.disk import RealDisk, write_whole
from edge_agent.joining.key_set import KeySet

NAMES = ("device.pem", "device.key", "hub-sign.pub", "hub-picture.pub")
OLD = {name: f"old {name}".encode() for name in NAMES}
NEW = {name: f"new {name}, and longer".encode() for name in NAMES}


def key_set(folder: Path, disk: RealDisk | None = None) -> KeySet:
    return KeySet(folder, names=NAMES, record="joined.json", disk=disk or RealDisk())


def nothing(folder: Path) -> None:
    folder.mkdir()


def by_hand(folder: Path) -> None:
    """As `provision --preissued` leaves it: plain files, and no record."""
    folder.mkdir()
    for name, content in OLD.items():
        (folder / name).write_bytes(content)


def joined_before(folder: Path) -> None:
    folder.mkdir()
    key_set(folder).put(OLD, record=b"old")


def half_by_hand(folder: Path) -> None:
    """Somebody has put one file over a link."""
    joined_before(folder)
    (folder / "hub-sign.pub").unlink()
    (folder / "hub-sign.pub").write_bytes(OLD["hub-sign.pub"])


BEGINNINGS: dict[Callable[[Path], None], tuple[dict[str, bytes], bytes | None]] = {
    nothing: ({}, None),
    by_hand: (OLD, None),
    joined_before: (OLD, b"old"),
    half_by_hand: (OLD, b"old"),
}


@pytest.mark.parametrize("begin", BEGINNINGS, ids=lambda begin: begin.__name__)
@pytest.mark.parametrize("forgets", [False, True], ids=["all that was done is there", "what was not synced is gone"])
def test_a_power_cut_at_any_step_leaves_all_of_the_old_or_all_of_the_new(
    tmp_path: Path, begin: Callable[[Path], None], *, forgets: bool
) -> None:
    old, old_record = BEGINNINGS[begin]
    outcomes = []
    for at in range(200):
        folder = tmp_path / str(at)
        begin(folder)
        disk = CutDisk(at, forgets=forgets)
        try:
            key_set(folder, disk).put(NEW, record=b"new")
        except PowerCutError:
            after = key_set(folder)
            outcomes.append((after.shown(), after.record()))
            assert outcomes[-1] in ((old, old_record), (NEW, b"new")), f"step {at}"
            after.put(NEW, record=b"new")  # the machine is on again, and does it all once more
            assert (after.shown(), after.record()) == (NEW, b"new")
            assert len(list(folder.glob("joined-*"))) == 1, "old keys are swept away"
            continue
        break
    else:
        pytest.fail("it never ended")
    assert disk.steps == at
    assert at > 10, "the sweep went over every step"
    assert outcomes[0] == (old, old_record)
    assert outcomes[-1] == (NEW, b"new")
    assert outcomes == sorted(outcomes, key=lambda seen: seen[0] == NEW), "once new, never old again"


def test_keys_are_their_owners_only(tmp_path: Path) -> None:
    key_set(tmp_path).put(NEW, record=b"new")
    assert (tmp_path / "device.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "joined").resolve().stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "device.key").readlink().is_absolute(), "the data partition may be mounted elsewhere"


@pytest.mark.parametrize("forgets", [False, True])
def test_a_single_file_is_the_old_or_the_new_one_too(tmp_path: Path, *, forgets: bool) -> None:
    seen = set()
    for at in range(4):
        file = tmp_path / f"{at}.toml"
        file.write_bytes(b"old")
        file.chmod(0o640)
        try:
            write_whole(CutDisk(at, forgets=forgets), file, b"the new one", mode=0o640)
        except PowerCutError:
            seen.add(file.read_bytes())
            continue
        assert file.read_bytes() == b"the new one"
        assert file.stat().st_mode & 0o777 == 0o640
    assert seen <= {b"old", b"the new one"}
