"""kill -9 at any moment: what was logged is in the journal, and no place is missing or twice."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from edge_agent.clock import FakeClock
from edge_agent.journal import Journal
from edge_agent.wire.codec import decode_event
from edge_agent.wire.messages import Passage

WRITER = """
import itertools, sys
from pathlib import Path
from edge_agent.clock import SystemClock
from edge_agent.journal import Journal
from edge_agent.wire.messages import Passage

clock = SystemClock(lambda: True)
journal = Journal(Path(sys.argv[1]), clock=clock)
for frames in itertools.count(1):
    event = Passage(captured=clock.stamp(), camera="east", duration_ms=1, frames=frames)
    print(journal.append(event), event.captured.mono_us, flush=True)
"""


def life_and_death(file: Path, lines: int) -> list[tuple[int, int]]:
    """Let a writer log so many events, kill it, and give all that it had logged: (seq, mono_us)."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        logged = [writer.stdout.readline() for _ in range(lines)]
        os.kill(writer.pid, signal.SIGKILL)
        logged += writer.stdout.readlines()
    whole = [line.split() for line in logged if line.endswith("\n")]
    return [(int(seq), int(mono_us)) for seq, mono_us in whole]


def test_what_was_logged_survives_kill_9_once_and_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite3"
    rng = random.Random(5)
    logged: list[tuple[int, int]] = []
    for _ in range(4):
        logged += life_and_death(file, rng.randint(1, 60))
    journal = Journal(file, clock=FakeClock())
    items = journal.unsent(0, limit=100_000)
    journal.close()
    assert [item.seq for item in items] == list(range(1, len(items) + 1))
    stored = {}
    for item in items:
        event = decode_event(bytes(item.event))
        assert isinstance(event, Passage)
        stored[item.seq] = event.captured.mono_us
    assert len({seq for seq, _ in logged}) == len(logged), "no place was given twice"
    assert all(stored[seq] == mono_us for seq, mono_us in logged)
    assert len(stored) - len(logged) <= 4, "at most the one event of each life that was stored and not yet logged"
