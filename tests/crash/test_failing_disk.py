"""fsync fails, or there is no room: said at once, nothing acknowledged that is not stored, and it mends by itself."""

import random
from collections.abc import Iterator
from pathlib import Path

import hub_scenes
import journal_scenes
import pytest
from ledger import compare
from nursery import Nursery, nursery
from outage import Effort, Outage
from scene import Scene
from street import MODULES, Street, needs_mosquitto, street, until
from tracing import failing, needs_strace

from hub_server.cli.running_hub import RunningHub

pytestmark = [pytest.mark.slow, needs_strace]

EFFORT = Effort(between=4, singles=1, mixtures=1)
CAPTURES_PER_S = 50.0
FAULTS = ("fdatasync:error=EIO", "pwrite64:error=ENOSPC", "pwrite64:error=EIO")
SIDES: dict[str, tuple[str, Scene]] = {
    "agent": (journal_scenes.PROGRAM, journal_scenes.SCENES["a long day with a bad disk"]),
    "hub": (hub_scenes.PROGRAM, hub_scenes.SCENES["a long day with a bad disk"]),
}


@pytest.fixture(scope="module")
def forks() -> Iterator[Nursery]:
    with nursery(*MODULES, "journal_scenes", "hub_scenes") as made:
        yield made


@pytest.fixture
def busy(forks: Nursery, tmp_path: Path) -> Iterator[Street]:
    with street(forks, tmp_path) as made:
        made.start_broker()
        made.start_hub()
        made.start_agent(CAPTURES_PER_S)
        until(lambda: made.acknowledged() > 10)
        yield made


def health(busy: Street) -> dict[str, str]:
    """What the hub says of itself to whoever watches it."""
    return {name: str(value) for name, value in RunningHub.of(busy.data).ask_health().items()}


@needs_mosquitto
@pytest.mark.parametrize("fault", FAULTS)
def test_a_hub_whose_disk_fails_says_so_acknowledges_nothing_and_drains_afterwards(
    fault: str, busy: Street, tmp_path: Path
) -> None:
    assert busy.hub is not None
    with failing(busy.hub.pid, fault, log=tmp_path / "trace"):
        until(lambda: health(busy)["store"] != "ok")
        acknowledged, captured = busy.acknowledged(), busy.captured()
        until(lambda: busy.captured() > captured + 20)
        assert busy.acknowledged() == acknowledged, "nothing is acknowledged that is not stored"
        assert health(busy)["status"] == "degraded"
    until(lambda: busy.acknowledged() > acknowledged)
    until(lambda: health(busy)["status"] == "ok")
    finish(busy)
    log = busy.logs["hub"].read_text()
    assert "the store takes no writes: the disk" in log
    assert "the store takes writes again" in log


@needs_mosquitto
@pytest.mark.parametrize("fault", FAULTS)
def test_an_agent_whose_disk_fails_says_so_keeps_what_it_sees_and_drains_afterwards(
    fault: str, busy: Street, tmp_path: Path
) -> None:
    assert busy.agent is not None
    with failing(busy.agent.pid, fault, log=tmp_path / "trace"):
        until(lambda: "cannot be journaled now and wait in memory" in busy.logs["agent"].read_text())
        captured = busy.captured()
        until(lambda: (tmp_path / "trace").read_text().count("(INJECTED)") > 2)
        assert busy.captured() == captured, "nothing counts as captured that is not stored"
    until(lambda: busy.captured() > captured)
    finish(busy)
    assert "the journal takes events again" in busy.logs["agent"].read_text()


def finish(busy: Street) -> None:
    busy.drain()
    assert busy.hub is not None
    busy.hub.terminate()
    totals = compare(busy)
    assert totals.stored >= totals.captured


@pytest.mark.parametrize("name", list(SIDES))
@pytest.mark.parametrize(
    ("fault", "nth"), [*(("fdatasync:error=EIO", nth) for nth in range(1, 7)), ("pwrite64:error=ENOSPC", 2)]
)
def test_what_the_disk_refused_is_written_again_before_anything_counts_on_it(
    fault: str, name: str, nth: int, forks: Nursery, fast_folder: Path
) -> None:
    """The kernel may drop what it could not write and then report success: a power cut afterwards tells."""
    outage = Outage(forks, *SIDES[name], fast_folder, faults=(f"{fault}:when={nth}",))
    totals = outage.fail_power(random.Random(nth), EFFORT)
    print(f"{name}, {fault} at {nth}, refused {outage.refusals}: {totals}")  # noqa: T201 - for whoever looks with -s
