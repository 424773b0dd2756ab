"""A plate as people write it and as the wire has it. Pure."""

import re
import unicodedata
from typing import Final

from edge_agent.wire.plate import kinds_of
from hub_server.store.errors import InvalidValueError
from hub_server.store.limits import PLATE_CHARS_MAX

_GAPS: Final = re.compile(r"[\s\u00b7\u2022\u2027\u2219\u22c5\u30fb]")
"""Blanks, and what is typed for the dot after the second character."""


def plate(field: str, value: str) -> str:
    """Large letters, no blanks, no dot. Raises InvalidValueError for what is no plate of any kind."""
    bare = _GAPS.sub("", unicodedata.normalize("NFKC", value[: PLATE_CHARS_MAX + 1])).upper()
    if len(value) > PLATE_CHARS_MAX or not kinds_of(bare):
        raise InvalidValueError(
            field,
            "不是车牌号：省份简称、字母、号码，例如 粤B·12345，没有字母 I 和 O；"
            " not a plate: province, letter and number, as 粤B·12345, without the letters I and O",
        )
    return bare
