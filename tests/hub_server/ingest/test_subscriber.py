import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from device_model import SITE
from mqtt_device import Ingest, free_port

from edge_agent.wire.topics import Channel
from hub_server.ingest import subscriber as subscriber_module
from hub_server.ingest.subscriber import Broker
from hub_server.store.store import Store


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_module, "CONNACK_WAIT_S", 0.5)
    monkeypatch.setattr(subscriber_module, "_BACKOFF_S_MAX", 0.2)


@pytest.fixture
def ingests() -> Iterator[list[Ingest]]:
    started: list[Ingest] = []
    yield started
    for ingest in started:
        ingest.stop()


def listening(ingest: Ingest) -> bool:
    """Waits for the worker's mark that the subscriptions stand."""
    done = threading.Event()
    mark = ingest.inbox.mark

    def noticed(moment: object) -> None:
        mark(moment)  # type: ignore[arg-type]
        if type(moment).__name__ == "Listening":
            done.set()

    ingest.inbox.mark = noticed  # type: ignore[method-assign]
    ingest.start()
    return done.wait(20)


def test_a_broker_that_answers_version_5_with_silence_is_spoken_to_in_3_1_1(
    store: Store, embedded: Broker, ingests: list[Ingest]
) -> None:
    ingests.append(Ingest(store, replace(embedded, speaks_v5=True)))
    assert listening(ingests[0])
    assert ingests[0].subscriber._version is subscriber_module._V311


def test_mosquitto_is_spoken_to_in_version_5(store: Store, mosquitto: Broker, ingests: list[Ingest]) -> None:
    ingests.append(Ingest(store, mosquitto))
    assert listening(ingests[0])
    assert ingests[0].subscriber._version is subscriber_module._V5


def test_a_broker_that_comes_later_is_found(store: Store, embedded: Broker, ingests: list[Ingest]) -> None:
    port = free_port()
    ingests.append(Ingest(store, replace(embedded, port=port)))
    found = threading.Thread(target=lambda: results.append(listening(ingests[0])))
    results: list[bool] = []
    found.start()
    relay = _Relay(port, embedded.port)
    found.join(25)
    relay.close()
    assert results == [True]


class _Told(logging.Handler):
    """Sets an event at the first log line with certain words, and keeps all lines."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.told = threading.Event()
        self._words = words

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if self._words in self.lines[-1]:
            self.told.set()


def test_a_refusal_is_logged_without_the_password_and_stop_still_works(store: Store, embedded: Broker) -> None:
    ingest = Ingest(store, replace(embedded, password="a wrong secret"))
    log = logging.getLogger("hub_server.ingest.subscriber")
    told = _Told("refused: Not authorized")
    log.addHandler(told)
    ingest.start()
    assert told.told.wait(20)
    ingest.stop()
    log.removeHandler(told)
    assert ingest.subscriber.listening_since_s is None
    assert "a wrong secret" not in " ".join(told.lines)


class _Relay:
    """Passes one connection on to another port: a broker that appears late."""

    def __init__(self, port: int, target: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._target = target
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            near, _ = self._listener.accept()
        except OSError:
            return
        far = socket.create_connection(("127.0.0.1", self._target))
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with source, sink:
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()


def test_the_site_is_part_of_every_topic_it_hears(store: Store, embedded: Broker) -> None:
    assert Ingest(store, embedded).subscriber._topic("door-east", Channel.ACK) == f"shouwang/v1/{SITE}/door-east/ack"
