"""The words for people, in pairs: Chinese and English. The locale chooses one of the two."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

Pair = tuple[str, str]
"""The same in Chinese and in English."""
LANGUAGE_VARIABLE: Final = "SHOUWANG_LANG"
_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


class Language(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"


def language(environ: Mapping[str, str]) -> Language:
    """Chinese where SHOUWANG_LANG, else the first of POSIX's variables that is set, starts with zh; else English."""
    for name in (LANGUAGE_VARIABLE, *_LOCALE_VARIABLES):
        if value := environ.get(name):
            return Language.CHINESE if value.casefold().startswith("zh") else Language.ENGLISH
    return Language.ENGLISH


def said(zh: str, en: str) -> str:
    """One of the two, by this process's locale."""
    return zh if language(os.environ) is Language.CHINESE else en
