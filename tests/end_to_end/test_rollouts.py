"""Settings pushed to a real agent: the wrong camera goes back by itself, what works comes into force."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hub_process import Hub, write_agent
from stage import Stage
from test_galleries import wait_for

from edge_agent.releases.releases import EXIT_RESTART
from edge_agent.wire import sign
from hub_server.store.derived_keys import signing_key

pytestmark = pytest.mark.slow


class Supervisor:
    """As systemd with Restart=always."""

    def __init__(self, config: Path, log: Path) -> None:
        self._command = [sys.executable, "-m", "edge_agent.cli", "run", "--config", str(config)]
        self._log = log
        self.statuses: list[int] = []
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._log.open("ab") as log:
            while not self._stopping.is_set():
                self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
                self.statuses.append(self._process.wait())
                self._stopping.wait(0.2)

    def stop(self) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(30)


def rolled(hub: Hub, number: object) -> dict[str, object]:
    return hub.api.get(f"/api/v1/rollouts/{number}")


def test_a_wrong_camera_goes_back_by_itself_and_what_works_comes_into_force(
    stage: Stage, hub: Hub, clips: Path
) -> None:
    config = write_agent(stage.folder, hub, source=f"replay:{clips / 'east.mp4'}", gallery=None, loop=True)
    key = sign.public_key_of(signing_key(stage.folder / "hub"))
    (stage.folder / "hub-sign.pub").write_text(sign.key_text(key))
    config.write_text(config.read_text().replace("[camera]", 'sign_key = "hub-sign.pub"\n[camera]'))
    supervisor = Supervisor(config, stage.folder / "agent.log")
    try:
        wait_for("the device is there", lambda: hub.api.get("/api/v1/devices/door-east")["online"])
        wrong = {"camera": {"source": "replay:/no/such/clip.mp4"}}
        made = hub.api.post("/api/v1/rollouts", kind="config", everywhere=True, change=wrong)
        wait_for("it has gone back", lambda: rolled(hub, made["id"])["state"] == "failed")
        assert "rolled back: the agent did not last" in str(rolled(hub, made["id"])["detail"])
        assert supervisor.statuses[0] == EXIT_RESTART
        assert 0 not in supervisor.statuses[1:3]
        wait_for("it watches as before", lambda: hub.api.get("/api/v1/devices/door-east")["online"])

        began_s = time.monotonic()
        right = {"camera": {"observing_every_s": 60}}
        made = hub.api.post("/api/v1/rollouts", kind="config", everywhere=True, change=right, wait_s=0)
        wait_for("it is in force", lambda: rolled(hub, made["id"])["state"] == "done", timeout_s=150)
        assert time.monotonic() - began_s > 30, "not before the device has proven it"
        (item,) = hub.api.items("/api/v1/devices/door-east/releases")
        assert (item["held_version"], item["held_settings"]) == (2, right)
    finally:
        supervisor.stop()
    said = subprocess.run(
        [sys.executable, "-m", "edge_agent.cli", "doctor", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "settings version 2 of the hub" in said.stdout
