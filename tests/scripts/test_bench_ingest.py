"""scripts/bench_ingest runs, measures all four ways, and its floors can fail."""

import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

import pytest
from office import MOSQUITTO

pytestmark = pytest.mark.slow
RUN = {"batch": 50, "hub_events_per_s": 9000, "share_of_lower_ceiling": 0.7}
CALM = {"ack_ms_p99": 90.0, "growth_mb": 1.0}


@pytest.fixture(scope="module")
def bench(pytestconfig: pytest.Config) -> Any:
    loader = SourceFileLoader("bench_ingest", str(pytestconfig.rootpath / "scripts" / "bench_ingest"))
    spec = spec_from_loader("bench_ingest", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("run", "calm"),
    [
        ({"share_of_lower_ceiling": 0.59}, {}),
        ({"hub_events_per_s": 4999}, {}),
        ({}, {"ack_ms_p99": 251.0}),
        ({}, {"growth_mb": 10.1}),
    ],
)
def test_each_floor_can_be_missed(bench: Any, run: dict[str, float], calm: dict[str, float]) -> None:
    assert bench.misses({"runs": [RUN], "calm": CALM}) == []
    assert len(bench.misses({"runs": [{**RUN, **run}], "calm": {**CALM, **calm}})) == 1


@pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here: apt-get install mosquitto")
def test_the_hub_is_measured_beside_two_ceilings_and_naive_code(pytestconfig: pytest.Config) -> None:
    script = pytestconfig.rootpath / "scripts" / "bench_ingest"
    done = subprocess.run(
        [sys.executable, str(script), "--json", "--seconds", "1", "--devices", "4"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [run["batch"] for run in report["runs"]] == [1, 50]
    for run in report["runs"]:
        assert min(run[f"{way}_events_per_s"] for way in ("hub", "belt", "rows", "naive")) > 0
    assert report["calm"]["ack_ms_p99"] >= report["calm"]["ack_ms_median"] > 0
