from pathlib import Path

import pytest

from edge_agent.errors import GalleryError
from edge_agent.recognition.plate_file import PLATES_BYTES_MAX, parse_plates, read_plates


def test_plates_are_read_one_a_line_however_people_write_them() -> None:
    text = "# residents\n\n皖A12345\n皖a·12346  # 桂花村\n 皖A D12345\n使014578\n"
    vehicles = parse_plates(text)
    assert [vehicle.plate for vehicle in vehicles] == ["皖A12345", "皖A12346", "皖AD12345", "使014578"]
    assert {(vehicle.valid_from_us, vehicle.valid_until_us) for vehicle in vehicles} == {(None, None)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("皖A12345\n皖A1234\n".encode(), "line 2: '皖A1234' is no licence plate"),
        ("皖A12345\n皖A·12345\n".encode(), "twice"),
        ("皖A12345".encode("gbk"), "can't decode"),
        (b"#" * (PLATES_BYTES_MAX + 1), "larger than"),
    ],
)
def test_what_is_no_list_is_said_with_its_file(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "plates.txt"
    file.write_bytes(content)
    with pytest.raises(GalleryError, match=words) as caught:
        read_plates(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="cannot be read"):
        read_plates(tmp_path / "none")


def test_a_windows_editors_first_character_is_no_part_of_a_plate(tmp_path: Path) -> None:
    file = tmp_path / "plates.txt"
    file.write_bytes("\ufeff皖A12345\r\n".encode())
    assert [vehicle.plate for vehicle in read_plates(file)] == ["皖A12345"]
