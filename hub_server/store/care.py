"""Why somebody is cared for: what the office looks after, in words. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from hub_server.store.errors import InvalidValueError


class Care(StrEnum):
    """One reason; a person may have several."""

    LIVES_ALONE = "lives_alone"
    ELDERLY = "elderly"
    DISABLED = "disabled"
    ILL = "ill"
    BEDRIDDEN = "bedridden"
    CHILD = "child"  # whose parents work far away
    POOR = "poor"
    OTHER = "other"


WORDS: Final[Mapping[Care, tuple[str, str]]] = {
    Care.LIVES_ALONE: ("独居", "lives alone"),
    Care.ELDERLY: ("高龄", "of great age"),
    Care.DISABLED: ("残疾", "disabled"),
    Care.ILL: ("患病", "ill"),
    Care.BEDRIDDEN: ("失能", "bedridden"),
    Care.CHILD: ("留守儿童", "left-behind child"),
    Care.POOR: ("困难", "in need"),
    Care.OTHER: ("其他", "other"),
}


def stored(reasons: Iterable[str]) -> str:
    """As the column has it: sorted, each once, a blank between. Raises InvalidValueError for what is no reason."""
    found = set(reasons)
    strange = found - set(Care)
    if strange:
        raise InvalidValueError("care", f"没有这种原因：{min(strange)}；{min(strange)} is not one of {', '.join(Care)}")
    return " ".join(sorted(found))


def reasons(stored: str) -> tuple[Care, ...]:
    """What the column says, in the order of `Care`."""
    inside = frozenset(stored.split())
    return tuple(one for one in Care if one in inside)
