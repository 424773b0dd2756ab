"""A webhook on this machine that works, refuses, or takes a request and never answers; and what it was sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


@dataclass(kw_only=True)
class Server:
    """`url`: as Apprise takes it. `answer`: the status it gives, or None: it takes the request and never answers."""

    url: str = ""
    answer: int | None = 200
    body: bytes = b""  # of its answer
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def http(self) -> str:
        return self.url.replace("json://", "http://")


@contextmanager
def hook_server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.got.append(msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"]))))
            state.keys.append(self.headers["Idempotency-Key"] or "")
            state.arrived.release()
            if state.answer is None:
                state.released.wait(10)
                return
            self.send_response(state.answer)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, *_words: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"json://127.0.0.1:{running.server_address[1]}/hook"
    yield state
    state.released.set()
    running.shutdown()
    thread.join()
    running.server_close()
