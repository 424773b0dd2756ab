"""/metrics, read by a small parser of its own that knows the format's grammar and nothing of how we write it."""

import re
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import pytest
from device_model import lost, passage
from web_hub import HOUR_US, WebHub, problem

from edge_agent.wire.codec import item
from edge_agent.wire.messages import Batch, Hello
from hub_server.ingest.apply import apply_up
from hub_server.store import alerts, devices, tokens
from hub_server.watch.states import AlertState
from hub_server.web import Figures
from hub_server.web.metrics import Family, exposition
from hub_server.web.scopes import Scope

EPOCH = "ab" * 16
GATE = "east-gate"
SAMPLE = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})?'
    r" (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)\Z"
)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')


@dataclass
class Scrape:
    values: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str, **labels: str) -> float | None:
        return self.values.get((f"shouwang_{name}", frozenset(labels.items())))


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text)


def parse(text: str) -> Scrape:
    found, current = Scrape(), ""
    assert text.endswith("\n")
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in found.kinds, "a family stands in one place"
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current
            assert kind == ("counter" if name.endswith("_total") else "gauge")
            found.kinds[name] = kind
        else:
            match = SAMPLE.match(line)
            assert match is not None, line
            assert match[1] == current, "a sample stands with its family"
            labels = frozenset((name, unescaped(value)) for name, value in LABEL.findall(match[2] or ""))
            assert (match[1], labels) not in found.values, "no sample twice"
            found.values[match[1], labels] = float(match[3])
    return found


def scrape(hub: WebHub) -> Scrape:
    response = hub.get("/metrics")
    assert response.status_code == 200
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return parse(response.text)


def say(hub: WebHub, message: Any) -> None:
    hub.store.write(lambda db: apply_up(db, device=GATE, message=message, now_us=hub.clock()))


def batch(*raws: bytes, first_seq: int) -> Batch:
    return Batch(device=GATE, epoch=EPOCH, items=[item(first_seq + n, raw) for n, raw in enumerate(raws)])


def test_each_number_of_a_device_is_what_happened(hub: WebHub) -> None:
    hub.device(GATE, place='东"门\\\n东')
    hub.device("silent", online=False)
    seen = passage(wall_us=hub.clock())
    say(hub, Hello(device=GATE, epoch=EPOCH, oldest=1, last=20, agent="x"))
    say(hub, batch(seen, b"{}", first_seq=1))
    say(hub, batch(seen, b"{}", lost(3, 5), first_seq=1))  # two come again
    say(hub, batch(seen, first_seq=9))  # 6 is missing: a replay is asked for
    say(hub, Batch(device="another", epoch=EPOCH, items=[item(6, seen)]))  # refused: it names another device
    hub.figures = Figures(throttled={GATE: 7, "": 3}, dropped=10)
    found = scrape(hub)
    wanted = {
        "high": 5,
        "last": 20,
        "lag_events": 15,
        "online": 1,
        "last_seen_timestamp_seconds": hub.clock() / 1e6,
        "duplicates_total": 2,
        "conflicts_total": 0,
        "quarantined_total": 1,
        "lost_total": 3,
        "refused_total": 1,
        "replays_total": 1,
        "throttled_total": 7,
    }
    assert {name: found(f"device_{name}", device=GATE) for name in wanted} == wanted
    say(hub, batch(seen + b" ", first_seq=1))
    assert scrape(hub)("device_conflicts_total", device=GATE) == 1
    assert found("device_online", device="silent") == 0
    assert found("device_last_seen_timestamp_seconds", device="silent") is None
    assert found("device_info", device=GATE, place='东"门\\\n东', area="") == 1
    assert found("events_stored_total") == 3
    assert found("inbox_dropped_total") == 10


def test_the_numbers_of_the_hub_itself(hub: WebHub) -> None:
    first = hub.overdue()
    hub.watch(hub.person("p-wang", "王"), seen_before_us=25 * HOUR_US)
    hub.raise_due()
    hub.store.write(
        lambda db: alerts.move(
            db,
            first,
            to=AlertState.ACKNOWLEDGED,
            outcome=None,
            author="李",
            note="",
            until_us=None,
            now_us=hub.clock(),
        )
    )
    hub.figures = Figures(
        inbox_messages=1, inbox_bytes=2, ignored=3, transactions=4, messages=5, failed=6, ticked_us=1_500_000
    )
    found = scrape(hub)
    assert {state: found("alerts", state=state) for state in AlertState} == {
        "open": 1,
        "acknowledged": 1,
        "on_the_way": 0,
        "closed": 0,
    }
    names = ("inbox_messages", "inbox_bytes", "ingest_ignored_total", "ingest_transactions_total")
    assert [found(name) for name in names] == [1, 2, 3, 4]
    assert [found(name) for name in ("ingest_messages_total", "ingest_failed_total")] == [5, 6]
    assert found("scheduler_last_tick_timestamp_seconds") == 1.5
    assert found("store_failing") == 0
    assert found("store_writes_waiting") == 0
    assert found("build_info", version=version("shouwang")) == 1
    size = sum(path.stat().st_size for path in hub.store.data_dir.glob("hub.sqlite3*") if not path.name.endswith("shm"))
    assert found("store_bytes") == size


def test_an_empty_hub_has_no_family_without_a_sample(hub: WebHub) -> None:
    found = scrape(hub)
    assert {name for name, _ in found.values} == set(found.kinds)
    assert found("scheduler_last_tick_timestamp_seconds") is None


@pytest.mark.parametrize("text", ['"', "\\", "\n", '\\n"', "东门", "\u2028", "{a=b},"])
def test_a_label_comes_back_as_it_was(text: str) -> None:
    family = Family(name="shouwang_x", kind="gauge", about="x", samples=[({"device": text, "place": ""}, 1)])
    assert parse(exposition([family]))("x", device=text, place="") == 1


def test_it_is_open_to_a_token_of_scope_read_and_to_nobody_else(hub: WebHub) -> None:
    def token(name: str, scope: Scope) -> dict[str, str]:
        made = hub.store.write(
            lambda db: tokens.create(db, name=name, scopes=[scope], expires_us=None, now_us=hub.clock())
        )
        return {"Authorization": f"Bearer {made[1]}"}

    assert hub.stranger.get("/metrics", headers=token("prometheus", Scope.READ)).status_code == 200
    problem(hub.stranger.get("/metrics", headers=token("other", Scope.DEVICES)), 403)
    problem(hub.stranger.get("/metrics"), 401)


def test_three_hundred_devices_cost_little(hub: WebHub) -> None:
    """Under 50 ms on a quiet machine; the best of many on a busy one."""

    def furnish(db: Any) -> None:
        for n in range(300):
            devices.create(db, id=f"d{n}", place="东门", now_us=1)

    hub.store.write(furnish)
    hub.get("/metrics")
    took_s = []
    for _ in range(20):
        began_s = time.perf_counter()
        hub.get("/metrics")
        took_s.append(time.perf_counter() - began_s)
    assert min(took_s) < 0.05
