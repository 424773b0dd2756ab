"""A list of known plates that a person wrote: one a line."""

from pathlib import Path
from typing import Final

from edge_agent.errors import GalleryError
from edge_agent.recognition.known_plates import check_vehicles
from edge_agent.wire.gallery import WrittenVehicle
from edge_agent.wire.plate import kinds_of

PLATES_BYTES_MAX: Final = 4 * 1024 * 1024
_WRITTEN_BETWEEN: Final = str.maketrans("", "", " \t·•・.-")  # how people write the dot after the second character


def read_plates(path: Path) -> tuple[WrittenVehicle, ...]:
    """The plates of a file, valid at any time. Raises GalleryError, which names the file and the line."""
    try:
        with path.open("rb") as stream:
            content = stream.read(PLATES_BYTES_MAX + 1)
    except OSError as error:
        raise GalleryError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > PLATES_BYTES_MAX:
        raise GalleryError(f"{path}: larger than {PLATES_BYTES_MAX // 2**20} MiB: no list of plates")
    try:
        return parse_plates(content.decode("utf-8-sig"))
    except (GalleryError, UnicodeDecodeError) as error:
        raise GalleryError(f"{path}: {error}") from error


def parse_plates(text: str) -> tuple[WrittenVehicle, ...]:
    """One plate a line, with or without the dot, in capitals or not; `#` begins a remark. Raises GalleryError."""
    vehicles: list[WrittenVehicle] = []
    for number, line in enumerate(text.splitlines(), start=1):
        plate = line.partition("#")[0].translate(_WRITTEN_BETWEEN).upper()
        if not plate:
            continue
        if not kinds_of(plate):
            raise GalleryError(f"line {number}: {plate[:20]!r} is no licence plate")
        vehicles.append(WrittenVehicle(plate=plate, valid_from_us=None, valid_until_us=None))
    return check_vehicles(vehicles)
