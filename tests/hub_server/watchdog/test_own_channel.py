"""The real Apprise to a real web hook, as the watchdog uses it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue

import msgspec
import pytest

from hub_server.watchdog.own_channel import AllOf, open_channel
from hub_server.watchdog.watchdog import AlarmError


class Hook:
    """Takes what is posted, or refuses it."""

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}/secret"
        self.status = 200
        self.got: SimpleQueue[dict[str, object]] = SimpleQueue()


@pytest.fixture(name="hook")
def serve_hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.got.put(msgspec.json.decode(body))
            self.send_response(hook.status)
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


def test_an_alarm_arrives_whole_and_in_chinese(hook: Hook) -> None:
    open_channel([hook.url]).send(title="守望主机出了问题", body="一\n二")
    got = hook.got.get(timeout=10)
    assert (got["title"], got["message"]) == ("守望主机出了问题", "一\n二")


def test_a_refusal_is_an_error_without_the_secret_and_another_channel_makes_it_good(hook: Hook) -> None:
    hook.status = 500
    with pytest.raises(AlarmError) as refused:
        open_channel([hook.url]).send(title="t", body="b")
    assert "secret" not in str(refused.value)
    told: list[str] = []
    refusing = open_channel([hook.url])
    AllOf([lambda title, body: refusing.send(title=title, body=body), lambda title, _: told.append(title)]).send(
        title="t", body="b"
    )
    assert told == ["t"]


def test_what_is_no_url_of_apprise_is_refused_at_once_and_without_its_secret() -> None:
    with pytest.raises(AlarmError, match="nonsense") as refused:
        open_channel(["nonsense://secret"])
    assert "secret" not in str(refused.value)


def test_no_channel_at_all_tells_nobody() -> None:
    with pytest.raises(AlarmError, match="no channel"):
        AllOf([]).send(title="t", body="b")
