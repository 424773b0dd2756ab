"""What may stand on a licence plate of mainland China: characters, kinds and which text belongs to which kind.

After GA 36-2018 (plates of motor vehicles), tables 1 and 2 and section 5, and the rules for new-energy plates of 2016.
"""

import re
from enum import StrEnum
from typing import Final

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
SPECIAL: Final = "学挂警港澳使领"
DIGITS: Final = "0123456789"
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without I and O, which would be taken for 1 and 0."""

CHARACTERS: Final = PROVINCES + SPECIAL + DIGITS + LETTERS
LENGTH_MIN: Final = 7
LENGTH_MAX: Final = 8


class PlateKind(StrEnum):
    """Colour and layout. What a special plate is for (学, 挂, 警, ...) stands in its text."""

    BLUE = "blue"
    GREEN = "green"  # new energy, small: 8 characters, the letter third
    GREEN_LARGE = "green_large"  # new energy, large: 8 characters, the letter last
    YELLOW = "yellow"  # one row
    YELLOW_DOUBLE = "yellow_double"  # two rows: province and letter above
    WHITE = "white"
    BLACK = "black"


_ANY: Final = f"[{DIGITS}{LETTERS}]"
_ENERGY: Final = "[ABCDEFGHJK]"
_HEAD: Final = f"[{PROVINCES}][{LETTERS}]"
TEXTS: Final[dict[PlateKind, str]] = {
    PlateKind.BLUE: f"{_HEAD}{_ANY}{{5}}",
    PlateKind.GREEN: f"{_HEAD}{_ENERGY}{_ANY}[{DIGITS}]{{4}}",
    PlateKind.GREEN_LARGE: f"{_HEAD}[{DIGITS}]{{5}}{_ENERGY}",
    PlateKind.YELLOW: f"{_HEAD}{_ANY}{{4}}[{DIGITS}{LETTERS}学]",
    PlateKind.YELLOW_DOUBLE: f"{_HEAD}{_ANY}{{4}}[{DIGITS}{LETTERS}挂]",
    PlateKind.WHITE: f"{_HEAD}{_ANY}{{4}}警",
    PlateKind.BLACK: f"(?:{_HEAD}{_ANY}{{4}}[{DIGITS}{LETTERS}港澳使领]|使[{DIGITS}]{{6}})",
}
"""A regular expression of the whole text, by kind. Written without the dot after the second character."""

TEXT_PATTERN: Final = f"^(?:{'|'.join(dict.fromkeys(TEXTS.values()))})\\Z"
_compiled: Final = {kind: re.compile(rf"{pattern}\Z") for kind, pattern in TEXTS.items()}


def kinds_of(text: str) -> tuple[PlateKind, ...]:
    """The kinds on which this text may stand; none: it is no plate."""
    return tuple(kind for kind, pattern in _compiled.items() if pattern.match(text))
