"""One device floods the hub over a real Mosquitto: its neighbour is acknowledged nearly as soon as before."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flooder
import pytest
from device_model import batch, hello, passage
from mqtt_device import MqttDevice, Running, topic

from edge_agent.wire.messages import Ack, Welcome, wire_bytes
from edge_agent.wire.topics import Channel
from hub_server.store.writer import Writer

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)]
NOW_US = 1_795_471_200_000_000
MAD, HONEST = "door-west", "door-east"
MESSAGES_A_SECOND = 2000
PINGS = 40
TIMES_SLOWER_MAX = 20
MORE_S_MAX = 0.5
"""Generous: the machine is shared, and the hub, the broker and both devices run on it."""


@contextmanager
def flood(running: Running, *payloads: bytes) -> Iterator[None]:
    host, port = running.broker.host, str(running.broker.port)
    words = [host, port, MAD, running.secrets[MAD], str(MESSAGES_A_SECOND), topic(MAD, Channel.UP)]
    program = [sys.executable, str(Path(flooder.__file__)), *words, *(payload.hex() for payload in payloads)]
    process = subprocess.Popen(program)
    try:
        heard = running.ingest.worker.messages
        running.wait_until(lambda: running.ingest.worker.messages > heard + MESSAGES_A_SECOND)
        yield
    finally:
        process.kill()
        process.wait(10)


def waits_s(device: MqttDevice, first_seq: int) -> list[float]:
    """From capture to ack, one event after the other; the shortest first."""
    found = []
    for seq in range(first_seq, first_seq + PINGS):
        began_s = time.monotonic()
        answer = device.say(batch(passage(wall_us=NOW_US, mono_us=seq), first_seq=seq))
        found.append(time.monotonic() - began_s)
        assert isinstance(answer, Ack)
        assert answer.high == seq
    return sorted(found)


@pytest.mark.parametrize("commit_s", [0, 0.05], ids=["as it is", "a slow disk"])
def test_a_flood_of_rubbish_and_duplicates_hardly_delays_the_others(
    running: Running, monkeypatch: pytest.MonkeyPatch, commit_s: float
) -> None:
    """On a slow disk one queue for all would be full of rubbish, and the others' messages dropped."""
    transact = Writer._transact

    def slowly(writer: Writer, job: Any) -> Any:
        time.sleep(commit_s)  # what such a disk takes
        return transact(writer, job)

    monkeypatch.setattr(Writer, "_transact", slowly)
    device, mad = running.connect(HONEST), running.connect(MAD)
    assert isinstance(device.say(hello(last=0)), Welcome)
    again = wire_bytes(batch(*(passage(wall_us=NOW_US, mono_us=n) for n in range(10)), device=MAD))
    assert isinstance(mad.say(hello(last=10, device=MAD)), Welcome)
    mad.send(again)
    quiet_s = waits_s(device, 1)
    mad.close()
    with flood(running, b"rubbish", again, b"[" * 5000, again):
        taken = running.ingest.worker.messages
        flooded_s = waits_s(device, PINGS + 1)
        assert running.ingest.worker.messages > taken + PINGS, "the flood went on meanwhile"
    at_p90 = int(PINGS * 0.9)
    told = f"p90 quiet {quiet_s[at_p90] * 1000:.1f} ms, flooded {flooded_s[at_p90] * 1000:.1f} ms"
    assert flooded_s[at_p90] < quiet_s[at_p90] * TIMES_SLOWER_MAX + MORE_S_MAX, told
    assert HONEST not in running.ingest.inbox.throttled()
    print(told)  # noqa: T201 shown with -s
