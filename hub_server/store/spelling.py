"""How a Chinese name is typed on a keyboard: its pinyin and its initials, with every reading of a polyphone. Pure."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from math import prod
from typing import Final

# Asked when it is imported. Its dictionary of phrases is 43 MB of memory, and names are read character by character.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
from pypinyin import Style, pinyin

READINGS_MAX: Final = 16
"""Of one name: with more, each polyphone is varied by itself."""
SPELLED_CHARS_MAX: Final = 400
_ALTERNATIVES_MAX: Final = 6  # of one character
_SURNAMES: Final = {
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "查": "zha",
    "任": "ren",
    "区": "ou",
    "盖": "ge",
    "朴": "piao",
    "华": "hua",
    "覃": "qin",
    "乐": "yue",
    "翟": "zhai",
    "员": "yun",
    "燕": "yan",
    "缪": "miao",
    "种": "chong",
    "秘": "bi",
    "尉": "yu",
    "召": "shao",
    "祭": "zhai",
    "黑": "he",
    "繁": "po",
}
"""How a character is read as a surname, where another reading is the usual one."""


def spelled(name: str) -> str:
    """Full pinyin and initials of each reading, lower case, a blank between: 单芳 -> "danfang df chanfang cf ...".

    The likeliest reading comes first; what is beyond SPELLED_CHARS_MAX is left out by whole words.
    """
    syllables = [
        list(dict.fromkeys(reading.strip().lower() for reading in readings))[:_ALTERNATIVES_MAX]
        for readings in pinyin(_apart(name), style=Style.NORMAL, heteronym=True)
    ]
    syllables = [readings for readings in syllables if readings[0]]
    surname = _SURNAMES.get(name.strip()[:1])
    if surname is not None:
        syllables[0] = [surname, *(reading for reading in syllables[0] if reading != surname)]
    words = dict.fromkeys(word for reading in _readings(syllables) for word in _words(reading))
    return " ".join(_fitting(words))


def _apart(name: str) -> list[str]:
    """Character by character, words of other scripts whole: a dictionary's phrases must not hide a reading."""
    parts: list[str] = []
    for word in name.split():
        for sign in word:
            joins = parts and sign.isascii() and parts[-1].isascii()
            if joins and parts[-1] != " ":
                parts[-1] += sign
            else:
                parts.append(sign)
        parts.append(" ")
    return parts


def _readings(syllables: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    if prod(len(readings) for readings in syllables) <= READINGS_MAX:
        yield from product(*syllables)
        return
    usual = tuple(readings[0] for readings in syllables)
    yield usual
    varied = (
        (*usual[:place], other, *usual[place + 1 :])
        for place, readings in enumerate(syllables)
        for other in readings[1:]
    )
    yield from islice(varied, READINGS_MAX - 1)


def _words(reading: Sequence[str]) -> tuple[str, str]:
    """What is typed of it: letters and figures."""
    typed = ["".join(sign for sign in part if sign.isalnum()) for part in reading]
    return "".join(typed), "".join(part[:1] for part in typed)


def _fitting(words: Iterable[str]) -> Iterator[str]:
    length = -1
    for word in words:
        length += 1 + len(word)
        if word and length <= SPELLED_CHARS_MAX:
            yield word
