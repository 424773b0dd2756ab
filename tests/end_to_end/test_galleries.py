"""From a photograph at the office to a door that knows somebody, and back to a door that does not."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_process import Hub, start_hub, write_agent
from stage import Api, Child, Stage, enrol

pytestmark = pytest.mark.slow
AREA = "桂花村"


def wait_for(what: str, condition: Callable[[], object], timeout_s: float = 90) -> None:
    """Polls a public view of another process; there is no event to wait on across processes."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.1)


def gallery(api: Api) -> dict[str, object]:
    found = api.get("/api/v1/devices/door-east")["gallery"]
    assert isinstance(found, dict)
    return found


def in_force(api: Api, people: int) -> bool:
    told = gallery(api)
    return told["people"] == people and told["version"] == told["held_version"]


def passages_after(api: Api, event: int) -> list[dict[str, object]]:
    return api.items(f"/api/v1/events?type=passage&after={event}&limit=500")


def newest(api: Api) -> int:
    events = api.items("/api/v1/events?limit=1")
    return int(str(events[0]["id"])) if events else 0


def kill(child: Child, stage: Stage) -> None:
    child.process.kill()
    child.process.wait()
    stage.children.remove(child)


def test_who_is_enrolled_at_the_hub_is_known_at_the_door_and_who_withdraws_is_a_stranger_again(
    stage: Stage, hub: Hub, clips: Path
) -> None:
    api = hub.api
    config = write_agent(stage.folder, hub, source=f"replay:{clips / 'east.mp4'}", gallery=None, loop=True, area=AREA)
    stage.start("agent", "edge-agent", "run", "--config", str(config))
    wait_for("the device takes galleries", lambda: gallery(api)["taken"])
    assert gallery(api)["version"] is None, "nobody is enrolled: there is nothing to send"

    api.post("/api/v1/people", id="resident-01", name="演示居民", area=AREA, born="1948-03-05")
    made = enrol(api, "resident-01", [clips / "resident.png"])
    assert made["enrolled"] is True
    wait_for("the gallery is in force", lambda: in_force(api, 1))
    since = newest(api)
    wait_for("the resident is known", lambda: any(e["person"] == "resident-01" for e in passages_after(api, since)))

    kill(hub.process, stage)
    hub = start_hub(stage, broker_port=hub.broker_port)
    api = hub.api
    version = gallery(api)["version"]
    wait_for("the device is back", lambda: api.get("/api/v1/devices/door-east")["online"])
    assert in_force(api, 1)
    assert gallery(api)["version"] == version, "a hub that starts again sends nothing that is there already"

    for purpose in ("door", "welfare"):
        api.post(f"/api/v1/people/resident-01/consents/{purpose}/withdraw", by="演示网格员")
    wait_for("the gallery is empty", lambda: in_force(api, 0))
    (erasure,) = api.items("/api/v1/erasures")
    receipts = erasure["receipts"]
    assert isinstance(receipts, list)
    (receipt,) = receipts
    assert receipt["device"] == "door-east"
    assert receipt["received_at"] is not None
    since = newest(api)
    wait_for("people pass again", lambda: len(passages_after(api, since)) >= 4)
    # The first may have been on its way when the gallery changed.
    assert {event["person"] for event in passages_after(api, since)[1:]} == {None}
    kept = [path.name for path in (stage.folder / "journal.sqlite3.blobs").glob("gallery-*")]
    assert kept == [f"gallery-{gallery(api)['version']}.sealed"], "the older one is gone from the card"


def test_a_killed_agent_knows_its_people_at_once_and_no_template_lies_readable_on_hub_or_card(
    stage: Stage, hub: Hub, clips: Path
) -> None:
    api = hub.api
    config = write_agent(stage.folder, hub, source=f"replay:{clips / 'west.mp4'}", gallery=None, loop=True, area=AREA)
    agent = stage.start("agent", "edge-agent", "run", "--config", str(config))
    api.post("/api/v1/people", id="resident-01", name="演示居民", area=AREA, born="1948-03-05")
    enrol(api, "resident-01", [clips / "resident.png"])
    wait_for("the gallery is in force", lambda: in_force(api, 1))
    kill(agent, stage)
    kill(hub.process, stage)
    again = stage.start("again", "edge-agent", "run", "--config", str(config))
    wait_for("it says what it holds, without a hub", lambda: b"of the hub in force: 1 people" in again.log.read_bytes())
    for path in [*(stage.folder / "journal.sqlite3.blobs").iterdir(), *(stage.folder / "hub").rglob("*")]:
        if path.is_file() and path.suffix != ".lock":
            assert b'"templates":["' not in path.read_bytes(), path
    with sqlite3.connect(f"file:{stage.folder / 'hub' / 'hub.sqlite3'}?mode=ro", uri=True) as db:
        (length, sealed) = db.execute("SELECT template_length, ciphertext FROM templates").fetchone()
    assert len(sealed) == 4 * length + 29, "the template and what its encryption adds"
