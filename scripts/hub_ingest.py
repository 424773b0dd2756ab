"""How many passages a second a hub takes through its broker while a person writes: a part of scripts/bench_hub."""

import statistics
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from fleet_wire import Loop, Place
from ingest_ceilings import AHEAD_MAX, Feeder, Payloads
from office import broker_address, broker_options, furnish, resident_mb, start_hub, start_mosquitto

from hub_server.cli.running_hub import RunningHub

SITE: Final = "bench"
PASSAGES_PER_S_MIN: Final = 500
MEMORY_MB_MAX: Final = 150
START_S_MAX: Final = 5.0
WARM_UP_S: Final = 2.0
WRITE_EVERY_S: Final = 0.1
BATCH_EVENTS: Final = 20  # what an agent sends that drains; a quiet one sends single events
WATCHED: Final = 200  # people with a watch; every fourth passage is one of them


def measure(folder: Path, ending: ExitStack, device_count: int, seconds: float, broker: str) -> dict[str, Any]:
    """One hub on one broker under load."""
    data = folder / "data"
    secrets, _ = furnish(data, [f"gate-{n}" for n in range(device_count)], residents=WATCHED)
    options = ["--embedded-broker", "--broker-port", "0"]
    if broker == "mosquitto":
        port, hub = start_mosquitto(folder, ending, site=SITE, secrets=secrets)
        options = broker_options(folder, port, hub)
    process, start_s = start_hub(data, ending, site=SITE, options=options)
    host, port = broker_address(data)
    loop = Loop()
    feeders = [
        Feeder(
            Place(host=host, port=port, site=SITE, device=name, secret=secret, speaks_v5=broker == "mosquitto"),
            loop,
            Payloads(name, batch=BATCH_EVENTS, residents=WATCHED),
            acked=True,
        )
        for name, secret in secrets.items()
    ]
    load = Load(loop, feeders)
    load.start()
    time.sleep(WARM_UP_S)
    acked, began_s = load.done, time.monotonic()
    writes_ms = write_like_a_person(data, seconds)
    took_s = time.monotonic() - began_s
    passages = load.done - acked
    load.stop()
    return {
        "passages_per_s": round(passages / took_s, 1),
        "memory_mb": resident_mb(process.pid, peak=True),
        "start_s": round(start_s, 2),
        "write_ms": {
            "median": round(statistics.median(writes_ms), 1),
            "p95": round(statistics.quantiles(writes_ms, n=20)[-1], 1),
            "max": round(max(writes_ms), 1),
            "writes": len(writes_ms),
        },
    }


class Load:
    """Feeds in a thread of its own while a person writes."""

    def __init__(self, loop: Loop, feeders: list[Feeder]) -> None:
        self._loop = loop
        self._feeders = feeders
        self._ending = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def done(self) -> int:
        return sum(feeder.done for feeder in self._feeders)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Raises what went wrong."""
        self._ending.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                for feeder in self._feeders:
                    feeder.push(AHEAD_MAX)
                self._loop.turn(0.002)
        except BaseException as error:  # noqa: BLE001 the root of the thread: stop() raises it
            self._failure = error
        finally:
            for feeder in self._feeders:
                feeder.close()


def write_like_a_person(data: Path, seconds: float) -> list[float]:
    """Adds people, ten a second at most, for so long; how long each took."""
    hub, took_ms, until_s = RunningHub.of(data), [], time.monotonic() + seconds
    while time.monotonic() < until_s:
        began_s = time.monotonic()
        hub.post("/api/v1/people", {"name": "一位居民"})
        took_s = time.monotonic() - began_s
        took_ms.append(took_s * 1000)
        time.sleep(max(0.0, WRITE_EVERY_S - took_s))
    return took_ms


def misses(run: dict[str, Any]) -> list[str]:
    """What of the floors the run does not reach, in words."""
    found = []
    if run["passages_per_s"] < PASSAGES_PER_S_MIN:
        found.append(f"{run['passages_per_s']} passages a second, {PASSAGES_PER_S_MIN} is the floor")
    if run["memory_mb"] > MEMORY_MB_MAX:
        found.append(f"{run['memory_mb']} MB, {MEMORY_MB_MAX} is the limit")
    if run["start_s"] > START_S_MAX:
        found.append(f"{run['start_s']} s to start, {START_S_MAX} is the limit")
    return found


def table(report: dict[str, Any]) -> list[str]:
    lines = [
        f"{report['devices']} devices, {report['seconds']:g} s of load",
        "",
        f"{'broker':<12}{'passages/s':>12}{'peak MB':>10}{'start s':>10}{'a write: median':>18}{'p95':>8}{'max ms':>9}",
    ]
    for run in report["runs"]:
        ms = run["write_ms"]
        lines.append(
            f"{run['broker']:<12}{run['passages_per_s']:>12.0f}{run['memory_mb']:>10.1f}{run['start_s']:>10.2f}"
            f"{ms['median']:>18.1f}{ms['p95']:>8.1f}{ms['max']:>9.1f}"
        )
    return lines
