"""A card is split for data: sfdisk really writes the table of an image, and nothing of what lies on it is touched."""

import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_config.device import card

SCRIPT = Path(card.__file__).parent / "scripts" / card.SPLIT
MIB = 2048  # sectors
BOOT, ROOT = (16384, 512 * MIB), (16384 + 512 * MIB, 4096 * MIB)
pytestmark = pytest.mark.skipif(shutil.which("sfdisk") is None, reason="no sfdisk here")


def make(folder: Path, mib: int, *more: str, label: str = "dos") -> Path:
    """Sparse; marked where boot and root begin and end."""
    file = folder / "card.img"
    with file.open("wb") as image:
        image.truncate(mib * 1024 * 1024)
        for sector in (BOOT[0], ROOT[0], ROOT[0] + ROOT[1] - 1):
            if sector < mib * MIB:
                image.seek(sector * 512)
                image.write(b"mine")
    lines = [f"label: {label}", *(["label-id: 0x4e639091"] if label == "dos" else [])]
    lines += [f"start={BOOT[0]}, size={BOOT[1]}" + (", type=c" if label == "dos" else "")]
    lines += [f"start={ROOT[0]}, size={ROOT[1]}" + (", type=83" if label == "dos" else ""), *more]
    subprocess.run(["sfdisk", "--quiet", file], input="\n".join(lines), text=True, check=True, capture_output=True)
    return file


def split(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", SCRIPT, file], capture_output=True, text=True, check=False, timeout=60)


def table(file: Path) -> list[tuple[int, int, str]]:
    told = subprocess.run(["sfdisk", "--dump", file], capture_output=True, text=True, check=True).stdout
    found = []
    for line in told.splitlines():
        if " : start=" in line:
            values = dict(part.strip().split("=") for part in line.split(" : ")[1].split(",") if "=" in part)
            found.append((int(values["start"]), int(values["size"]), values["type"]))
    return found


@pytest.mark.parametrize(
    ("mib", "data_mib"), [(8 * 1024, 1788), (16 * 1024, 5884), (32 * 1024, 8192), (64 * 1024, 8192)]
)
def test_data_gets_half_of_what_is_free_up_to_a_limit_and_the_root_the_rest(
    tmp_path: Path, mib: int, data_mib: int
) -> None:
    file = make(tmp_path, mib)
    done = split(file)
    assert done.returncode == 0, done.stderr
    boot, root, data = table(file)
    assert boot == (*BOOT, "c")
    assert (root[0], root[0] + root[1]) == (ROOT[0], data[0]), "the root keeps its beginning and ends where data begins"
    assert root[1] > ROOT[1]
    assert data[0] + data[1] == mib * MIB
    assert abs(data[1] - data_mib * MIB) <= 8192
    assert data[0] % 8192 == 0
    assert data[2] == "83"


def test_what_lies_on_the_card_and_its_id_stay(tmp_path: Path) -> None:
    file = make(tmp_path, 16 * 1024)
    split(file)
    told = subprocess.run(["sfdisk", "--dump", file], capture_output=True, text=True, check=True).stdout
    assert "label-id: 0x4e639091" in told, "the command line finds the root by it"
    with file.open("rb") as image:
        for sector in (BOOT[0], ROOT[0], ROOT[0] + ROOT[1] - 1):
            image.seek(sector * 512)
            assert image.read(4) == b"mine"


def test_a_card_that_was_split_is_left_alone(tmp_path: Path) -> None:
    file = make(tmp_path, 16 * 1024)
    split(file)
    before = table(file)
    assert split(file).returncode == 0
    assert table(file) == before


@pytest.mark.parametrize(
    ("mib", "more", "label", "words"),
    [
        (4700, (), "dos", "too few for data"),
        (16 * 1024, ("size=2097152, type=83", "size=2097152, type=83"), "dos", "only a card with boot and root"),
        (16 * 1024, (), "gpt", "another kind of partition table"),
    ],
    ids=["full", "four", "gpt"],
)
def test_any_other_card_is_refused_and_not_touched(
    tmp_path: Path, mib: int, more: tuple[str, ...], label: str, words: str
) -> None:
    file = make(tmp_path, mib, *more, label=label)
    before = table(file)
    done = split(file)
    assert done.returncode == 1
    assert words in done.stderr
    assert table(file) == before


def test_what_is_no_card_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\0" * 1024 * 1024)
    assert split(tmp_path / "empty").returncode == 1
