"""What somebody types into a search box, as patterns for LIKE. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

QUERY_CHARS_MAX: Final = 60
_DIGITS_MIN: Final = 3  # fewer would find every telephone
_DOTS: Final = re.compile(r"[\s\u00b7\u2022\u2027\u2219\u22c5\u30fb-]")
_PLATE: Final = re.compile(r"[0-9A-Z\u4e00-\u9fff]+")
_GAPS: Final = re.compile(r"[\s'’\-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Patterns:
    """Parameters of the conditions below, escaped by a backslash. `digits`, `plate`: None where none was typed."""

    text: str  # anywhere in a text
    start: str  # at its beginning
    latin: str  # anywhere in what is spelled, lower case and without blanks
    latin_start: str
    digits: str | None  # anywhere in a telephone number without blanks and dashes
    plate: str | None  # anywhere in a plate: large letters, no blanks, no dot
    exact: str

    @property
    def values(self) -> dict[str, object]:
        """By the names that the conditions use."""
        return {
            "q_text": self.text,
            "q_start": self.start,
            "q_latin": self.latin,
            "q_latin_start": self.latin_start,
            "q_digits": self.digits,
            "q_plate": self.plate,
            "q_exact": self.exact,
        }


def patterns(typed: str) -> Patterns | None:
    """None: nothing to look for. What is too long is cut to QUERY_CHARS_MAX."""
    text = unicodedata.normalize("NFKC", typed[:QUERY_CHARS_MAX]).strip()
    if not text:
        return None
    latin = _GAPS.sub("", text).lower()
    digits = "".join(sign for sign in text if sign in "0123456789")
    others = _GAPS.sub("", text).strip("+0123456789()")
    plate = _DOTS.sub("", text).upper()
    return Patterns(
        text=f"%{_escaped(text)}%",
        start=f"{_escaped(text)}%",
        latin=f"%{_escaped(latin)}%",
        latin_start=f"{_escaped(latin)}%",
        digits=f"%{digits}%" if len(digits) >= _DIGITS_MIN and not others else None,
        plate=f"%{plate}%" if _PLATE.fullmatch(plate) else None,
        exact=text,
    )


def digits_of(column: str) -> str:
    """SQL: a telephone number without what people write between its digits."""
    return f"replace(replace(replace({column}, ' ', ''), '-', ''), '－', '')"


def person(alias: str) -> str:
    """SQL that is true for people whom the typed words may mean; `alias` is that of the table people."""
    return (
        f"({alias}.name LIKE :q_text ESCAPE '\\' OR {alias}.pinyin LIKE :q_latin ESCAPE '\\'"
        f" OR {alias}.address LIKE :q_text ESCAPE '\\' OR {alias}.id = :q_exact"
        f" OR (:q_digits IS NOT NULL AND {digits_of(f'{alias}.phone')} LIKE :q_digits))"
    )


def vehicle(alias: str) -> str:
    """The same for vehicles."""
    return f"((:q_plate IS NOT NULL AND {alias}.plate LIKE :q_plate) OR {alias}.label LIKE :q_text ESCAPE '\\')"


def household(alias: str) -> str:
    """The same for households."""
    return f"({alias}.number LIKE :q_text ESCAPE '\\' OR {alias}.address LIKE :q_text ESCAPE '\\')"


def _escaped(text: str) -> str:
    """LIKE's own signs, as they are."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
