"""scripts/bench_hub runs and tells what it measured."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def test_the_bench_measures_the_hub_on_its_brokers(pytestconfig: pytest.Config) -> None:
    script = pytestconfig.rootpath / "scripts" / "bench_hub"
    done = subprocess.run(
        [sys.executable, str(script), "--json", "--seconds", "1", "--devices", "2"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["runs"][-1]["broker"] == "embedded"
    for run in report["runs"]:
        assert run["passages_per_s"] > 0
        assert 0 < run["memory_mb"] < 150
        assert run["write_ms"]["writes"] > 0
