"""A hub's page that answers what a test says, over real HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

WELL: dict[str, object] = {
    "status": "ok",
    "store": "ok",
    "broker": "connected",
    "watch": "judging",
    "alarms": {"conflicts": 0, "quarantined": 0, "lost": 0, "refused": 0},
    "tick_age_s": 0.4,
    "write_age_s": 3.0,
    "unsent_age_s": None,
    "failing": 0,
}


class HubPage:
    """`health`: what it says, None: nothing, it just hangs up. `body`: said instead, whatever it is."""

    def __init__(self) -> None:
        self.health: dict[str, object] | None = dict(WELL)
        self.body: bytes | None = None
        self.stuck = threading.Event()
        """Set: it answers. Cleared by a test that wants it to keep a caller waiting."""
        self.stuck.set()
        self.asked: list[str] = []
        self.url = ""

    def answer(self) -> bytes | None:
        if self.body is not None:
            return self.body
        return None if self.health is None else msgspec.json.encode(self.health)


@contextmanager
def hub_page() -> Iterator[HubPage]:
    page = HubPage()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page.asked.append(self.path)
            page.stuck.wait(30)
            body = page.answer()
            if body is None:
                return
            self.send_response(200 if page.health and page.health["status"] == "ok" else 503)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    page.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield page
    finally:
        page.stuck.set()
        server.shutdown()
        thread.join()
        server.server_close()
