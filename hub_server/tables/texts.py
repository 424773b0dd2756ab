"""Texts as people type them in a table, made plain. Pure."""

import re
from typing import Final

_WIDE = {
    code: code - 0xFEE0
    for first, last in (("０", "９"), ("Ａ", "Ｚ"), ("ａ", "ｚ"))
    for code in range(ord(first), ord(last) + 1)
}
_SPACES = dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2009\u202f\t\v\f\x1c\x1d\x1e\x1f"), " ")
# What is not seen and moves what is: zero width, marks of direction, the byte order mark, controls.
_UNSEEN = dict.fromkeys(
    [*range(0x09), *range(0x0E, 0x1C), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x202A, 0x202F),
     *range(0x2060, 0x206A), 0xFEFF, 0xFFFE, 0xFFFF]
)  # fmt: skip
_PLAIN = {**_UNSEEN, **_WIDE, **_SPACES}
_BLANKS = re.compile(r" {2,}")
DANGEROUS: Final = "=+-@\t\r\n＝＋－＠"
"""What a spreadsheet may take for the beginning of a formula, and their full-width twins."""
_DISARMED = re.compile(rf"'\s*(?=[{re.escape(DANGEROUS)}])")


def plain(text: str) -> str:
    """Full-width letters and digits as usual ones, one kind of blank, nothing unseen; newlines stay newlines.

    An apostrophe before what would be a formula is ours (`writing.disarmed`) or Excel's, and goes.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        found = text.strip()
    else:
        found = text.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)
        found = _BLANKS.sub(" ", found).strip()
    return _DISARMED.sub("", found, count=1) if found.startswith("'") else found


def line(text: str) -> str:
    """The same on one line."""
    return _BLANKS.sub(" ", text.replace("\n", " "))
