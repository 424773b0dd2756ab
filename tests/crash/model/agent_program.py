"""An agent without a camera: passages through the real journal, recorder and uplink, and a list of what was captured.

What stands in the list was in the journal before: a line is written after the append has returned, with O_APPEND.
"""

import logging
import os
import select
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge_agent.clock import SystemClock
from edge_agent.config import HubConfig
from edge_agent.journal import Journal, Recorder
from edge_agent.uplink.mqtt import Inbox, MqttLink, MqttVersion
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire.codec import encode_event, event_hash
from edge_agent.wire.messages import Event, Passage, Sighting
from edge_agent.wire.topics import Address

LABEL: Final = "crash/1"
DRAIN_WAIT_S: Final = 600.0
PEOPLE: Final = 4


class ReportingJournal(Journal):
    """The journal; what it has taken is listed."""

    def __init__(self, file: Path, reported: Path, clock: SystemClock) -> None:
        self._reported = os.open(reported, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        super().__init__(file, clock=clock)

    def append_all(self, events: Sequence[Event]) -> list[int]:
        places = super().append_all(events)
        lines = [f"{place} {event_hash(encode_event(event))}\n" for place, event in zip(places, events, strict=True)]
        os.write(self._reported, "".join(lines).encode())
        return places


def main(journal_file: str, reported: str, site: str, device: str, port: str, password: str, per_s: str) -> None:
    """Captures until a line comes on stdin, then says "drained" as soon as the hub has all of it, and lives on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    clock = SystemClock(lambda: True)
    journal = ReportingJournal(Path(journal_file), Path(reported), clock)
    hub = HubConfig(host="127.0.0.1", port=int(port), password_file=Path(password))
    address = Address(site=site, device=device)

    def make_link(version: MqttVersion, inbox: Inbox) -> MqttLink:
        return MqttLink(hub, address=address, agent=LABEL, version=version, inbox=inbox)

    # Without jitter: one agent need not keep out of step with itself, and the test is over sooner.
    uplink = Uplink(journal, device=device, agent=LABEL, make_link=make_link, jitter=lambda: 0.0)
    recorder = Recorder(journal, clock=clock, journaled=uplink.wake)
    uplink.start()
    frames = 0
    while not select.select([sys.stdin], [], [], 1 / float(per_s))[0]:
        frames += 1
        recorder.record([passage(clock, frames)])
    recorder.settle()
    uplink.wake()
    if uplink.wait_drained(DRAIN_WAIT_S):
        sys.stdout.write("drained\n")
        sys.stdout.flush()
    sys.stdin.readline()
    sys.stdin.readline()  # until whoever looks on is gone


def passage(clock: SystemClock, frames: int) -> Passage:
    """Every second one is somebody who is watched over."""
    who = None
    if frames % 2:
        person = f"resident-{frames % PEOPLE}"
        who = Sighting(person=person, score=0.97, margin=0.2, frames=12, strict=True, embedder="crash")
    return Passage(captured=clock.stamp(), camera="east", duration_ms=4250, frames=max(frames, 12), sighting=who)
