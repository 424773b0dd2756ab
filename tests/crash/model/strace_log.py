"""Reads what `strace -f -y -xx` writes: every string is hexadecimal, so no byte of a path or payload can confuse it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

_LINE: Final = re.compile(r"(?P<tid>\d+)\s+(?P<rest>.*)")
_WHOLE: Final = re.compile(r"(?P<name>\w+)\((?P<args>.*)\)\s+= (?P<result>\?|-?\d+)(?P<after>.*)")
_CUT: Final = re.compile(r"(?P<name>\w+)\((?P<args>.*?),?\s+<(?:unfinished|detached) \.\.\.>")
_RESUMED: Final = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<args>.*)\)\s+= (?P<result>\?|-?\d+)(?P<after>.*)")
_DESCRIPTOR: Final = re.compile(r"(?P<number>\d+|AT_FDCWD)<(?P<path>[^>]*)>(?:\(deleted\))?")
_ERROR: Final = re.compile(r" (E[A-Z0-9]+)")
_OPENED: Final = re.compile(r"<([^>]*)>")


class UnreadableTraceError(ValueError):
    """A line that is no call, no signal and no end of a process."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One system call. `began` and `ended` are line numbers; it took effect somewhere between them."""

    tid: int
    name: str
    args: tuple[str, ...]
    result: int | None  # None: the process died in it, so it did not take place
    error: str | None
    opened: str | None  # the path of the descriptor that it returned
    began: int
    ended: int

    def text(self, at: int) -> bytes:
        """The bytes of a quoted argument."""
        return _bytes(self.args[at].strip('"'))

    def number(self, at: int) -> int:
        return int(self.args[at])

    def descriptor(self, at: int = 0) -> tuple[str, str]:
        """Number and path of an open file, as `-y` tells them."""
        found = _DESCRIPTOR.fullmatch(self.args[at])
        if found is None:
            raise UnreadableTraceError(f"no descriptor: {self.args[at][:80]}")
        return found["number"], _bytes(found["path"]).decode()


def read(lines: Iterable[str]) -> list[Call]:
    """The calls in the order in which they ended. One that never ended stands last. Raises UnreadableTraceError."""
    calls, begun = [], dict[int, Call]()
    for number, line in enumerate(lines):
        found = _LINE.fullmatch(line.rstrip("\n"))
        if found is None:
            raise UnreadableTraceError(f"line {number}: {line[:80]!r}")
        tid, rest = int(found["tid"]), found["rest"]
        if rest.startswith(("+++", "---")):
            continue
        if (cut := _CUT.fullmatch(rest)) is not None:
            begun[tid] = _call(tid, cut["name"], cut["args"], result="?", after="", at=number)
        elif (resumed := _RESUMED.fullmatch(rest)) is not None:
            calls.append(_resumed(begun.pop(tid), resumed, number))
        elif (whole := _WHOLE.fullmatch(rest)) is not None:
            calls.append(
                _call(tid, whole["name"], whole["args"], result=whole["result"], after=whole["after"], at=number)
            )
        else:
            raise UnreadableTraceError(f"line {number}: {line[:80]!r}")
    return [*calls, *begun.values()]


def count(calls: Iterable[Call]) -> dict[str, int]:
    """How often each call was made by the thread that made it most: `strace -e inject` counts in each thread apart."""
    counts: dict[tuple[int, str], int] = {}
    for call in calls:
        key = (call.tid, call.name)
        counts[key] = counts.get(key, 0) + 1
    names = dict.fromkeys(name for _, name in counts)
    return {name: max(n for (_, of), n in counts.items() if of == name) for name in names}


def _resumed(begun: Call, resumed: re.Match[str], number: int) -> Call:
    ended = _call(begun.tid, begun.name, resumed["args"], result=resumed["result"], after=resumed["after"], at=number)
    return replace(ended, args=(*begun.args, *(arg for arg in ended.args if arg)), began=begun.began)


def _call(tid: int, name: str, args: str, *, result: str, after: str, at: int) -> Call:
    value = None if result == "?" else int(result)
    error = _ERROR.match(after) if value == -1 else None
    opened = _OPENED.match(after)
    return Call(
        tid=tid,
        name=name,
        args=tuple(_split(args)),
        result=value,
        error=None if error is None else error[1],
        opened=None if opened is None else _bytes(opened[1]).decode(),
        began=at,
        ended=at,
    )


def _split(args: str) -> Iterator[str]:
    """At the commas: none stands in a hexadecimal string, and the calls that we record have no structures."""
    return (arg.strip() for arg in args.split(", "))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
