"""The simulated fleet: its day, its journal, and a whole run against a real hub."""

import json
import subprocess
import sys

import pytest
from fleet import SimulatedDevice
from fleet_day import Site, passages_an_hour
from fleet_journal import KEPT_MAX, MemoryJournal
from fleet_wire import Loop, Place
from office import MOSQUITTO

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import Passage, Stamp

BOOT = "7c9d0f3e5b1a4d2c8e6f7a9b0c1d2e3f"
DAY_US = 86_400 * 1_000_000


def passage(n: int) -> Passage:
    stamp = Stamp(boot=BOOT, mono_us=n, wall_us=n, synced=True)
    return Passage(captured=stamp, camera="east", duration_ms=1, frames=1, sighting=None)


def journal(count: int) -> MemoryJournal:
    made = MemoryJournal()
    for n in range(count):
        made.append(passage(n), float(n))
    return made


def hash_at(made: MemoryJournal, seq: int) -> str:
    return event_hash(bytes(made.after(seq - 1, 1)[0].event))


@pytest.mark.parametrize("site", Site)
def test_the_night_is_quiet_and_the_curve_has_no_jump(site: Site) -> None:
    busy = max(passages_an_hour(site, hour / 10) for hour in range(240))
    assert passages_an_hour(site, 3.5) < busy / 20
    steps = [abs(passages_an_hour(site, hour / 10) - passages_an_hour(site, hour / 10 + 0.1)) for hour in range(240)]
    assert max(steps) < busy / 8
    assert passages_an_hour(site, 24.0) == passages_an_hour(site, 0.0)


def test_items_follow_a_place_in_order() -> None:
    made = journal(10)
    assert [item.seq for item in made.after(3, 4)] == [4, 5, 6, 7]
    assert made.after(10, 4) == []


def test_an_ack_gives_the_capture_times_of_what_is_new_and_another_hash_is_an_error() -> None:
    made = journal(10)
    assert made.apply(4, hash_at(made, 4)) == [0.0, 1.0, 2.0, 3.0]
    assert made.apply(4, hash_at(made, 4)) == []
    assert made.apply(6, hash_at(made, 6)) == [4.0, 5.0]
    with pytest.raises(ValueError, match="another event at 7"):
        made.apply(7, hash_at(made, 6))
    with pytest.raises(ValueError, match="10 is the last"):
        made.apply(11, None)


def test_a_hub_that_was_restored_is_given_again_what_is_kept() -> None:
    made = journal(5)
    made.apply(5, hash_at(made, 5))
    made.apply(2, hash_at(made, 2))
    assert [item.seq for item in made.after(2, 9)] == [3, 4, 5]


def test_what_was_acknowledged_long_ago_is_forgotten_and_asking_for_it_is_an_error() -> None:
    made = journal(2 * KEPT_MAX + 10)
    made.apply(made.last, hash_at(made, made.last))
    assert made.oldest > 1
    assert made.last == 2 * KEPT_MAX + 10
    with pytest.raises(ValueError, match="is the oldest"):
        made.after(0, 1)


def test_a_day_of_a_gate_brings_what_its_curve_says() -> None:
    """Poisson: five standard deviations around the sum of the curve."""
    now_us = 20_000 * DAY_US
    place = Place(host="127.0.0.1", port=1, site="bench", device="sim-gate-0", secret="-")
    device = SimulatedDevice(place, Loop(), site=Site.GATE, wall_us=lambda: now_us)
    for _ in range(24 * 60):
        device.live(0.0, 60.0)
        now_us += 60 * 1_000_000
    wanted = sum(passages_an_hour(Site.GATE, minute / 60) / 60 for minute in range(24 * 60))
    quarters = 24 * 4
    assert abs(device.totals.captured - quarters - wanted) < 5 * wanted**0.5
    assert device.behind == device.totals.captured


@pytest.mark.slow
@pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here: apt-get install mosquitto")
def test_a_fleet_with_every_fault_loses_nothing_and_counts_nothing_twice(pytestconfig: pytest.Config) -> None:
    script = pytestconfig.rootpath / "scripts" / "simulate_fleet"
    done = subprocess.run(
        [sys.executable, str(script), "--json", "--seconds", "6", "--speed", "600", "--devices", "12"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["wrong"] == []
    assert report["captured"] > 200
    assert min(report[fault] for fault in ("outages", "restarts", "duplicates", "clock_faults")) > 0
