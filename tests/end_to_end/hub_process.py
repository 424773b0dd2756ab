"""A hub and a device's configuration as a test wants them: in processes of their own, reached as anybody would."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stage import Api, Child, Stage, wait_for_hub

import edge_agent.wire


@dataclass(frozen=True, kw_only=True)
class Hub:
    """A running hub with its embedded broker."""

    process: Child
    api: Api
    broker_port: int
    site: str


def start_hub(stage: Stage, *, broker_port: int = 0) -> Hub:
    """A hub on the data of `stage`; a second call after a kill goes on with the same data."""
    data = stage.folder / "hub"
    (data / "run.json").unlink(missing_ok=True)
    process = stage.start(
        "hub", "hub-server", "serve", "--data", str(data), "--embedded-broker",
        "--port", "0", "--broker-port", str(broker_port),
    )  # fmt: skip
    facts = wait_for_hub(stage, data / "run.json")
    broker = facts["broker"]
    assert isinstance(broker, dict)
    token = (data / "api-token").read_text().strip()
    return Hub(
        process=process,
        api=Api(url=str(facts["url"]), token=token, started_at=""),
        broker_port=int(broker["port"]),
        site=str(facts["site"]),
    )


def write_agent(folder: Path, hub: Hub, *, source: str, gallery: Path | None, loop: bool, area: str = "") -> Path:
    """An agent's configuration, its device account made through the API; its gallery from the hub when None."""
    device = hub.api.post("/api/v1/devices", id="door-east", place="东门 East door", area=area)
    account = device["mqtt"]
    assert isinstance(account, dict)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(str(account["password"]))
    config = folder / "agent.toml"
    quote = json.dumps  # JSON strings are TOML strings
    config.write_text(f"""
site = {quote(hub.site)}
device = "door-east"
[hub]
host = {quote(account["host"])}
port = {account["port"]}
password_file = {quote(str(secret))}
[camera]
name = "east"
source = {quote(source)}
loop = {"true" if loop else "false"}
[clock]
synchronised = "always"
{"" if gallery is None else f"[gallery]{chr(10)}file = {quote(str(gallery))}"}
[journal]
file = "journal.sqlite3"
""")
    return config


def publish_as_a_stranger(folder: Path, hub: Hub, *, device: str, person: str, hours_ago: int) -> str:
    """Runs the example of PROTOCOL.md as a program of its own; what it printed."""
    document = (Path(edge_agent.wire.__file__).parent / "PROTOCOL.md").read_text()
    example = re.search(r"```python example\n(.*?)\n```", document, re.DOTALL)
    assert example
    program = folder / "stranger.py"
    program.write_text(example[1])
    account = hub.api.post("/api/v1/devices", id=device)["mqtt"]
    assert isinstance(account, dict)
    arguments = [account["host"], account["port"], account["site"], account["username"], account["password"]]
    command = [sys.executable, str(program), *map(str, arguments), person, str(hours_ago)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
