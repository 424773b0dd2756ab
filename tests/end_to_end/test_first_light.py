"""A camera sees a resident, the hub knows, and silence raises an alert; whatever is killed on the way."""

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hub_process import Hub, publish_as_a_stranger, start_hub, write_agent
from stage import Api, Child, Stage

pytestmark = pytest.mark.slow
LOGGED = re.compile(r"passage journaled seq=(\d+)")


def wait_for(what: str, condition: Callable[[], object], timeout_s: float = 60) -> None:
    """Polls a public view of another process; there is no event to wait on across processes."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.1)


def passages(api: Api) -> list[dict[str, object]]:
    return api.items("/api/v1/events?type=passage&limit=500")


def logged(agent: Child) -> list[int]:
    return [int(seq) for seq in LOGGED.findall(agent.log.read_text(errors="replace"))]


def has_logged(agent: Child, passages: int) -> bool:
    return len(logged(agent)) >= passages


def kill(child: Child, stage: Stage) -> None:
    child.process.kill()
    child.process.wait()
    stage.children.remove(child)


def test_one_walk_past_a_door_is_one_passage_of_the_resident_and_one_of_the_stranger(
    stage: Stage, hub: Hub, clips: Path, gallery: Path
) -> None:
    person = hub.api.post("/api/v1/people", id="resident-01", name="演示居民")
    watch = hub.api.post("/api/v1/watches", person=person["id"])
    config = write_agent(stage.folder, hub, source=f"replay:{clips / 'west.mp4'}", gallery=gallery, loop=False)
    agent = stage.start("agent", "edge-agent", "run", "--config", str(config))
    wait_for("the clip has ended and the agent with it", lambda: agent.process.poll() is not None, 90)
    assert agent.process.returncode == 0, agent.log.read_text()
    stranger, resident = sorted(passages(hub.api), key=lambda event: str(event["captured_at"]))
    assert stranger["person"] is None
    assert resident["person"] == "resident-01"
    assert resident["strict"] is True
    moved = hub.api.get(f"/api/v1/watches/{watch['id']}")
    assert moved["last_seen_at"] == resident["captured_at"]
    assert moved["last_seen_by"] == "door-east/east"


def test_kill_9_of_agent_and_hub_loses_nothing_that_was_logged_and_doubles_nothing(
    stage: Stage, hub: Hub, clips: Path, gallery: Path
) -> None:
    config = write_agent(stage.folder, hub, source=f"replay:{clips / 'east.mp4'}", gallery=gallery, loop=True)
    promised: set[int] = set()

    def live_and_die(name: str, passages_min: int) -> None:
        agent = stage.start(name, "edge-agent", "run", "--config", str(config))
        wait_for("passages are logged", partial(has_logged, agent, passages_min), 90)
        kill(agent, stage)
        promised.update(logged(agent))

    def arrived() -> list[int]:
        return sorted(int(str(event["seq"])) for event in passages(hub.api))

    live_and_die("with-a-hub", 1)
    kill(hub.process, stage)
    live_and_die("without-a-hub", 3)
    hub = start_hub(stage, broker_port=hub.broker_port)
    agent = stage.start("agent-last", "edge-agent", "run", "--config", str(config))
    wait_for("every promised passage is at the hub", lambda: promised <= set(arrived()))
    wait_for("the last agent sees somebody too", partial(has_logged, agent, 1))
    agent.process.terminate()
    assert agent.process.wait(10) == 0, agent.log.read_text()
    stage.children.remove(agent)
    places = sorted(int(str(event["seq"])) for event in hub.api.items("/api/v1/events?limit=500"))
    assert places == list(range(1, len(places) + 1)), "each place once, without a gap"
    assert len({str(event["epoch"]) for event in passages(hub.api)}) == 1
    moments = [(event["body"]["captured"]["boot"], event["body"]["captured"]["mono_us"]) for event in passages(hub.api)]  # type: ignore[index]
    assert len(set(moments)) == len(moments), "no passage was journaled twice"


@pytest.mark.parametrize("first", ["watch", "sighting"])
@pytest.mark.usefixtures("stage")
def test_a_strangers_program_sees_the_alert_for_a_backdated_sighting(hub: Hub, tmp_path: Path, first: str) -> None:
    hub.api.post("/api/v1/people", id="wang", name="王奶奶")
    if first == "watch":
        hub.api.post("/api/v1/watches", person="wang")
    said = publish_as_a_stranger(tmp_path, hub, device="a-strangers-door", person="wang", hours_ago=25)
    assert "'type': 'ack'" in said
    if first == "sighting":
        hub.api.post("/api/v1/watches", person="wang")
    wait_for("the alert", lambda: hub.api.items("/api/v1/alerts?state=open"))
    (alert,) = hub.api.items("/api/v1/alerts?state=open")
    (event,) = hub.api.items("/api/v1/events?person=wang")
    assert (alert["person"], alert["last_seen_at"]) == ("wang", event["captured_at"])
    visit = {"state": "closed", "outcome": "well", "author": "小李", "note": "在家，一切都好"}
    assert hub.api.patch(f"/api/v1/alerts/{alert['id']}", **visit)["state"] == "closed"
    assert not hub.api.items("/api/v1/alerts?state=open")


@pytest.mark.usefixtures("stage")
def test_a_late_sighting_retracts_only_when_it_is_young_enough(hub: Hub, tmp_path: Path) -> None:
    for person in ("zhao", "qian"):
        hub.api.post("/api/v1/people", id=person, name=person)
        hub.api.post("/api/v1/watches", person=person, last_seen_at="2020-01-01T00:00:00+08:00")
    wait_for("both alerts", lambda: len(hub.api.items("/api/v1/alerts?state=open")) == 2)
    publish_as_a_stranger(tmp_path, hub, device="door-1", person="zhao", hours_ago=23)
    publish_as_a_stranger(tmp_path, hub, device="door-2", person="qian", hours_ago=30)
    wait_for("the young one", lambda: len(hub.api.items("/api/v1/alerts?state=open")) == 1)
    (still,) = hub.api.items("/api/v1/alerts?state=open")
    assert still["person"] == "qian"
    assert not str(still["last_seen_at"]).startswith("2020"), "the newer last seen is shown"
    (gone,) = hub.api.items("/api/v1/alerts?state=closed")
    assert (gone["person"], gone["outcome"]) == ("zhao", "retracted")
