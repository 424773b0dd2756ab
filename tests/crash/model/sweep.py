"""A process is killed at every one of its calls on files, one life for each, and what it leaves is looked at."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from nursery import Nursery
from scene import Scene, State, go_on, performing, prepared, states, until_ready
from strace_log import count
from tracing import CHANGES, LOOKS, calls_in, traced


@dataclass(frozen=True, kw_only=True, slots=True)
class Death:
    """At the call `call`, for the `nth` time; the call itself did not take place."""

    call: str
    nth: int

    @property
    def fault(self) -> str:
        return f"{self.call}:signal=SIGKILL:when={self.nth}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Of one sweep."""

    deaths: int
    nothing_stored: int  # the step had not happened, and nobody had been told that it had
    stored_unsaid: int
    stored_said: int


class Sweep:
    """Everything about one scene of one step."""

    def __init__(self, forks: Nursery, program: str, scene: Scene, folder: Path) -> None:
        assert scene.steps == 1
        # Opening looks hundreds of times, and a death in a look leaves what the change before it left.
        self._calls = CHANGES if scene.opens_inside else (*CHANGES, *LOOKS)
        self._forks = forks
        self._program = program
        self._scene = scene
        self._folder = folder
        self._template = prepared(forks, program, scene, folder / "template")
        self._states = states(scene, self._template, folder / "states")

    def run(self) -> Totals:
        """Raises AssertionError naming the call at which a crash did harm."""
        tally = {"before": 0, "unsaid": 0, "said": 0}
        deaths = self.deaths()
        for death in deaths:
            told, killed, left = self._live(death)
            try:
                # How often SQLite looks (a page is in its cache or not) may differ from life to life.
                assert killed or death.call in LOOKS, "it was not killed: the changes are not the same each time"
                tally[self._judge(told, left)] += 1
            except Exception as error:
                raise AssertionError(f"killed at {death.call} number {death.nth}: {error}") from error
            shutil.rmtree(left)
        return Totals(
            deaths=len(deaths), nothing_stored=tally["before"], stored_unsaid=tally["unsaid"], stored_said=tally["said"]
        )

    def deaths(self) -> list[Death]:
        """One life without a death tells how many calls there are."""
        told, killed, left = self._live(None)
        assert (told, killed) == (1, False), "without a death it does its step"
        assert self._scene.read(left) == self._states[1]
        counts = count(calls_in(self._folder / "log"))
        shutil.rmtree(left)
        return [Death(call=call, nth=nth) for call, most in counts.items() for nth in range(1, most + 1)]

    def _live(self, death: Death | None) -> tuple[int, bool, Path]:
        """How much it said to have done, whether it was killed, and the folder that it left."""
        folder = self._folder / "life"
        shutil.copytree(self._template, folder)
        inject = () if death is None else (death.fault,)
        with performing(self._forks, self._program, self._scene, folder) as child:
            with traced(child.pid, calls=self._calls, log=self._folder / "log", inject=inject):
                child.stdin.write("go\n")
                said = list(until_ready(child))
            return said.count("1"), "ready" not in said, folder

    def _judge(self, told: int, left: Path) -> str:
        found = self._scene.read(left)
        stored = self._stored(found)
        assert stored >= told, "what it said to have stored is not there"
        assert go_on(self._scene, left, stored) == self._states[1], "going on leads elsewhere than without the kill"
        self._scene.send_again(left, 1)
        return "before" if not stored else "said" if told else "unsaid"

    def _stored(self, found: State) -> int:
        assert found in self._states, "something half done is left"
        return self._states.index(found)
