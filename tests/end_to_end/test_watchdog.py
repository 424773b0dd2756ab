"""A real hub that hangs, dies and comes back, and a watchdog whose words arrive at a real web hook."""

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue

import msgspec
import pytest
from hub_process import Hub, start_hub
from stage import BIN, Stage

pytestmark = pytest.mark.slow
Look = Callable[[], int]


class Hook:
    """Where people read what the watchdog says."""

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}/"
        self.titles: SimpleQueue[str] = SimpleQueue()

    def read(self) -> list[str]:
        """What has come since, in Chinese."""
        found = []
        while not self.titles.empty():
            found.append(self.titles.get().partition("：")[0])
        return found


@pytest.fixture(name="hook")
def serve_hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            letter = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
            hook.titles.put(letter["title"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook = Hook(server.server_address[1])
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


def watchdog(hub_url: str, hook: Hook, state: Path) -> Look:
    """One look as the timer makes it, its exit code."""
    words = ["watchdog", "--hub", hub_url, "--timeout", "2", "--patience", "1", "--alarm", hook.url]

    def look() -> int:
        done = subprocess.run([BIN / "hub-server", *words, "--state", state], timeout=60, check=False)
        return done.returncode

    return look


def test_people_hear_of_a_hub_that_hangs_or_is_killed_once_and_once_that_it_is_back(
    hub: Hub, stage: Stage, hook: Hook, tmp_path: Path
) -> None:
    look = watchdog(hub.api.url, hook, tmp_path / "state")
    assert (look(), hook.read()) == (0, [])
    hub.process.process.send_signal(signal.SIGSTOP)  # it is there, holds its port, and does nothing
    assert (look(), hook.read()) == (1, ["守望主机出了问题"])
    hub.process.process.kill()
    hub.process.process.wait()
    stage.children.remove(hub.process)  # its end was meant
    assert (look(), hook.read()) == (1, []), "they know"
    again = start_hub(stage)
    look = watchdog(again.api.url, hook, tmp_path / "state")
    assert (look(), hook.read()) == (0, ["守望主机恢复正常"])
    assert (look(), hook.read()) == (0, [])
