"""A long outage is over: 100,000 events cross a real broker into a real hub, all of them, in flat memory."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from agent_program import ReportingJournal, passage
from ledger import compare
from nursery import Child, Nursery, nursery
from street import MODULES, needs_mosquitto, street

from edge_agent.clock import SystemClock

pytestmark = [pytest.mark.slow, needs_mosquitto]

EVENTS = 100_000
AT_ONCE = 5000
GROWTH_MB_MAX = 16.0
HIGHEST_MB_MAX = 90.0
SECONDS_MAX = 240.0  # on a machine that is busy with other things


@pytest.fixture(scope="module")
def forks() -> Iterator[Nursery]:
    with nursery(*MODULES) as made:
        yield made


def memory_mb(process: Child, name: str) -> float:
    """VmRSS: now; VmHWM: the most so far. 10^6 bytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def test_a_backlog_of_a_hundred_thousand_events_drains_whole_and_in_flat_memory(forks: Nursery, tmp_path: Path) -> None:
    with street(forks, tmp_path) as quiet:
        clock = SystemClock(lambda: True)
        with closing(ReportingJournal(quiet.journal, quiet.reported, clock)) as journal:
            for first in range(1, EVENTS + 1, AT_ONCE):
                journal.append_all([passage(clock, number) for number in range(first, first + AT_ONCE)])
        quiet.start_broker()
        quiet.start_hub()
        began_s = time.monotonic()
        quiet.start_agent(per_s=0.001)
        assert quiet.agent is not None
        assert quiet.hub is not None
        before_mb = memory_mb(quiet.agent, "VmRSS")
        quiet.drain()
        took_s = time.monotonic() - began_s
        highest_mb, hub_mb = memory_mb(quiet.agent, "VmHWM"), memory_mb(quiet.hub, "VmHWM")
        quiet.hub.terminate()
        totals = compare(quiet)
    print(  # noqa: T201 - for whoever looks with -s
        f"{totals} in {took_s:.1f} s, {EVENTS / took_s:.0f} a second;"
        f" agent {before_mb:.1f} MB, at most {highest_mb:.1f}; hub at most {hub_mb:.1f}"
    )
    assert (totals.captured, totals.stored) == (EVENTS, EVENTS)
    assert highest_mb - before_mb < GROWTH_MB_MAX
    assert highest_mb < HIGHEST_MB_MAX
    assert took_s < SECONDS_MAX
