"""What the hub says of itself: measured, not believed; told every half minute; with nothing about a person."""

import queue
from typing import Any

import msgspec
import pytest

from edge_agent.wire.hub_status import HubHealth, decode_hub_status
from edge_agent.wire.messages import Presence
from edge_agent.wire.topics import HubChannel
from hub_server.app import vitals
from hub_server.app.vitals import Heartbeat, is_well, measure
from hub_server.scheduler import Scheduler
from hub_server.store.errors import StoreFailingError
from hub_server.store.store import Store

WELL: dict[str, Any] = {
    "status": "ok",
    "store": "ok",
    "broker": "connected",
    "watch": "judging",
    "tick_age_s": 0.4,
    "write_age_s": 3.1,
    "unsent_age_s": None,
    "failing": 0,
}


@pytest.mark.parametrize(
    ("change", "well"),
    [
        ({}, True),
        ({"watch": "draining"}, True),
        ({"watch": "late"}, False),
        ({"broker": "disconnected"}, False),
        ({"store": "failing: the disk is full"}, False),
        ({"write_age_s": 120.0}, True),
        ({"write_age_s": 120.1}, False),
        ({"unsent_age_s": 600.0, "failing": 3}, True),
        ({"unsent_age_s": 600.1}, False),
    ],
)
def test_the_hub_is_well_while_broker_watch_store_and_delivery_do_their_work(
    change: dict[str, object], *, well: bool
) -> None:
    assert is_well(WELL | change) is well


def test_the_age_of_the_last_write_grows_until_the_disk_takes_one(store: Store) -> None:
    store._writer.wrote_s -= 100
    assert measure(store, tick_age_s=1.26) == {
        "tick_age_s": 1.3,
        "write_age_s": pytest.approx(100, abs=5),
        "unsent_age_s": None,
        "failing": 0,
    }
    store.probe()
    assert store.write_age_s < 5


def test_a_write_that_the_disk_refuses_does_not_count_as_one(store: Store) -> None:
    store.write(lambda db: db.execute("PRAGMA max_page_count = 1"))  # SQLite takes the present size: not a page more
    store._writer.wrote_s -= 100
    with pytest.raises(StoreFailingError, match="the disk is full"):
        store.write(lambda db: db.execute("CREATE TABLE more AS SELECT randomblob(1000000) AS bytes"))
    assert store.write_age_s > 99


def test_a_hub_that_is_not_there_yet_has_no_figures() -> None:
    assert set(measure(None, tick_age_s=None).values()) == {None, 0}


def test_the_age_of_the_last_judgement_is_by_a_clock_that_never_jumps(store: Store) -> None:
    now_s = [50.0]
    scheduler = Scheduler(store=store, listening_since_s=lambda: None, monotonic_s=lambda: now_s[0])
    now_s[0] += 7
    assert scheduler.tick_age_s() == 7, "it has not judged yet"
    scheduler.tick()
    assert scheduler.tick_age_s() == 0, "nobody was to be waited for, so it judged"
    now_s[0] += 200
    assert measure(store, tick_age_s=scheduler.tick_age_s())["tick_age_s"] == 200


class Told:
    """Who takes what is told; the broker is away for the first `deaf` times."""

    def __init__(self, deaf: int = 0) -> None:
        self.heard: queue.Queue[bytes] = queue.Queue()
        self.deaf = deaf

    def publish(self, channel: HubChannel, payload: bytes) -> bool:
        assert channel is HubChannel.STATUS
        self.deaf -= 1
        if self.deaf >= 0:
            return False
        self.heard.put(payload)
        return True


def test_a_beat_has_the_disk_take_a_write_when_nobody_else_had_and_only_then(store: Store) -> None:
    told = Told()
    heart = Heartbeat(store=store, health=lambda: WELL, publish=told.publish, every_s=30)
    before = store.changes.version
    assert heart.beat()
    assert store.changes.version == before, "open pages would look again for nothing"
    store._writer.wrote_s -= 16
    assert heart.beat()
    assert store.changes.version == before + 1
    assert store.write_age_s < 5


def test_a_beat_is_told_even_when_the_disk_takes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise StoreFailingError("the disk is full")

    monkeypatch.setattr(store, "probe", refuse)
    store._writer.wrote_s -= 500
    told = Told()
    heart = Heartbeat(store=store, health=lambda: WELL | measure(store, tick_age_s=1.0), publish=told.publish)
    assert heart.beat()
    status = decode_hub_status(told.heard.get_nowait())
    assert status.health is not None
    assert status.health.write_age_s == pytest.approx(500, abs=5)


def test_it_beats_by_itself_tries_again_while_the_broker_is_away_and_tells_nothing_but_figures(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "_UNHEARD_S", 0.01)
    told = Told(deaf=2)
    health = WELL | {"alarms": {"lost": 1}, "people": ["王奶奶"]}
    heart = Heartbeat(store=store, health=lambda: health, publish=told.publish, every_s=60)
    heart.start()
    payload = told.heard.get(timeout=10)
    heart.stop()
    status = decode_hub_status(payload)
    assert status.state is Presence.ONLINE
    assert status.health == msgspec.convert(WELL, HubHealth)
    assert set(msgspec.json.decode(payload)["health"]) == set(HubHealth.__struct_fields__)
