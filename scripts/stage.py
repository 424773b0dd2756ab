"""Processes started, watched, measured and ended together; and the hub's API as any program would use it."""

import base64
import contextlib
import http.client
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

BIN = Path(sys.executable).parent


class StageError(Exception):
    """The play cannot go on; the message is for a person."""


@dataclass(kw_only=True)
class Child:
    """A process that we started, and the file its words go to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    peak_mb: float = 0.0

    def measure(self) -> None:
        """Peak resident memory so far, from /proc (Linux only; elsewhere it stays 0)."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)


@dataclass(kw_only=True)
class Stage:
    """Everything that the demonstration owns; leaving `running` ends every process."""

    folder: Path
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, *command: str) -> Child:
        log = self.folder / f"{name}.log"
        with log.open("wb") as words:
            # A process group of its own: Ctrl-C comes to us alone, and we end the children in order.
            process = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                stdout=words,
                stderr=words,
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        child = Child(name=name, process=process, log=log)
        self.children.append(child)
        return child

    def end(self) -> None:
        for child in reversed(self.children):  # the agents first, so that the hub still hears their farewell
            child.measure()
            child.process.terminate()
        deadline = time.monotonic() + 10
        for child in self.children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

    def must_live(self) -> None:
        for child in self.children:
            child.measure()
            if child.process.poll() is not None:
                words = "".join(f"    {line}\n" for line in child.log.read_text(errors="replace").splitlines()[-15:])
                raise StageError(f"{child.name} ended by itself ({child.process.returncode}):\n{words}")


@dataclass(frozen=True, kw_only=True)
class Api:
    """The hub's public API, as any program would use it."""

    url: str
    token: str
    started_at: str  # of the demonstration, RFC 3339 UTC: compares as text with the API's times

    def get(self, path: str) -> dict[str, object]:
        return self._ask("GET", path)

    def post(self, path: str, **fields: object) -> dict[str, object]:
        return self._ask("POST", path, json.dumps(fields))

    def patch(self, path: str, **fields: object) -> dict[str, object]:
        return self._ask("PATCH", path, json.dumps(fields))

    def delete(self, path: str) -> dict[str, object]:
        return self._ask("DELETE", path)

    def put(self, path: str) -> dict[str, object]:
        return self._ask("PUT", path)

    def items(self, path: str) -> list[dict[str, object]]:
        found = self.get(path)["items"]
        assert isinstance(found, list)
        return found

    def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, object]:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= 400:
            raise StageError(f"{method} {path}: {answer.status} {content}")
        assert isinstance(content, dict)
        return content


def enrol(api: Api, person: str, photos: list[Path]) -> dict[str, object]:
    """Consent, photographs, template: what a grid worker does at somebody's kitchen table."""
    for purpose in ("door", "welfare"):
        api.post(
            f"/api/v1/people/{person}/consents",
            purpose=purpose,
            text_version="demo 演示告知书",
            given_on="2026-11-01",
            collector="演示网格员",
        )
    encoded = [base64.b64encode(photo.read_bytes()).decode() for photo in photos]
    return api.post(f"/api/v1/people/{person}/face", photos=encoded, by="演示网格员")


def wait_for_hub(stage: Stage, run_file: Path) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        stage.must_live()
        if run_file.exists():
            hub = json.loads(run_file.read_text())
            assert isinstance(hub, dict)
            return hub
        time.sleep(0.1)
    raise StageError("the hub did not come up within 30 s; see hub.log (--keep DIR keeps it)")
