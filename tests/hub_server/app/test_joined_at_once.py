"""A card before a real server: raced by many clients, and guessed ten thousand times while a gate joins."""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from issuing_site import Joiner
from web_hub import WebHub, value

from hub_server.app.web_server import WebServer
from hub_server.store import alarms, certificates
from hub_server.store.store import Store

EAST = "east-gate"
CLIENTS = 50
GUESSES = 10_000
GUESSERS = 8
WAIT_S = 60


class Client:
    """A connection of its own, as a device has one."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        self._connection.connect()

    def join(self, body: dict[str, Any]) -> tuple[int, Any]:
        self._connection.request("POST", "/api/v1/join", json.dumps(body), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def hub(store: Store, clock: Any) -> Iterator[WebHub]:
    hub = WebHub(store=store, clock=clock)
    hub.device(EAST)
    yield hub
    hub.stop()


@pytest.fixture
def port(hub: WebHub) -> Iterator[int]:
    server = WebServer(host="127.0.0.1", port=0, application=hub.app)
    server.start()
    yield int(server.url.rpartition(":")[2])
    server.stop()


def card(hub: WebHub) -> str:
    return str(value(hub.post(f"/api/v1/devices/{EAST}/join-tokens", {}), 201)["token"])


def all_at_once(jobs: list[Any]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()


@pytest.mark.slow
def test_of_fifty_clients_with_the_same_card_exactly_one_wins(hub: WebHub, port: int) -> None:
    bodies = [Joiner(device=EAST).body(card_of) for card_of in [card(hub)] for _ in range(CLIENTS)]
    clients = [Client(port) for _ in bodies]
    gate = threading.Barrier(CLIENTS)
    answers: list[tuple[int, Any]] = []

    def race(client: Client, body: dict[str, Any]) -> None:
        gate.wait(WAIT_S)
        answers.append(client.join(body))

    all_at_once([lambda c=c, b=b: race(c, b) for c, b in zip(clients, bodies, strict=True)])
    for client in clients:
        client.close()
    statuses = Counter(status for status, _ in answers)
    assert statuses[201] == 1, statuses
    assert set(statuses) <= {201, 409, 429}, statuses  # from one address, who is too often wrong has to wait
    (won,) = (body for status, body in answers if status == 201)
    with hub.store.read() as db:
        (only,) = certificates.of_device(db, EAST, limit=9)
        raised = alarms.open(db)
    assert only.pem == won["certificate"]
    assert [(one.kind, one.subject) for one in raised] == [("card", EAST)]


@pytest.mark.slow
def test_ten_thousand_guesses_cost_little_and_keep_no_gate_from_joining(hub: WebHub, port: int) -> None:
    token, wrong = card(hub), Joiner(device=EAST).body("A" * 43)
    written = hub.store.changes.version
    statuses: Counter[int] = Counter()

    def guess() -> None:
        client = Client(port)
        told = Counter(client.join(wrong)[0] for _ in range(GUESSES // GUESSERS))
        client.close()
        statuses.update(told)

    gate = Client(port)
    began_s, busy_s = time.monotonic(), time.process_time()
    threads = [threading.Thread(target=guess) for _ in range(GUESSERS)]
    for thread in threads:
        thread.start()
    asked_s = time.monotonic()
    status, _ = gate.join(Joiner(device=EAST).body(token))
    joined_s = time.monotonic() - asked_s
    for thread in threads:
        thread.join(WAIT_S)
    took_s, busy_s = time.monotonic() - began_s, time.process_time() - busy_s
    gate.close()
    sys.stdout.write(
        f"{GUESSES} guesses in {took_s:.1f} s ({busy_s / GUESSES * 1e3:.2f} ms of processor each, client and all);"
        f" meanwhile a gate joined in {joined_s * 1e3:.0f} ms\n"
    )
    assert status == 201
    assert sum(statuses.values()) == GUESSES
    assert statuses[403] + statuses[429] == GUESSES
    assert statuses[403] <= 30 + took_s  # what is forgiven meanwhile
    assert hub.store.changes.version - written == 1, "a guess costs the disk nothing"
    assert joined_s < 10
