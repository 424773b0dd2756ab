"""Every limit of the store in one place; the web page and the API show the same ones."""

import re
from datetime import date

from hub_server.store.errors import InvalidValueError

PAGE_ROWS_MAX = 500  # a page asks for more: it gets this many
NAME_CHARS_MAX = 100
ADDRESS_CHARS_MAX = 200
PHONE_CHARS_MAX = 40
NOTE_CHARS_MAX = 2000
PLACE_CHARS_MAX = 100
AUTHOR_CHARS_MAX = 80
AREA_CHARS_MAX = 100
TEXT_VERSION_CHARS_MAX = 80
LABEL_CHARS_MAX = 200  # whose vehicle it is
NUMBER_CHARS_MAX = 40  # of a household, as the office files it
CODE_CHARS_MAX = 40  # of an area, as the civil register has it
RELATION_CHARS_MAX = 40  # within a household
PLATE_CHARS_MAX = 32  # as people write it, with blanks and the dot
PERIOD_S_MIN = 60
PERIOD_S_MAX = 30 * 24 * 3600
GRACE_S_MAX = 24 * 3600
PAUSE_S_MAX = 366 * 24 * 3600
REASON_CHARS_MAX = 200
QUEUED_WRITES_MAX = 1000  # of each kind; one more waits, and after WRITE_WAIT_S is refused
WRITE_WAIT_S = 10.0
PHOTOS_MAX = 5  # that one enrolment takes
PHOTO_BYTES_MAX = 4 * 1024 * 1024
READERS_MAX = 8  # read-only connections; one more waits, and after READ_WAIT_S is refused
READ_WAIT_S = 10.0
LOGIN_CODES_MAX = 100  # that can still be redeemed; the oldest goes
SESSION_TTL_S = 7 * 24 * 3600

_DAY = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PERSON_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def text(field: str, value: str, chars_max: int, *, chars_min: int = 0) -> str:
    """`value` without blanks around it. Raises InvalidValueError when its length is out of range."""
    stripped = value.strip()
    if len(stripped) < chars_min:
        raise InvalidValueError(field, "must not be empty")
    if len(stripped) > chars_max:
        raise InvalidValueError(field, f"at most {chars_max} characters, not {len(stripped)}")
    return stripped


def person_id(value: str) -> str:
    """Raises InvalidValueError unless `value` can stand in events and galleries."""
    if _PERSON_ID.fullmatch(value) is None:
        raise InvalidValueError("id", "1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', not first '.'")
    return value


def born(value: str | None) -> str | None:
    """A day as YYYY-MM-DD, or None. Raises InvalidValueError."""
    if value is not None:
        day("born", value)
    return value


def day(field: str, value: str) -> date:
    """Raises InvalidValueError unless `value` is a day of the calendar, written YYYY-MM-DD."""
    wrong = InvalidValueError(field, "a day as YYYY-MM-DD")
    if _DAY.fullmatch(value) is None:
        raise wrong
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise wrong from error


def period_s(value: int) -> int:
    """Raises InvalidValueError unless a watch may have this period."""
    if not PERIOD_S_MIN <= value <= PERIOD_S_MAX:
        raise InvalidValueError("period_s", f"{PERIOD_S_MIN} to {PERIOD_S_MAX} seconds")
    return value


def grace_s(value: int) -> int:
    """Raises InvalidValueError unless an alert may wait for so long after the period."""
    if not 0 <= value <= GRACE_S_MAX:
        raise InvalidValueError("grace_s", f"0 to {GRACE_S_MAX} seconds")
    return value


def page_rows(limit: int) -> int:
    """Raises InvalidValueError below 1; more than a page holds is cut to a page."""
    if limit < 1:
        raise InvalidValueError("limit", "at least 1")
    return min(limit, PAGE_ROWS_MAX)
