"""Rollouts from the office to real devices' records and back: stages, trials, going back, restarts, attacks."""

import dataclasses
import hashlib
import logging
from pathlib import Path

import pytest
from release_world import Clock, World
from sqlite_utils import Database

from edge_agent.config import AgentConfig
from edge_agent.releases.trial import TRIAL_S, WELL_S
from edge_agent.wire.blobs import BlobDown
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.model_bundle import pack
from hub_server.store import alarms, events, journals, observing, releases, rollout_steps
from hub_server.store.alarms import AlarmKind
from hub_server.store.errors import ConflictingChangeError
from hub_server.store.events import NewEvent
from hub_server.store.observing import NewStretch
from hub_server.store.releases import ReleaseKind
from hub_server.store.store import Store

SLOWER = {"camera": {"fps": 10}}
NAMES = [f"gate-{n:02}" for n in range(12)]


def blind(config: AgentConfig) -> str | None:
    return "no picture: there is no such camera" if "/dev/video9" in config.camera.source else None


@pytest.fixture
def world(store: Store, clock: Clock, tmp_path: Path) -> World:
    return World(store, clock, tmp_path / "gates", NAMES, trouble=blind)


@pytest.fixture
def three(store: Store, clock: Clock, tmp_path: Path) -> World:
    return World(store, clock, tmp_path / "gates", NAMES[:3], trouble=blind)


def standing(world: World) -> frozenset[str]:
    with world.store.read() as db:
        return alarms.standing(db, AlarmKind.ROLLOUT)


def test_settings_go_to_one_then_to_ten_percent_then_to_all_and_each_stage_is_watched_first(world: World) -> None:
    id_ = world.push(SLOWER)
    world.run(WELL_S + 10)
    assert world.states(id_).count("held") == 1
    assert world.fps().count(10) == 1
    world.run(50)
    assert world.states(id_).count("offered") == 0
    world.run(10 + 5)
    assert world.rollout(id_).stage == 1
    world.run(WELL_S + 10)
    assert world.fps().count(10) == 3
    world.run(70)
    assert world.rollout(id_).stage == 2
    world.run(WELL_S + 90)
    assert world.fps() == [10] * 12
    assert world.rollout(id_).state == "done"
    assert set(world.states(id_)) == {"held"}
    assert not standing(world)


def test_a_camera_that_is_not_there_stops_it_at_the_first_device_which_is_back_by_itself(three: World) -> None:
    before = [gate.config.camera.source for gate in three.gates.values()]
    id_ = three.push({"camera": {"source": "/dev/video9"}})
    three.run(TRIAL_S + 20)
    row = three.rollout(id_)
    assert row.state == "failed"
    assert "gate-00 没有接受，或已自动退回；" in row.detail
    assert "rolled back: not well within 180 s: no picture" in row.detail
    assert [gate.config.camera.source for gate in three.gates.values()] == before
    assert three.states(id_) == ["failed", "waiting", "waiting"]
    assert standing(three) == {f"rollout/{id_}"}
    starts = [gate.starts for gate in three.gates.values()]
    three.run(700)
    assert [gate.starts for gate in three.gates.values()] == starts, "nobody is asked to try it again"


def test_settings_under_which_the_agent_falls_over_at_once_are_back_at_its_third_start(three: World) -> None:
    three.gates["gate-00"].crashes = True
    id_ = three.push(SLOWER)
    three.run(30)
    assert three.rollout(id_).state == "failed"
    assert "did not last" in three.rollout(id_).detail
    assert three.fps() == [15, 15, 15]


def test_what_a_later_stage_does_not_bear_is_taken_back_from_those_that_have_it(three: World) -> None:
    three.push(SLOWER, wait_s=0)
    three.run(300)
    assert three.fps() == [10, 10, 10]
    three.gates["gate-02"].trouble = lambda config: "too slow" if config.camera.fps == 20 else None
    id_ = three.push({"camera": {"fps": 20}}, wait_s=0)
    three.run(150)
    assert three.fps()[:2] == [20, 20]
    three.run(TRIAL_S + 100)
    assert three.rollout(id_).state == "failed"
    assert three.states(id_) == ["returned", "returned", "failed"]
    assert three.fps() == [10, 10, 10]
    assert [three.held(name) for name in three.gates] == [3, 3, 1], "the way back is a newer version, never an older"


def test_a_hub_that_restarts_at_any_moment_goes_on_where_it_was(three: World) -> None:
    id_ = three.push(SLOWER, wait_s=30)
    for _ in range(40):
        three.run(11)
        three.start_hub()
        for name in three.gates:
            three.hello(name)
    assert three.rollout(id_).state == "done"
    assert three.fps() == [10, 10, 10]
    assert [gate.starts for gate in three.gates.values()] == [2, 2, 2], "each has tried it once"
    assert all(three.chunks_to(name) == 1 for name in three.gates)


def test_a_device_that_goes_dark_with_it_stops_it_after_five_minutes_and_not_before(three: World) -> None:
    id_ = three.push(SLOWER, wait_s=600)
    three.run(WELL_S + 20)
    three.goes("gate-00")
    three.run(300)
    assert three.rollout(id_).state == "running"
    three.run(15)
    assert three.rollout(id_).state == "failed"
    assert "gate-00 离线超过 5 分钟" in three.rollout(id_).detail
    three.hello("gate-00")
    three.run(WELL_S + 40)
    assert three.fps() == [15, 15, 15]


def test_while_the_hub_itself_hears_nobody_no_device_is_blamed(three: World) -> None:
    id_ = three.push(SLOWER, wait_s=600)
    three.run(WELL_S + 20)
    three.goes("gate-00")
    three.run(200)
    three.listening = False
    three.run(600)
    three.listening = True
    three.run(200)
    assert three.rollout(id_).state == "running"


def test_a_camera_that_tells_for_minutes_that_it_does_not_watch_stops_it(three: World) -> None:
    id_ = three.push(SLOWER, wait_s=600)
    three.run(WELL_S + 20)

    def covered(for_s: int) -> None:
        now_us = three.store.now_us()
        event = NewEvent(
            device="gate-00",
            epoch="0" * 32,
            seq=for_s,
            last_seq=for_s,
            hash="0" * 64,
            type="observing",
            received_us=now_us,
            raw=b"{}",
        )
        stretch = NewStretch(
            camera="east",
            state="covered",
            cause="",
            boot="0" * 32,
            began_mono_us=0,
            ended_mono_us=for_s * 1_000_000,
            ended_us=now_us,
        )

        def told(db: Database) -> None:
            id_ = events.add(db, event)
            observing.add(db, stretch, event=id_, device="gate-00", received_us=now_us, anchor=None)

        three.store.write(told)

    three.run(100)
    covered(90)
    three.run(10)
    assert three.rollout(id_).state == "running", "a lorry in the way"
    three.run(40)
    covered(35)
    three.run(10)
    assert three.rollout(id_).state == "failed"
    assert "摄像头看不见了" in three.rollout(id_).detail


def test_events_that_pile_up_on_it_stop_it(three: World) -> None:
    def has(last: int) -> None:
        def job(db: Database) -> None:
            known = journals.enter(db, device="gate-00", epoch="0" * 32, now_us=0)
            journals.save(db, dataclasses.replace(known, last=last))

        three.store.write(job)

    has(300)
    id_ = three.push(SLOWER, wait_s=600)
    three.run(WELL_S + 20)
    assert three.rollout(id_).state == "running"
    has(501)
    three.run(10)
    assert three.rollout(id_).state == "failed"
    assert "501 wait, 300 before" in three.rollout(id_).detail


def test_devices_that_are_away_hold_nobody_up_and_get_it_when_they_are_back(three: World) -> None:
    three.goes("gate-00")
    id_ = three.push(SLOWER, wait_s=10)
    assert three.parts(id_)["gate-00"].stage == 2, "who is there goes first"
    three.run(300)
    assert three.rollout(id_).state == "done"
    assert three.fps() == [15, 10, 10]
    three.hello("gate-00")
    three.run(WELL_S + 20)
    assert three.fps() == [10, 10, 10]
    assert three.states(id_) == ["held"] * 3


def test_one_change_leaves_what_another_has_set_and_none_takes_a_setting_away(three: World) -> None:
    three.push({"camera": {"fps": 10, "width": 640}}, "gate-00", wait_s=0)
    three.run(WELL_S + 20)
    three.push({"camera": {"width": None}, "passage": {"gap_s": 3.0}}, "gate-00", wait_s=0)
    three.run(WELL_S + 20)
    config = three.gates["gate-00"].config
    assert (config.camera.fps, config.camera.width, config.passage.gap_s) == (10, 1280, 3.0)
    three.push({"camera": {"height": 480}}, "gate-00", wait_s=0, whole=True)
    three.run(WELL_S + 20)
    config = three.gates["gate-00"].config
    assert (config.camera.fps, config.camera.height, config.passage.gap_s) == (15, 480, 2.0)


def test_there_are_never_two_of_a_kind_at_a_time_for_one_device(three: World) -> None:
    id_ = three.push(SLOWER, "gate-00", "gate-01")
    with pytest.raises(ConflictingChangeError, match="gate-01 is in rollout"):
        three.push(SLOWER, "gate-01", "gate-02")
    assert three.push(SLOWER, "gate-02") == id_ + 1
    three.store.write(lambda db: rollout_steps.stop(db, id_, back=False, by="周", now_us=three.store.now_us()))
    three.push(SLOWER, "gate-01")


def test_somebody_stops_it_and_may_have_it_taken_back(three: World) -> None:
    id_ = three.push(SLOWER, wait_s=600)
    three.run(WELL_S + 20)
    three.store.write(lambda db: rollout_steps.stop(db, id_, back=True, by="周", now_us=three.store.now_us()))
    three.run(WELL_S + 20)
    assert three.fps() == [15, 15, 15]
    assert three.states(id_) == ["returned", "waiting", "waiting"]
    with pytest.raises(ConflictingChangeError):
        three.store.write(lambda db: rollout_steps.stop(db, id_, back=True, by="周", now_us=0))


def test_somebody_who_cannot_wait_begins_the_next_stage(three: World) -> None:
    id_ = three.push(SLOWER, wait_s=600)
    three.run(WELL_S + 20)
    for stage in (1, 2):
        row = three.store.write(lambda db: rollout_steps.advance(db, id_, now_us=three.store.now_us()))
        assert row.stage == stage
    with pytest.raises(ConflictingChangeError):
        three.store.write(lambda db: rollout_steps.advance(db, id_, now_us=three.store.now_us()))
    three.run(WELL_S + 20)
    assert three.fps() == [10, 10, 10]


def test_settings_for_one_device_do_not_open_on_another(three: World, caplog: pytest.LogCaptureFixture) -> None:
    id_ = three.push(SLOWER, "gate-00", wait_s=0)
    three.step()
    three.run(1)
    sent = [message for device, message in three.sent if device == "gate-00"]
    with caplog.at_level(logging.ERROR):
        said = [payload for message in sent for payload in _hear(three, "gate-01", message)]
    assert any(b'"rejected"' in payload and b'"not_for_us"' in payload for payload in said)
    three.run(WELL_S + 20)
    assert three.fps() == [10, 15, 15]
    assert three.rollout(id_).state == "done"


def _hear(world: World, name: str, message: BlobDown) -> list[bytes]:
    return world.gates[name].lane.heard(wire_bytes(message), world.now_s)


def test_a_certificate_is_renewed_with_a_token_that_no_table_holds(three: World) -> None:
    three.push({}, "gate-00", wait_s=0, joins=True)
    three.run(WELL_S + 20)
    (token,) = three.gates["gate-00"].tokens
    assert token.startswith("token-of-gate-00")
    with three.store.read() as db:
        dump = "\n".join(str(row) for table in db.tables for row in table.rows)
    assert token not in dump


def test_a_new_card_gets_the_settings_that_the_old_one_had(three: World, tmp_path: Path) -> None:
    three.push(SLOWER, wait_s=0)
    three.run(300)
    old = three.gates["gate-00"]
    three.gates["gate-00"] = type(old)(tmp_path / "new-card", "gate-00", hub_key=three.key)
    assert three.fps() == [15, 10, 10]
    three.hello("gate-00")
    three.run(WELL_S + 20)
    assert three.fps() == [10, 10, 10]


def test_a_hub_restored_from_a_backup_goes_out_above_what_the_devices_hold(three: World) -> None:
    three.push(SLOWER, wait_s=0)
    three.run(300)
    three.push({"camera": {"fps": 20}}, wait_s=0)
    three.run(300)
    three.store.write(
        lambda db: db.execute(
            'UPDATE device_releases SET version = 1, held_version = 1, settings = json(\'{"camera":{"fps":10}}\'),'
            " sha256 = '', sealed_for = ''"
        )
    )
    three.start_hub()
    for name in three.gates:
        three.hello(name)
    three.run(WELL_S + 30)
    assert three.fps() == [10, 10, 10]
    assert [three.held(name) for name in three.gates] == [3, 3, 3]


def test_models_reach_every_device_from_one_signature_and_go_back_to_the_installed_ones(three: World) -> None:
    models = pack({"manifest.toml": b"not checked here, so it is refused"})
    made = three.store.write(
        lambda db: releases.add(
            db, digest=_put(three, models), size=len(models), files=("manifest.toml",), note="", by="周", now_us=0
        )
    )
    id_ = three.push_models(made.version)
    three.run(20)
    assert three.rollout(id_).state == "failed"
    assert "manifest.toml" in three.rollout(id_).detail
    empty = three.store.write(lambda db: releases.installed(db, by="周", now_us=0))
    id_ = three.push_models(empty.version, wait_s=0)
    three.run(300)
    assert three.rollout(id_).state == "done"
    assert [three.held(name, ReleaseKind.MODEL) for name in three.gates] == [empty.version] * 3
    assert not standing(three), "who rolls out again has read why the last one stopped"


def _put(world: World, bundle: bytes) -> str:
    digest = hashlib.sha256(bundle).hexdigest()
    world.maker._bundles.path(digest).write_bytes(bundle)
    return digest


def test_a_bundle_that_rots_in_the_office_is_not_sent(three: World, caplog: pytest.LogCaptureFixture) -> None:
    empty = three.store.write(lambda db: releases.installed(db, by="周", now_us=0))
    three.maker._bundles.path(empty.digest).write_bytes(b"rot")
    three.push_models(empty.version)
    with caplog.at_level(logging.ERROR):
        three.run(5)
    assert "bring these models again" in caplog.text
    assert not [message for _, message in three.sent if message.kind == "model"]
