"""Personal data as it is shown to whoever has not asked to see it: enough to know a person by, not enough to misuse.

Pure. Each mask of what is masked already is the same again, and none shows a character that was not there.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar, cast

from hub_server.watch.states import AlertState
from hub_server.web import resources
from hub_server.web.scopes import Scope

HIDDEN: Final = "…"
_STARS: Final = "****"
_HEAD_DIGITS, _TAIL_DIGITS, _HIDDEN_DIGITS_MIN = 3, 4, 3
_HEAD_CHARS_MAX: Final = 6
_MASKED_PHONE = re.compile(r"\d{3}\*{4}\d{4}")
# As far as the village, community or estate: who lives there is not said by that.
_AREA_HEAD = re.compile(r"[^\d…]{1,4}?(?:社区|小区|街道|村|镇|乡)")
_HEAD = re.compile(rf"[^\d…]{{0,{_HEAD_CHARS_MAX}}}")
_YEAR = re.compile(r"\d{4}")
Shape = TypeVar("Shape", bound=Mapping[str, object])


class Looker(Protocol):
    """What must be known of a caller (auth.Caller)."""

    @property
    def sees_clear(self) -> bool: ...

    def may(self, scope: Scope) -> bool: ...


def phone(text: str) -> str:
    """As 138 0013 0001 becomes 138****0001; of a number with less than ten digits nothing is left."""
    if not text or _MASKED_PHONE.fullmatch(text):
        return text
    digits = [character for character in text if character.isdecimal()]
    if len(digits) < _HEAD_DIGITS + _TAIL_DIGITS + _HIDDEN_DIGITS_MIN:
        return _STARS
    return "".join([*digits[:_HEAD_DIGITS], _STARS, *digits[-_TAIL_DIGITS:]])


def address(text: str) -> str:
    """As 桂花村 3 栋 becomes 桂花村…: as far as the area's name, else at most six characters before any digit."""
    if not text:
        return text
    head = _AREA_HEAD.match(text) or _HEAD.match(text)
    return f"{'' if head is None else head.group().rstrip()}{HIDDEN}"


def note(text: str) -> str:
    """That there is one."""
    return HIDDEN if text else text


def born(text: str | None) -> str | None:
    """As 1948-03-12 becomes 1948."""
    if text is None:
        return None
    year = _YEAR.match(text)
    return HIDDEN if year is None else year.group()


_MASKS: Mapping[str, Callable[[str], str | None]] = {"phone": phone, "address": address, "note": note, "born": born}


def masked(shape: Shape) -> Shape:
    """The same with its phone, address, note and date of birth masked, as far as it has them."""
    found = {
        name: _MASKS[name](value) if name in _MASKS and isinstance(value, str) else value
        for name, value in shape.items()
    }
    return cast("Shape", found)


def person(shape: Shape, who: Looker) -> Shape:
    """Somebody's row, or whatever else has such fields, as `who` is shown it."""
    return shape if who.sees_clear else masked(shape)


def contact(shape: Shape, who: Looker, *, needed: bool = False) -> Shape:
    """Whom to call. `needed`: an alert of the person is not closed, and whoever handles it must reach them."""
    return shape if who.sees_clear or (needed and who.may(Scope.ALERTS)) else masked(shape)


def sees_contacts(who: Looker) -> bool:
    """Whether `who` is shown the contacts of alerts that are not closed as they are: they must knock on that door."""
    return who.sees_clear or who.may(Scope.ALERTS)


def masked_alert(shape: resources.Alert) -> resources.Alert:
    """An alert without the way to its person."""
    return {**shape, "contact": masked(shape["contact"])}


def alert(shape: resources.Alert, who: Looker) -> resources.Alert:
    """An alert as `who` is shown it."""
    clear = who.sees_clear if shape["state"] is AlertState.CLOSED else sees_contacts(who)
    return shape if clear else masked_alert(shape)


def whole_alert(shape: resources.WholeAlert, who: Looker) -> resources.WholeAlert:
    """The same with its history."""
    return {**shape, "contact": alert(shape, who)["contact"]}
