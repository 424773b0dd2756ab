"""The messenger on a worker's phone: it receives what the hub's notifier really posts, as such a messenger's bot."""

import json
import queue
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_PATIENCE_S = 20


class Messenger:
    """Listens while the block lasts. `url` is what a recipient is given (Apprise's JSON webhook)."""

    def __init__(self) -> None:
        self._letters: queue.Queue[str] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(self._letters))
        self.url = f"json://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def link(self, about: str) -> str:
        """That of the next letter about somebody. Raises queue.Empty when none comes."""
        while True:
            letter = self._letters.get(timeout=_PATIENCE_S)
            found = re.search(r"https?://\S+/alerts/[0-9]+", letter)
            if about in letter and found is not None:
                return found[0]


def _answering(letters: "queue.Queue[str]") -> type[BaseHTTPRequestHandler]:
    class Bot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the standard library's name
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            letters.put(f"{sent['title']}\n{sent['message']}")
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 the standard library's name
            """Says nothing."""

    return Bot
