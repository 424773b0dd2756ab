"""A scene recorded once; then the power fails at its every moment, in many ways, and what is left is opened."""

import hashlib
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from nursery import Nursery
from power_cut import Cut, Disk, cuts, lay_out
from recording import Moment, files_in, replay
from scene import Scene, performing, prepared, states, until_ready
from strace_log import Call
from tracing import CHANGES, calls_in, traced


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How many cuts are tried."""

    between: int  # so many moments; those before and after a sync, and after a word, always and besides
    singles: int
    mixtures: int
    again_every: int = 8  # of the images, one in so many crosses the wire once more


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Of the cuts of one record. `images`: different ones; the same files need not be opened twice."""

    calls: int
    syncs: int
    moments: int
    cuts: int
    images: int
    files: int  # that were written: the log, and the file itself when the log is moved into it


class LostError(AssertionError):
    """What was acknowledged is not there, or what is there is not what was stored."""


class Outage:
    """The record of one scene, and what it must lead to."""

    def __init__(
        self,
        forks: Nursery,
        program: str,
        scene: Scene,
        folder: Path,
        *,
        synchronous: str = "",
        faults: tuple[str, ...] = (),
    ) -> None:
        self._scene = scene
        self._folder = folder
        template = prepared(forks, program, scene, folder / "template")
        self._states = states(scene, template, folder / "states")
        self._life = folder / "life"
        shutil.copytree(template, self._life)
        self._files = files_in(self._life)
        self._calls = self._record(forks, program, synchronous, faults)

    def _record(self, forks: Nursery, program: str, synchronous: str, faults: tuple[str, ...]) -> list[Call]:
        log = self._folder / "log"
        with performing(forks, program, self._scene, self._life, synchronous) as child:
            if not self._scene.opens_inside:  # opening may have made a name, or synced what a killed process left
                self._files = files_in(self._life)
            with traced(child.pid, calls=CHANGES, log=log, inject=faults):
                child.stdin.write("go\n")
                said = list(until_ready(child))
        self.refusals = said.count("refused")
        return calls_in(log)

    def fail_power(self, rng: random.Random, effort: Effort) -> Totals:
        """Raises LostError for the first image that breaks a promise."""
        moments = list(replay(self._calls, Disk(self._files), self._life))
        assert moments[-1].told == self._scene.steps
        due = _at_stake(moments) | set(rng.sample(range(len(moments)), min(effort.between, len(moments))))
        disk, seen = Disk(self._files), dict[bytes, int]()
        tried = 0
        for number, moment in enumerate(replay(self._calls, disk, self._life)):
            if number not in due:
                continue
            for cut in cuts(disk, rng, singles=effort.singles, mixtures=effort.mixtures):
                tried += 1
                self._open(disk, cut, moment.told, seen, again_every=effort.again_every)
        files = len({moment.call.descriptor() for moment in moments if moment.call.name == "pwrite64"})
        syncs = sum(moment.sync for moment in moments)
        return Totals(calls=len(moments), syncs=syncs, moments=len(due), cuts=tried, images=len(seen), files=files)

    def _open(self, disk: Disk, cut: Cut, told: int, seen: dict[bytes, int], *, again_every: int) -> None:
        """`seen`: by the digest of an image, how many steps are in it."""
        image = disk.image(cut)
        digest = _digest(image)
        if digest not in seen:
            seen[digest] = self._look(image, told, cut, again=len(seen) % again_every == 0)
        if seen[digest] < told:
            raise LostError(f"{told} steps were acknowledged, {seen[digest]} are there after {cut}")

    def _look(self, image: dict[str, bytes], told: int, cut: Cut, *, again: bool) -> int:
        folder = self._folder / "image"
        lay_out(image, was=self._life, folder=folder)
        try:
            return self._steps_in(folder, again=again)
        except Exception as error:
            raise LostError(f"after {told} steps and {cut}: {type(error).__name__}: {error}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _steps_in(self, folder: Path, *, again: bool) -> int:
        found = self._scene.read(folder)
        assert found in self._states, "something half done is left"
        done = self._states.index(found)
        if again:
            self._scene.send_again(folder, done)
        return done


def _at_stake(moments: list[Moment]) -> set[int]:
    """Before a sync most can be lost; after a sync, or a word, nothing may be."""
    syncs = {number for number, moment in enumerate(moments) if moment.sync}
    words = {number for number, moment in enumerate(moments) if moment.word}
    return syncs | words | {number - 1 for number in syncs if number} | {len(moments) - 1}


def _digest(image: dict[str, bytes]) -> bytes:
    digest = hashlib.sha256()
    for path, content in sorted(image.items()):
        digest.update(repr((path, len(content))).encode())
        digest.update(content)
    return digest.digest()
