"""The count that the kills are judged by finds what is missing, twice, or another."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from device_model import DEVICE, SITE, batch, passage
from ledger import compare
from street import Street

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import wire_bytes
from hub_server.ingest.inbox import Arrival, Inbox
from hub_server.ingest.worker import Worker
from hub_server.store import devices
from hub_server.store.store import Store

EVENTS = [passage(wall_us=1_795_471_200_000_000 + n, mono_us=n) for n in range(3)]
LINES = [f"{place} {event_hash(raw)}\n" for place, raw in enumerate(EVENTS, 1)]


@pytest.fixture
def drained(tmp_path: Path) -> Callable[[list[bytes], list[str]], Street]:
    """Files as a street leaves them: what its hub holds, and what its agent reported."""

    def make(stored: list[bytes], reported: list[str]) -> Street:
        store = Store.open(tmp_path / "hub")
        store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=1))
        worker = Worker(store=store, inbox=Inbox(), publish=lambda _device, _message: None, site=SITE)
        payload, topic = wire_bytes(batch(*stored)), f"shouwang/v1/{SITE}/{DEVICE}/up"
        worker.handle([Arrival(topic=topic, payload=payload, retained=False, received_us=1_795_471_200_000_000)])
        store.close()
        (tmp_path / "reported").write_text("".join(reported))
        return cast("Street", SimpleNamespace(data=tmp_path / "hub", reported=tmp_path / "reported"))

    return make


Drained = Callable[[list[bytes], list[str]], Street]


def test_what_was_stored_and_not_yet_reported_at_a_kill_is_counted(drained: Drained) -> None:
    totals = compare(drained(EVENTS, LINES[:2]))
    assert (totals.captured, totals.stored, totals.unreported) == (2, 3, 1)


@pytest.mark.parametrize(
    ("stored", "reported", "said"),
    [
        (EVENTS[:2], LINES, "1 captures are missing or another"),
        ([EVENTS[0], EVENTS[2]], LINES[:2], "1 captures are missing or another"),
        ([EVENTS[0], EVENTS[1], EVENTS[0]], LINES[:2], "one capture stands at two places"),
        (EVENTS, [*LINES, LINES[0]], "a place was given twice"),
    ],
    ids=["lost", "another", "twice in the hub", "twice at the agent"],
)
def test_a_capture_that_is_missing_another_or_twice_is_found(
    stored: list[bytes], reported: list[str], said: str, drained: Drained
) -> None:
    with pytest.raises(AssertionError, match=said):
        compare(drained(stored, reported))
