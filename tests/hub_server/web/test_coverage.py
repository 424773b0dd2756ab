"""/api/v1/alerts/<id>/coverage: who was watching while a person was not seen."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, problem, value

import hub_server.web
from hub_server.store import observing
from hub_server.store.observing import NewStretch


def watched(hub: WebHub, *, from_us: int, hours: int, state: str, cause: str = "") -> None:
    """The camera's own word for some hours."""
    event = hub.stored(b"{}", "observing")
    ended_us = from_us + hours * HOUR_US
    stretch = NewStretch(
        camera="east",
        state=state,
        cause=cause,
        boot="0" * 32,
        began_mono_us=0,
        ended_mono_us=hours * HOUR_US,
        ended_us=ended_us,
    )
    hub.store.write(
        lambda db: observing.add(
            db, stretch, event=event, device="east-gate", received_us=hub.clock.now_us, anchor=None
        )
    )


def test_the_cameras_that_usually_see_the_person_tell_what_they_did(hub: WebHub) -> None:
    seen_us = hub.clock.now_us
    hub.device()
    hub.watch(hub.person())
    hub.passage("p-li")
    hub.clock.now_us = seen_us + 25 * HOUR_US
    hub.store.write(
        lambda db: db.execute("UPDATE watches SET last_seen_us = ?, due_us = ?", (seen_us, seen_us + DAY_US))
    )
    (alert,) = hub.raise_due()
    watched(hub, from_us=seen_us, hours=6, state="watching")
    watched(hub, from_us=seen_us + 6 * HOUR_US, hours=12, state="blind", cause="black")
    found = value(hub.get(f"/api/v1/alerts/{alert}/coverage"))
    assert found["verdict"] == "cannot_tell"
    assert found["cameras"] == [
        {
            "device": "east-gate",
            "place": "东门",
            "camera": "east",
            "sightings": 1,
            "watching": 0.25,
            "unknown": 0.25,
            "missing": [{"state": "blind", "cause": "black", "share": 0.5}],
        }
    ]


def test_there_is_no_coverage_of_an_alert_that_is_not_there(hub: WebHub) -> None:
    problem(hub.get("/api/v1/alerts/7/coverage"), 404)


SCRIPT = Path(hub_server.web.__file__).parent / "static" / "coverage.js"
EAST = {
    "device": "east-gate",
    "place": "东门",
    "camera": "east",
    "sightings": 9,
    "watching": 0.25,
    "unknown": 0.004,
    "missing": [{"state": "blind", "cause": "black", "share": 0.746}],
}


@pytest.mark.parametrize(
    ("verdict", "cameras", "said", "told"),
    [
        ("watched", [EAST], "摄像头在看", "东门 看了 25%，看不清 75%"),
        ("cannot_tell", [EAST], "说不准：没有摄像头在看", "东门 看了 25%，看不清 75%"),
        ("cannot_tell", [], "说不准：没有常见到此人的摄像头", ""),
    ],
)
def test_the_card_says_who_was_watching_and_never_that_all_is_well_when_nobody_was(
    verdict: str, cameras: list[object], said: str, told: str
) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: what the browser says is not tried")
    found = json.dumps({"verdict": verdict, "cameras": cameras})
    program = f"import {{ words }} from {json.dumps(SCRIPT.as_uri())}; console.log(JSON.stringify(words({found})));"
    done = subprocess.run(
        [node, "--input-type=module"], input=program, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    words = json.loads(done.stdout)
    assert (words["verdict"], words["cameras"]) == (said, told)


def test_the_card_has_a_place_for_it_that_stays_hidden_until_the_hub_has_answered(hub: WebHub) -> None:
    hub.overdue()
    page = hub.log_in().get("/").text
    assert '<div class="coverage" data-apart hidden>' in page
    with hub.stranger.get("/static/coverage.js") as script:
        assert script.status_code == 200
