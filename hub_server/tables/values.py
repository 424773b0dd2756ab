"""Cells as values: days, telephones, words for kinds and cares. Pure; each raises ValueError with both languages."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from hub_server.store import limits, plates
from hub_server.store.care import WORDS, Care
from hub_server.store.errors import InvalidValueError
from hub_server.tables import points, texts
from hub_server.tables.errors import WrongCellError
from hub_server.watch.zone import OFFICE_ZONE

Value = str | int | list[str]
Read = Callable[[str], Value]


_DAY = re.compile(r"((?:19|20)[0-9]{2})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?(?: 00:00(?::00)?)?")
_BARE_DAY = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_LIST = re.compile(r"[,，、;；/|\s]+")
_HOURS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)\s*(?:小时|时|h|hours?)?", re.IGNORECASE)
_PHONE_DIGITS_MIN: Final = 3  # 110, 119, 12345
_PHONE = re.compile(r"[0-9+()#转 ,、;/x.-]+", re.IGNORECASE)
_SECOND_PHONE = re.compile(r"\s*[\n、,，;；/]\s*")
KIND_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("常住", "户籍", "居民", "本地", "常住人口", "户籍人口", "resident"), "resident"),
    **dict.fromkeys(("租户", "租客", "流动", "流动人口", "承租人", "外来", "租住", "tenant"), "tenant"),
    **dict.fromkeys(("访客", "临时", "探亲", "来访", "visitor"), "visitor"),
}
OWNER_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("住户", "居民", "常住", "业主", "内部", "household", "resident"), "household"),
    **dict.fromkeys(("访客", "临时", "来访", "visitor"), "visitor"),
}
_CARE_OTHERS: Final[Mapping[str, Care]] = {
    **dict.fromkeys(("独居老人", "空巢", "空巢老人", "孤寡", "孤寡老人"), Care.LIVES_ALONE),
    **dict.fromkeys(("高龄老人", "老人", "老年人"), Care.ELDERLY),
    **dict.fromkeys(("残疾人", "残障"), Care.DISABLED),
    **dict.fromkeys(("慢病", "慢性病", "重病", "大病", "重疾", "疾病"), Care.ILL),
    **dict.fromkeys(("卧床", "失能老人", "半失能"), Care.BEDRIDDEN),
    **dict.fromkeys(("困境儿童", "儿童"), Care.CHILD),
    **dict.fromkeys(("低保", "特困", "困难户", "低收入", "贫困"), Care.POOR),
}
CARE_WORDS: Final[Mapping[str, str]] = {
    **{zh: one for one, (zh, _) in WORDS.items()},
    **{en: one for one, (_, en) in WORDS.items()},
    **{str(one): one for one in Care},
    **_CARE_OTHERS,
}
_NO_CARE: Final = frozenset({"无", "否", "没有", "none", "no"})


def text(chars_max: int) -> Read:
    def read(cell: str) -> str:
        return _short(texts.line(cell), chars_max)

    return read


def lines(chars_max: int) -> Read:
    def read(cell: str) -> str:
        return _short(cell, chars_max)

    return read


def person_id(cell: str) -> str:
    try:
        return limits.person_id(cell)
    except InvalidValueError as error:
        raise WrongCellError(
            "编号只能用字母、数字、点、横线和下划线，最多 64 个；留空由系统编号",
            f"an id has {error.message}; empty: made here",
        ) from error


def phone(cell: str) -> str:
    """Its digits stay; several in one cell are parted by a comma."""
    parts = [
        texts.line(part).replace("（", "(").replace("）", ")").replace("—", "-") for part in _SECOND_PHONE.split(cell)
    ]
    said = ", ".join(part for part in parts if part)
    _demand_clear(said)
    if _PHONE.fullmatch(said) is None or sum(sign.isdigit() for sign in said) < _PHONE_DIGITS_MIN:
        raise WrongCellError(f"不像电话号码：{cell[:20]}", "this is no telephone number")
    return _short(said, limits.PHONE_CHARS_MAX)


def day(cell: str) -> str:
    """YYYY-MM-DD of 1948-03-05, 1948/3/5, 1948.3.5, 1948年3月5日, 19480305."""
    found = _DAY.fullmatch(cell) or _BARE_DAY.fullmatch(cell)
    if found is None:
        raise WrongCellError(f"不是日期：{cell[:20]}；请写成 1948-03-05", "this is no day: write it as 1948-03-05")
    year, month, number = (int(part) for part in found.groups())
    try:
        return date(year, month, number).isoformat()
    except ValueError as error:
        raise WrongCellError(f"日历里没有这一天：{cell[:20]}", "the calendar has no such day") from error


def first_moment_us(cell: str) -> int:
    """The day's beginning by the office's clock, microseconds UTC."""
    midnight = datetime.fromisoformat(day(cell)).replace(tzinfo=OFFICE_ZONE)
    return (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def last_moment_us(cell: str) -> int:
    """The end of the day, exclusive: 有效期至 includes its day."""
    return first_moment_us(cell) + 24 * 3600 * 1_000_000


def hours_s(cell: str) -> int:
    """Seconds."""
    found = _HOURS.fullmatch(cell)
    seconds = 0 if found is None else round(float(found.group(1)) * 3600)
    if not limits.PERIOD_S_MIN <= seconds <= limits.PERIOD_S_MAX:
        raise WrongCellError(
            f"守望小时是数字，最多 {limits.PERIOD_S_MAX // 3600}，不守望请留空",
            f"a number of hours, {limits.PERIOD_S_MAX // 3600} at most; empty for no watch",
        )
    return seconds


def one_of(words: Mapping[str, str], said_zh: str) -> Read:
    def read(cell: str) -> str:
        found = words.get(cell.lower().replace(" ", ""))
        if found is None:
            raise WrongCellError(f"不认识“{cell[:20]}”；可以写：{said_zh}", f"not known; write one of {said_zh}")
        return found

    return read


def care(cell: str) -> list[str]:
    """Reasons of store/care.py."""
    whole = CARE_WORDS.get(cell.strip().lower())
    parts = [cell.strip().lower()] if whole is not None else _LIST.split(cell.lower())
    found: set[str] = set()
    for part in parts:
        if not part or part in _NO_CARE:
            continue
        if part not in CARE_WORDS:
            known = "、".join(zh for zh, _ in WORDS.values())
            raise WrongCellError(f"不认识“{part[:20]}”；可以写：{known}", f"not known; write some of {known}")
        found.add(str(CARE_WORDS[part]))
    return sorted(found)


def plate(cell: str) -> str:
    try:
        return plates.plate("plate", cell)
    except InvalidValueError as error:
        zh, _, en = error.message.partition("；")
        raise WrongCellError(zh, en.strip()) from error


def _demand_clear(said: str) -> None:
    if said.endswith("…") or "****" in said:
        raise WrongCellError("这是打了码的内容，不能导入", "this is masked: it cannot be taken over")


def _short(said: str, chars_max: int) -> str:
    _demand_clear(said)
    if len(said) > chars_max:
        raise WrongCellError(
            f"最多 {chars_max} 个字，现在 {len(said)} 个", f"at most {chars_max} characters, not {len(said)}"
        )
    return said


READERS: Final[Mapping[str, Read]] = {
    "id": person_id,
    "person": person_id,
    "name": text(limits.NAME_CHARS_MAX),
    "kind": one_of(KIND_WORDS, "常住、租户、访客"),
    "owner": one_of(OWNER_WORDS, "住户、访客"),
    "area": text(limits.AREA_CHARS_MAX),
    "grid": text(limits.AREA_CHARS_MAX),
    "household": text(limits.NUMBER_CHARS_MAX),
    "number": text(limits.NUMBER_CHARS_MAX),
    "relation": text(limits.RELATION_CHARS_MAX),
    "address": text(limits.ADDRESS_CHARS_MAX),
    "phone": phone,
    "born": day,
    "care": care,
    "contact_name": text(limits.NAME_CHARS_MAX),
    "contact_relation": text(limits.RELATION_CHARS_MAX),
    "contact_phone": phone,
    "note": lines(limits.NOTE_CHARS_MAX),
    "watch_hours": hours_s,
    "label": text(limits.LABEL_CHARS_MAX),
    "plate": plate,
    "valid_from": first_moment_us,
    "valid_until": last_moment_us,
    **points.READERS,
}
"""How each column is read, by its name."""
