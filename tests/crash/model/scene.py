"""One side at work on real files, step by step: what the sweeps kill, and what the power-cut model records.

A scene is deterministic: the same files and steps lead to the same rows. So every state that a crash may leave is known
beforehand, `states[k]` after k steps, and "all or nothing" is an equation.
"""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final, Protocol

from nursery import Child, Nursery

State = dict[str, list[tuple[object, ...]]]
"""Every row of every table."""


TRIES: Final = 3


class Side(Protocol):
    """An open journal or store."""

    def do(self, step: int) -> None:
        """Step `step`, from 0. On return, and not before, it counts as acknowledged."""
        ...

    def synchronous(self, mode: str) -> None:
        """For a proof that the model sees the difference: PRAGMA synchronous."""
        ...


class Scene(Protocol):
    """How to open a side, and how many steps it takes from the prepared files on."""

    @property
    def name(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def opens_inside(self) -> bool:
        """Opening is part of what is looked at."""
        ...

    @property
    def refusal(self) -> type[Exception]:
        """What a step raises when the disk does not take it; then it has not happened, and may be tried again."""
        ...

    def prepare(self, folder: Path) -> object:
        """Makes the files that the scene begins with. What it gives is kept open until the process ends."""
        ...

    def open(self, folder: Path) -> AbstractContextManager[Side]:
        """The real code, as it opens after whatever has happened. Raises what a person would see."""
        ...

    def read(self, folder: Path) -> State:
        """Opens with the real code and looks at everything; raises AssertionError when what must hold does not."""
        ...

    def send_again(self, folder: Path, done: int) -> None:
        """The last look after `done` steps, which may change the files: all crosses the wire again, unchanged."""
        ...


def rows(file: Path) -> State:
    """Every row of a closed or open database, less SQLite's statistics."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            if not name.startswith("sqlite_stat")
        ]
        return {name: sorted(db.execute(f'SELECT * FROM "{name}"'), key=repr) for name in tables}  # noqa: S608 - ours


def perform(scene: Scene, folder: Path, synchronous: str = "") -> None:
    """For a child: does the steps, and says the number of each on stdout once it has returned.

    It says "ready" and waits for a line on stdin, before the first step and after the last.
    """
    if scene.opens_inside:
        _wait()
        with scene.open(folder) as side:
            _do_all(scene, side)
        _wait()
        return
    with scene.open(folder) as side:
        if synchronous:
            side.synchronous(synchronous)
        _wait()
        _do_all(scene, side)
        _wait()  # until whoever looks on lets go: closing is not part of it


def states(scene: Scene, template: Path, folder: Path) -> list[State]:
    """After 0, 1, ... all steps, as they are found when the side is opened anew."""
    shutil.copytree(template, folder)
    found = [scene.read(folder)]
    for step in range(scene.steps):
        with scene.open(folder) as side:
            side.do(step)
        found.append(scene.read(folder))
    return found


def go_on(scene: Scene, folder: Path, done: int) -> State:
    """What the rest of the steps leads to."""
    with scene.open(folder) as side:
        for step in range(done, scene.steps):
            side.do(step)
    return scene.read(folder)


def prepared(nursery: Nursery, function: str, scene: Scene, folder: Path) -> Path:
    """The folder that the scene begins with, left by a process that ended without closing anything."""
    folder.mkdir()
    maker = nursery.fork(function, "leave", scene.name, str(folder))
    maker.wait()
    assert maker.stdout.read() == "made\n", f"{scene.name} could not be prepared"
    maker.close()
    return folder


@contextmanager
def performing(nursery: Nursery, function: str, scene: Scene, folder: Path, synchronous: str = "") -> Iterator[Child]:
    """A child that is ready and waits for its word."""
    child = nursery.fork(function, "perform", scene.name, str(folder), synchronous)
    try:
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.close()


def until_ready(child: Child) -> Iterator[str]:
    """What it says until it has done all, then "ready"; without that it is dead."""
    for line in child.stdout:
        yield line.strip()
        if line == "ready\n":
            return


def program(find: Callable[[str], Scene], mode: str, name: str, folder: str, *rest: str) -> None:
    """The two things that a child does with a scene."""
    scene = find(name)
    if mode == "leave":
        _kept = scene.prepare(Path(folder))
        say("made")
        os._exit(0)  # as if killed: nothing is closed
    else:
        perform(scene, Path(folder), *rest)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _wait() -> None:
    say("ready")
    assert sys.stdin.readline(), "nobody is there any more"


def _do_all(scene: Scene, side: Side) -> None:
    for step in range(scene.steps):
        for _ in range(TRIES):
            try:
                side.do(step)
            except scene.refusal:
                say("refused")
            else:
                say(str(step + 1))
                break
        else:
            raise AssertionError("the disk takes nothing any more")
