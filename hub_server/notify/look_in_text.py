"""The words of a look-in: who depends on cameras that do not watch, by when to see them, and what it saves. Pure.

No alert, and not written as one: nobody is missed yet. Everybody is named; in full as many as have room.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hub_server.notify.facts import Awaited, Fact, OfAlarm

IN_FULL_CHARS_MAX: Final = 700
NAMES_CHARS_MAX: Final = 500
_BEGIN: Final = (
    "请先看望：这些人平时由上面的摄像头见到，摄像头没看的时候无法判断。在所示时间前打个电话或去看一眼，并在网页登记，就不必再发警报。\n"
    "Please look in: the cameras above usually see them, and nobody can tell. "
    "A call or visit noted before the time given saves the alert."
)


def awaited(facts: Iterable[Fact]) -> list[Awaited]:
    """Of all alarms of a letter, by due time."""
    found = [one for fact in facts if isinstance(fact, OfAlarm) for one in fact.awaited]
    return sorted(found, key=lambda one: (one.due_us, one.person.id))


def title(facts: Sequence[Fact]) -> tuple[str, str] | None:
    """Of a letter of nothing but alarms about cameras that somebody depends on; None for others."""
    people = awaited(facts)
    if not people or not all(isinstance(fact, OfAlarm) and fact.awaited for fact in facts):
        return None
    name = people[0].person.name
    who = f"{name} 等 {len(people)} 人" if len(people) > 1 else name
    return f"摄像头没有在看，请先看望 {who}", f"a camera does not watch: look in on {len(people)}"


def block(people: Sequence[Awaited], *, clock: Callable[[int], str], page_url: str) -> str:
    """Empty for nobody. `clock` tells a moment as the office's wall clock shows it."""
    if not people:
        return ""
    lines = [_BEGIN]
    length = 0
    for one in people:
        line = _line(one, clock, page_url)
        if length and length + len(line) > IN_FULL_CHARS_MAX:
            break
        lines.append(line)
        length += len(line)
    return "\n".join([*lines, *_rest(people[len(lines) - 1 :], clock)])


def _line(one: Awaited, clock: Callable[[int], str], page_url: str) -> str:
    person = one.person
    where = f"（{person.address}）" if person.address else ""
    return " ".join(
        filter(None, (clock(one.due_us), f"{person.name}{where}", person.phone, f"{page_url}/people/{person.id}"))
    )


def _rest(people: Sequence[Awaited], clock: Callable[[int], str]) -> list[str]:
    if not people:
        return []
    named = ""
    for one in people:
        more = f"、{one.person.name}" if named else one.person.name
        if len(named) + len(more) > NAMES_CHARS_MAX:
            named += "……"
            break
        named += more
    return [f"另有 {len(people)} 人，从 {clock(people[0].due_us)} 起 {len(people)} more：{named}"]
