"""scripts/bench_watch runs, raises and queues every alert, and its floors can fail."""

import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

import pytest

pytestmark = pytest.mark.slow
FALL = {"alerts": 10, "alerted_and_queued": 10, "notices": 40, "latest_s": 2.0, "busy_s": 1.0}
RUN = {"watches": 10, "idle_ms": {"median": 0.1, "max": 1.0}, "minute": FALL, "moment": FALL, "naive_look_ms": 1.0}


@pytest.fixture(scope="module")
def bench(pytestconfig: pytest.Config) -> Any:
    loader = SourceFileLoader("bench_watch", str(pytestconfig.rootpath / "scripts" / "bench_watch"))
    spec = spec_from_loader("bench_watch", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({}, 0),
        ({"idle_ms": {"median": 5.1, "max": 6.0}}, 2),  # too slow, and it has grown
        ({"idle_ms": {"median": 2.1, "max": 6.0}}, 1),
        ({"minute": {**FALL, "alerted_and_queued": 9}}, 1),
        ({"minute": {**FALL, "latest_s": 60.1}}, 1),
        ({"moment": {**FALL, "alerted_and_queued": 9}}, 1),
        ({"minute": {**FALL, "busy_s": 9.0}}, 1),
    ],
)
def test_each_floor_can_be_missed(bench: Any, change: dict[str, Any], missed: int) -> None:
    assert len(bench.misses([RUN, {**RUN, "watches": 1000, **change}])) == missed


def test_everybody_who_falls_due_is_alerted_and_queued(pytestconfig: pytest.Config) -> None:
    script = pytestconfig.rootpath / "scripts" / "bench_watch"
    done = subprocess.run(
        [sys.executable, str(script), "--json", "--watches", "500,2000", "--due", "100"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [run["watches"] for run in report["runs"]] == [500, 2000]
    for run in report["runs"]:
        for fall in (run["minute"], run["moment"]):
            assert fall["alerts"] == fall["alerted_and_queued"] == 100
            assert fall["notices"] == 400, "four workers in each area"
        assert run["naive_look_ms"] > 0
