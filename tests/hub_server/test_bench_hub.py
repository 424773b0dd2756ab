"""scripts/bench_hub runs and tells what it measured, and its floors can fail."""

import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest
from office import MOSQUITTO

from hub_server.store import verify
from hub_server.store.connection import open_reader

pytestmark = pytest.mark.slow
QUICK = {"p50": 20.0, "p95": 90.0, "max": 99.0}
SLOW = {"p50": 20.0, "p95": 101.0, "max": 400.0}
SLOWEST = {"p50": 20.0, "p95": 301.0, "max": 400.0}
RUN = {"passages_per_s": 9000.0, "memory_mb": 90.0, "start_s": 1.0}
LIVE = {"p99_ms": 400.0, "missing": 0}
ROW = {"name": "/people", "kind": "page", "administrator": QUICK, "grid_worker": QUICK, "at_once": SLOWEST}
SEARCH = {**ROW, "name": "search zhang", "kind": "search"}
ALONE = {"name": "/accounts", "kind": "page", "administrator": QUICK, "at_once": QUICK}


@pytest.fixture(scope="module")
def bench(pytestconfig: pytest.Config) -> Any:
    loader = SourceFileLoader("bench_hub", str(pytestconfig.rootpath / "scripts" / "bench_hub"))
    spec = spec_from_loader("bench_hub", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("run", "row", "search", "live", "missed"),
    [
        ({}, {}, {}, {}, 0),
        ({"passages_per_s": 499.0}, {}, {}, {}, 1),
        ({"memory_mb": 150.1, "start_s": 5.1}, {}, {}, {}, 2),
        ({}, {"administrator": SLOW}, {}, {}, 0),  # a page has 300 ms
        ({}, {"administrator": SLOWEST}, {}, {}, 1),
        ({}, {"administrator": SLOWEST, "grid_worker": SLOWEST}, {}, {}, 2),
        ({}, {}, {"grid_worker": SLOW}, {}, 1),
        ({}, {}, {}, {"p99_ms": 500.1}, 1),
        ({}, {}, {}, {"missing": 1}, 1),
    ],
)
def test_each_floor_can_be_missed(
    bench: Any, run: dict[str, Any], row: dict[str, Any], search: dict[str, Any], live: dict[str, Any], missed: int
) -> None:
    rows = [{**ROW, **row}, {**SEARCH, **search}, ALONE]
    report = {"runs": [{**RUN, **run}], "pages": {"rows": rows, "live": {**LIVE, **live}}}
    assert len(bench.misses(report)) == missed


def test_each_part_can_be_asked_for_alone(bench: Any) -> None:
    assert bench.parse([]).part == "all"
    assert bench.parse(["--part", "pages", "--quick"]).part == "pages"
    assert bench.misses({"runs": [RUN]}) == []
    with pytest.raises(SystemExit):
        bench.parse(["--part", "weather"])


def test_every_page_is_thought_of(bench: Any) -> None:
    asked = bench.hub_pages.everything(bench.Crowd(), times=3)
    names = {one.name for one in asked}
    assert {"/", "/people", "/people/<person>", "/passages/figures?days=30", "/audit"} <= names
    assert not [path for one in asked for path in one.paths if "<" in path or "{" in path]
    assert len(next(one for one in asked if one.name == "/people/<person>").paths) == 3


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (95, 4.0), (99, 4.0), (25, 1.0), (1, 1.0)])
def test_a_percentile_is_one_of_the_values(bench: Any, percent: float, value: float) -> None:
    assert bench.hub_pages.percentile([1.0, 2.0, 3.0, 4.0], percent) == value


def test_the_crowds_store_holds_what_ingest_would_have_stored(bench: Any) -> None:
    data: Path = bench.made(bench.Crowd().scaled(0.002), say=bench.to_stderr)
    db = open_reader(data / "hub.sqlite3")
    # Its watches and alerts are made up, and not by what was seen.
    made_up = {"watches due", "last seen", "alerts", "alert changes", "alert states"}
    wrong = [check for check in verify.checks(db) if not check.ok and check.name not in made_up]
    db.close()
    assert wrong == []


def test_the_bench_measures_the_hub_on_its_brokers(pytestconfig: pytest.Config) -> None:
    report = _run(pytestconfig, "--part", "ingest", "--seconds", "1", "--devices", "2")
    assert report["runs"][-1]["broker"] == "embedded"
    for run in report["runs"]:
        assert run["passages_per_s"] > 0
        assert 0 < run["memory_mb"] < 150
        assert run["write_ms"]["writes"] > 0
    assert "pages" not in report


@pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here: apt-get install mosquitto")
def test_the_bench_measures_every_page_and_the_stream(pytestconfig: pytest.Config) -> None:
    pages = _run(pytestconfig, "--part", "pages", "--quick", "--scale", "0.02", "--times", "2")["pages"]
    assert len(pages["rows"]) > 50
    for row in pages["rows"]:
        assert 0 < row["administrator"]["p50"] <= row["administrator"]["p95"] <= row["administrator"]["max"]
        assert row["at_once"]["p50"] > 0
    assert sum("grid_worker" in row for row in pages["rows"]) > 30
    live = pages["live"]
    assert (live["missing"], live["viewers"], live["events"]) == (0, 50, 1000)
    assert 0 < live["p50_ms"] <= live["p99_ms"] <= live["max_ms"]
    assert {one["what"] for one in pages["naive"]} == {"newest passages", "counts of 30 days"}
    assert pages["growth"]["bytes_per_event"] > 300
    assert pages["retention"]["done"]
    assert pages["retention"]["rows"]["strangers"] > 0


def _run(pytestconfig: pytest.Config, *words: str) -> Any:
    script = pytestconfig.rootpath / "scripts" / "bench_hub"
    done = subprocess.run(
        [sys.executable, str(script), "--json", *words], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
