"""No function of the store ends or begins a transaction: each runs inside the writer's one, wholly or not at all."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlite_utils import Database

import hub_server.store
from edge_agent.wire.gallery import Purpose
from edge_agent.wire.messages import Direction, Outcome, PassSheet, SheetFinding, Stamp
from hub_server.store import (
    accounts,
    alerts,
    commands,
    conflicts,
    consents,
    devices,
    events,
    faces,
    galleries,
    households,
    imports,
    journals,
    observers,
    outbox,
    pauses,
    people,
    placements,
    places,
    plate_passages,
    recipients,
    releases,
    retention,
    retiring,
    rollout_steps,
    vehicles,
    watches,
)
from hub_server.store.alarms import Alarm, AlarmKind
from hub_server.store.alert_lists import Wanted as WantedAlerts
from hub_server.store.certificates import NewCertificate
from hub_server.store.commands import Outcome as CommandOutcome
from hub_server.store.commands import Result as CommandResult
from hub_server.store.consents import Basis
from hub_server.store.coverage import CameraCoverage, Coverage
from hub_server.store.erasures import Scope
from hub_server.store.errors import InvalidValueError, StoreError
from hub_server.store.events import NewEvent
from hub_server.store.faces import Face, Photo
from hub_server.store.import_plans import Does, ImportRow, NewHousehold, Plan
from hub_server.store.imports import Brought, ImportKind, Preview
from hub_server.store.look_ins import Call
from hub_server.store.observers import Round
from hub_server.store.observing import NewStretch
from hub_server.store.outbox import NoticeKind
from hub_server.store.plate_passages import NewPlatePassage
from hub_server.store.quarantine import Decision
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.releases import ReleaseKind
from hub_server.store.retention import DataClass
from hub_server.store.rollout_steps import NewRollout
from hub_server.store.sightings import PersonSeen
from hub_server.store.store import Store
from hub_server.store.throttle import Subject
from hub_server.store.traffic import Wanted
from hub_server.store.traffic_counts import Bucket
from hub_server.store.vehicles import Owner
from hub_server.watch.clock import Anchor
from hub_server.watch.coverage import Shares, Verdict, Window
from hub_server.watch.hub_clock import Step
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Report

NOW_US = 1_795_471_200_000_000
EPOCH = "0" * 32
DAY_US = 86_400_000_000
NOT_RUN_BY_THE_WRITER = {"migrations"}  # it steps through transactions of its own, before there is a writer

STRETCH = NewStretch(
    camera="east", state="watching", cause="", boot=EPOCH, began_mono_us=1, ended_mono_us=2, ended_us=None
)
FACE = Face(
    person="zhao",
    record="1" * 32,
    key_id="2" * 32,
    embedder="model",
    template_length=2,
    photos=1,
    quality=0.9,
    enrolled_us=NOW_US,
    enrolled_by="王",
)
UNREAD = NewPlatePassage(
    direction=Direction.IN,
    duration_ms=900,
    frames=3,
    reads=0,
    text=None,
    kind=None,
    score=None,
    verdict=None,
    listed=None,
)
KEPT_CLASS = retention.Kept(
    data_class=DataClass.STRANGERS,
    days=14,
    policy=retention.POLICIES[DataClass.STRANGERS],
    changed_us=None,
    changed_by="",
)
KEPT = Photo(person="zhao", n=1, record="3" * 32, key_id="4" * 32, ciphertext=b"sealed")
IMPORTED = (ImportRow(number=2, values={"name": "李", "household": "3-12", "area": "桂花村"}),)
PREVIEW = Preview(
    kind=ImportKind.PEOPLE,
    file_name="a.csv",
    rows=b"{}",
    mistakes=b"[]",
    facts=b'{"new":0,"update":0,"unchanged":0,"wrong":0,"mistakes":0,"new_areas":[],"new_households":0,"new_watches":0,'
    b'"columns":[],"unknown":[],"notes":[]}',
)
ACCOUNT = accounts.Account(
    name="wangmin",
    display="王敏",
    role="grid_worker",
    areas=frozenset({"桂花村"}),
    recipient=None,
    settings={},
    password_us=None,
    created_us=NOW_US,
    created_by="tests",
    disabled_us=None,
)
CERTIFICATE = NewCertificate(serial="1f", key_sha256="8" * 64, pem="-----BEGIN", ends_us=NOW_US + DAY_US)
VALUES: dict[str, object] = {
    "grid": "一网格",
    "arguments": {},
    "asked_by": "王敏",
    "kinds": ["picture"],
    "result": CommandResult(id="7" * 32, outcome=CommandOutcome.REFUSED, why="stale", latency_ms=4, times=1, facts={}),
    "account": "wangmin",
    "browser": "a browser",
    "but": None,
    "counted": [Subject(sha256="7" * 64, free=4)],
    "display": "王敏",
    "hashed": "a hash",
    "role": "viewer",
    "session": "0123456789abcdef",
    "source": "192.168.3.17",
    "action": "people.change",
    "actor": "owner of the data",
    "areas": ["桂花村"],
    "basis": Basis.CONSENT,
    "bucket_us": 3_600_000_000,
    "clock_trusted": True,
    "direction": Direction.IN,
    "label": "3 栋",
    "owner": Owner.VISITOR,
    "passage": UNREAD,
    "plate": "粤B·12345",
    "since_us": 0,
    "valid_from_us": None,
    "valid_until_us": NOW_US + 1,
    "zone_us": 0,
    "collector": "王",
    "erasure": "5" * 32,
    "face": FACE,
    "given_on": "2026-01-02",
    "guardian": "",
    "n": 1,
    "photos": [KEPT],
    "purpose": Purpose.WELFARE,
    "record": "1" * 32,
    "scope": Scope.PERSON,
    "sealed": b"sealed",
    "sha256": "0" * 64,
    "text_version": "2026-1",
    "trouble": "storage",
    "version": 2,
    "active": True,
    "address": "",
    "addressee": "recipient/1",
    "alarm": 1,
    "area": "桂花村",
    "by_us": -1,
    "before_us": NOW_US,
    "below": 1,
    "data_class": DataClass.STRANGERS,
    "days": 14,
    "kept": KEPT_CLASS,
    "rows": 1,
    "calls": [Call(alarm=1, area="桂花村")],
    "dead": [("door", "east")],
    "subjects": ["person/zhao"],
    "change": 0,
    "dedupe": "alert-1/raised/recipient-1",
    "detail": "",
    "found": Round(died=(("door", "east"),), revived=(("door", "west"),)),
    "id": 1,
    "message_id": 1,
    "next_us": NOW_US + 1,
    "or_waiting": True,
    "ready_us": NOW_US,
    "relation": "",
    "report": Report.NOT_FOUND,
    "rung": Rung.WORKER,
    "subject": "area/桂花村",
    "urls": ["json://a"],
    "us": NOW_US,
    "wait_s": 60,
    "after": None,
    "after_us": 0,
    "alert_id": 1,
    "anchor": Anchor(mono_us=1, wall_us=NOW_US, uncertainty_us=0),
    "agent": "model/1",
    "at_us": NOW_US,
    "author": "王",
    "before": None,
    "boot": EPOCH,
    "by": "door/east",
    "camera": "east",
    "code": "none",
    "counter": "lost",
    "key_sha256": "8" * 64,
    "made": CERTIFICATE,
    "relay": "gpio:17",
    "seal_key": "9" * 64,
    "device": "door",
    "epoch": EPOCH,
    "event": 1,
    "expires_us": None,
    "from_us": 0,
    "hash": "0" * 64,
    "heard_from_us": 0,
    "hello_from_us": 0,
    "last_seen_by": "door/east",
    "last_seen_us": NOW_US - 1,
    "limit": 9,
    "name": "赵",
    "note": "",
    "now_us": NOW_US,
    "online": True,
    "other": None,
    "outcome": None,
    "own_vehicle": True,
    "period_s": 3600,
    "person": "zhao",
    "phone": "",
    "place": "",
    "raw": b"{}",
    "reason": "住院",
    "received_us": NOW_US,
    "scopes": ["read"],
    "secret": "a secret",
    "step": Decision.DISMISSED,
    "seq": 1,
    "states": None,
    "stretch": STRETCH,
    "to": AlertState.ACKNOWLEDGED,
    "token": "none",
    "ttl_s": 60,
    "until_us": None,
}


def rollout(*names: str) -> NewRollout:
    return NewRollout(
        kind=ReleaseKind.CONFIG,
        devices=names,
        change={"camera": {"fps": 10}},
        whole=False,
        joins=False,
        release=None,
        note="",
        wait_s=60,
    )


QUARANTINED = NewEvent(
    device="door", epoch=EPOCH, seq=4, last_seq=4, hash="0" * 64, type="quarantined", received_us=NOW_US, raw=b"{"
)
SEEN = CameraCoverage(
    device="door",
    place="",
    camera="east",
    sightings=1,
    shares=Shares(watching=1.0, unknown=0.0, missing=()),
)
OTHERWISE: dict[str, object] = {
    "accounts name": "wangmin",
    "accounts.create name": "limin",
    "accounts.reach_of account": ACCOUNT,
    "accounts.rehash before": "a hash",
    "accounts.bears but": "limin",
    "alert_lists wanted": WantedAlerts(),
    "coverage.depending by": ("door", "east"),
    "look_ins alarm": Alarm(
        id=1, kind=AlarmKind.OBSERVER, subject="door/east", detail="", since_us=0, raised_us=0, cleared_us=None
    ),
    "look_ins.look now_us": NOW_US + 4 * 3_600_000_000,  # at night it asks nothing
    "courses.last_words of_devices": ["door"],
    "courses.of_usual told": Coverage(
        window=Window(from_us=0, until_us=NOW_US), verdict=Verdict.WATCHED, cameras=(SEEN,)
    ),
    "device_lists.waiting of_devices": ["door"],
    "consents.give purpose": Purpose.DOOR,
    "devices.create id": "other",
    "releases kind": ReleaseKind.CONFIG,
    "releases version": 1,
    "releases release": 1,
    "releases.want_models device": "gate",
    "releases.add digest": "6" * 64,
    "releases.add size": 19,
    "releases.add files": ["manifest.toml"],
    "releases by": "王",
    "releases settings": {"camera": {"fps": 10}},
    "releases joins": False,
    "releases sealed_for": "9" * 64,
    "releases above": 7,
    "rollout_steps id": 1,
    "rollout_steps kind": ReleaseKind.CONFIG,
    "rollout_steps version": 1,
    "rollout_steps by": "王",
    "rollout_steps back": True,
    "rollout_steps gone": {"door": NOW_US},
    "rollout_steps.create new": rollout("gate"),
    "rollouts id": 1,
    "rollouts ids": [1],
    "commands.create id": "8" * 32,
    "commands.create kind": "picture",
    "commands id": "7" * 32,
    "certificates id": 1,
    "certificates.add new": CERTIFICATE,
    "certificates.page state": "good",
    "device_profiles.put kind": "door",
    "device_profiles.put settings": {"camera_name": "east"},
    "retiring.unretire device": "gate",
    "placements.remove purpose": Purpose.DOOR,
    "devices id": "door",
    "devices.count by": 1,
    "galleries.ending until_us": NOW_US,
    "plate_passages.add event": 2,
    "pass_sheets id": 1,
    "pass_sheets.add sheet": PassSheet(
        at=Stamp(boot=EPOCH, mono_us=1, wall_us=NOW_US, synced=True),
        camera="east",
        findings=[SheetFinding(check="light", outcome=Outcome.OK, found="fine")],
    ),
    "vehicle_hours since_us": NOW_US - DAY_US,
    "vehicle_hours until_us": NOW_US + 1,
    "vehicles id": 1,
    "vehicles.add plate": "粤B·67890",
    "vehicles.unplace device": "door",
    "vehicles.place device": "gate",
    "events.add event": NewEvent(
        device="door", epoch=EPOCH, seq=9, last_seq=9, hash="0" * 64, type="passage", received_us=NOW_US, raw=b"{}"
    ),
    "events.add_all events": [
        NewEvent(
            device="door", epoch=EPOCH, seq=n, last_seq=n, hash="0" * 64, type="passage", received_us=NOW_US, raw=b"{}"
        )
        for n in (20, 21)
    ],
    "events.count_people events": [
        NewEvent(
            device="door",
            epoch=EPOCH,
            seq=30,
            last_seq=30,
            hash="0" * 64,
            type="passage",
            received_us=NOW_US,
            raw=b"{}",
            captured_us=NOW_US,
            clock_trusted=True,
        )
    ],
    "events id": 1,
    "corrections first": 1,
    "corrections last": 9,
    "sightings seen": [PersonSeen(person="zhao", at_us=NOW_US, by="door/east", now_us=NOW_US)],
    "conflicts id": 1,
    "conflicts.settle note": "换卡",
    "quarantine id": 4,
    "reached_events reach": Reach(areas=frozenset({"桂花村"})),
    "whereabouts kind": "watch",
    "whereabouts reach": Reach(areas=frozenset({"桂花村"})),
    "whereabouts.outside area": "桂花村",
    "whereabouts.outside grid": "第一网格",
    "whereabouts.outside reach": Reach(areas=frozenset({"第一网格"})),
    "quarantine.dismiss note": "测试",
    "quarantine.reread event": QUARANTINED,
    "people.create id": "qian",
    "people id": "zhao",
    "alerts id": 1,
    "tokens name": "local",
    "tokens.create name": "desk",
    "alarms kind": AlarmKind.DELIVERY,
    "alert_rows.record after": AlertState.OPEN,
    "hub_time.stepped step": Step(by_us=-1),
    "audit detail": {"fields": ["name"]},
    "import_devices rows": [ImportRow(number=2, values={"device": "gate-new", "place": "新门"})],
    "import_devices reach": EVERYWHERE,
    "import_devices plans": [Plan(row=2, does=Does.NEW, label="gate-new", after={"place": "新门"})],
    "import_households rows": [ImportRow(number=2, values={"number": "3-12", "area": "桂花村"})],
    "import_households numbers": ["3-12"],
    "import_households reach": EVERYWHERE,
    "import_households plans": [Plan(row=2, does=Does.NEW, after={"number": "3-12", "area": "桂花村"})],
    "import_people rows": IMPORTED,
    "import_people reach": EVERYWHERE,
    "import_people_apply plans": [
        Plan(row=2, does=Does.UPDATE, target="zhao", before={"phone": ""}, after={"phone": "138", "watch_s": 7200}),
    ],
    "import_people_apply new_households": [NewHousehold(number="3-12", area="桂花村", grid="", address="")],
    "import_people_apply pinyin": {"李": "li l"},
    "import_plans sql": "SELECT value FROM json_each(:values)",
    "import_plans values": ["3-12"],
    "import_vehicles rows": [ImportRow(number=2, values={"plate": "粤B12345", "label": "3 栋"})],
    "import_vehicles reach": EVERYWHERE,
    "import_vehicles plans": [Plan(row=2, does=Does.UPDATE, target="1", after={"label": "4 栋"})],
    "imports id": 1,
    "imports reach": EVERYWHERE,
    "imports brought": Brought(kind=ImportKind.PEOPLE, file_name="a.csv", rows=IMPORTED),
    "imports preview": PREVIEW,
    "exports after": "",
    "exports reach": EVERYWHERE,
    "outbox kind": NoticeKind.RAISED,
    "outbox.tell alarm": None,
    "roster kind": NoticeKind.RAISED,
    "rhythm now_us": NOW_US + 4 * 3_600_000_000,  # at night it gives no hint, and asks nothing
    "observations id": 2,
    "observations kind": Kind.PHONE,
    "people_hours passed": {("door", 0, True): 1},
    "traffic reach": Reach(areas=frozenset({"桂花村"})),
    "traffic asked": Wanted(person="zhao"),
    "traffic_counts bucket": Bucket.DAY,
    "traffic_counts since_us": NOW_US - DAY_US,
    "traffic_counts until_us": NOW_US,
    "pauses id": 1,
    "pauses person": "wu",
    "pauses until_us": NOW_US + 2,
    "signs kind": Kind.PHONE,
    "vehicles.assign person": "sun",
    "areas kind": "village",
    "areas.create name": "河东",
    "areas name": "桂花村",
    "families household": 1,
    "families people": ["zhao"],
    "families plates": ["粤B12345"],
    "histories subject": "person/zhao",
    "histories.record_all after": {"name": "赵"},
    "histories.record_all before": {"name": "钱"},
    "histories field": "name",
    "histories before": None,
    "histories after": "赵",
    "households.by_number number": "00001",
    "households id": 1,
    "places name": "东门",
    "places place": "东门",
    "searching typed": "赵",
    "vehicles.join household": None,
    "watches.create person": "sun",
    "watches.paused_until_us watch": "wu",
    "watches.terms watch": "wu",
    "watches id": 1,
}


def functions() -> dict[str, Callable[..., object]]:
    """Every public function of the store that takes a database, by module and name."""
    found: dict[str, Callable[..., object]] = {}
    for module in pkgutil.iter_modules(hub_server.store.__path__):
        if module.name in NOT_RUN_BY_THE_WRITER:
            continue
        inside = importlib.import_module(f"hub_server.store.{module.name}")
        for name, function in inspect.getmembers(inside, inspect.isfunction):
            takes = list(inspect.signature(function).parameters.values())
            ours = function.__module__ == inside.__name__ and not name.startswith("_")
            if ours and takes and takes[0].annotation in (Database, "Database"):
                found[f"{module.name}.{name}"] = function
    return found


def of_the_store(db: Database, name: str, argument: str) -> object:
    """What is read from the store itself; None: the argument is none of these."""
    if argument in ("watch", "due"):
        watch = watches.get_by_person(db, str(OTHERWISE.get(f"{name} watch", "zhao")))
        return watch if argument == "watch" else [watch]
    if argument == "wanted" and name.startswith("alert_lists."):
        return None
    reads: dict[str, Callable[[], object]] = {
        "alert": lambda: alerts.get(db, 1),
        "row": lambda: conflicts.get(db, 1),
        "ready": lambda: imports.ready(db, 1, now_us=NOW_US),
        "wanted": lambda: galleries.plan(db, "door", now_us=NOW_US),
        "journal": lambda: journals.get(db, device="door", epoch=EPOCH),
    }
    return reads[argument]() if argument in reads else None


def arguments(db: Database, name: str, function: Callable[..., object]) -> dict[str, Any]:
    module = name.partition(".")[0]
    given: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        argument = parameter.name
        if (found := of_the_store(db, name, argument)) is not None:
            given[argument] = found
        elif (key := f"{name} {argument}") in OTHERWISE or (key := f"{module} {argument}") in OTHERWISE:
            given[argument] = OTHERWISE[key]
        elif argument in VALUES:
            given[argument] = VALUES[argument]
        elif parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            pytest.fail(f"{name}: say in this test which value {argument!r} may have")
    return given


def furnish(db: Database) -> None:
    """A row of each kind, and an alert that is open."""
    households.create(db, area="桂花村", now_us=NOW_US)
    accounts.create(db, name="wangmin", display="王敏", role="grid_worker", by="tests", now_us=NOW_US)
    places.create(db, name="东门", now_us=NOW_US)
    devices.create(db, id="door", place="", area="桂花村", now_us=NOW_US)
    releases.installed(db, by="王", now_us=NOW_US)
    rollout_steps.create(db, rollout("door"), by="王", now_us=NOW_US)
    commands.create(
        db, id="7" * 32, device="door", kind="picture", arguments={}, reason="灯", asked_by="王", now_us=NOW_US
    )
    devices.said_hello(db, "door", agent="model/1", seal_key="6" * 64, now_us=NOW_US)
    journals.enter(db, device="door", epoch=EPOCH, now_us=NOW_US)
    for person in ("zhao", "sun", "wu"):
        people.create(
            db, id=person, name="赵", address="", phone="", note="", area="桂花村", born="1950-01-02", now_us=NOW_US
        )
    consents.give(
        db,
        person="zhao",
        purpose=Purpose.WELFARE,
        basis=Basis.CONSENT,
        text_version="2026-1",
        given_on="2026-01-02",
        collector="王",
        guardian="",
        now_us=NOW_US,
    )
    placements.put(db, person="zhao", purpose=Purpose.DOOR, device="door")
    faces.put(db, FACE, b"sealed", [KEPT])
    wanted = galleries.plan(db, "door", now_us=NOW_US)
    assert wanted is not None
    assert galleries.record(db, wanted, version=1, sha256="0" * 64, now_us=NOW_US)
    watches.create(db, person="zhao", period_s=3600, last_seen_us=NOW_US - DAY_US, now_us=NOW_US)
    for number in range(2):
        recipients.add(db, area="桂花村", rung=Rung(number), name="王", phone="", urls=["json://a"], now_us=NOW_US)
    recipients.add_contact(db, person="zhao", name="儿子", relation="", phone="", urls=["json://a"], now_us=NOW_US)
    alerts.raise_due(db, now_us=NOW_US, limit=9)
    outbox.form(db, now_us=NOW_US)
    watches.restart(db, 1, last_seen_us=NOW_US - 1)
    watches.create(db, person="wu", period_s=3600, last_seen_us=None, now_us=NOW_US)
    pauses.add(db, person="wu", from_us=NOW_US, until_us=NOW_US + DAY_US, reason="住院", author="王", now_us=NOW_US)
    stored = NewEvent(
        device="door",
        epoch=EPOCH,
        seq=1,
        last_seq=1,
        hash="0" * 64,
        type="passage",
        received_us=NOW_US,
        raw=b"{}",
        boot=EPOCH,
        mono_us=1,
        synced=False,
        camera="east",
        person="zhao",
        strict=True,
        qualifies=True,
    )
    events.add(db, stored)
    devices.create(db, id="gate", place="", now_us=NOW_US)
    retiring.retire(db, "gate", reason="拆了", now_us=NOW_US)
    vehicles.add(
        db,
        plate="粤B12345",
        owner=Owner.HOUSEHOLD,
        label="3 栋",
        valid_from_us=None,
        valid_until_us=NOW_US + 1,
        by="王",
        now_us=NOW_US,
    )
    vehicles.place(db, 1, device="door", by="王", now_us=NOW_US)
    events.add(db, msgspec.structs.replace(stored, seq=2, last_seq=2, type="plate_read", person=None))
    events.add(db, msgspec.structs.replace(stored, seq=3, last_seq=3, type="plate_read", person=None))
    events.add(db, QUARANTINED)
    journals.keep_conflict(db, device="door", epoch=EPOCH, seq=1, hash="1" * 64, raw=b"{", now_us=NOW_US)
    plate_passages.add(db, UNREAD, event=3, device="door", camera="east", at_us=NOW_US, clock_trusted=False)
    brought = Brought(kind=ImportKind.PEOPLE, file_name="a.csv", rows=IMPORTED)
    imports.keep(db, imports.preview(db, brought, reach=EVERYWHERE), author="账号", now_us=NOW_US)
    observers.tell(db, Round(died=(("door", "east"),), revived=()), now_us=NOW_US)


@pytest.mark.parametrize("name", functions())
def test_a_function_of_the_store_leaves_the_transaction_alone(store: Store, name: str) -> None:
    store.write(furnish)
    said: list[str] = []
    refused: list[str] = []

    def job(db: Database) -> None:
        given = arguments(db, name, functions()[name])
        db.conn.set_trace_callback(said.append)
        try:
            functions()[name](db, **given)
        except (StoreError, InvalidValueError) as error:
            refused.append(str(error))
        finally:
            db.conn.set_trace_callback(None)
        assert db.conn.in_transaction

    store.write(job)
    assert said, f"it asked the database nothing: {refused}"
    words = {statement.split(maxsplit=1)[0].upper() for statement in said}
    inside = {"SAVEPOINT", "RELEASE"}  # sqlite-utils puts each query into one: that ends nothing
    assert words <= {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "PRAGMA", "--"} | inside, words


def test_the_table_of_values_reaches_every_noun() -> None:
    nouns = {name.partition(".")[0] for name in functions()}
    assert nouns >= {"alerts", "clocks", "coverage", "devices", "events", "journals", "observing", "people", "watches"}
    assert nouns >= {"consents", "custody", "faces", "galleries", "placements"}
    assert nouns >= {"conflicts", "quarantine"}
    assert nouns >= {"vehicles", "plate_passages", "vehicle_hours"}
    assert nouns >= {"people_hours", "traffic", "traffic_counts"}
    assert nouns >= {"alarms", "hub_time", "ladder", "look_ins", "observers", "outbox", "recipients", "roster"}
    assert nouns >= {"pauses", "observations", "corrections", "signs", "explain"}
    assert nouns >= {"accounts", "logins", "throttle"}
    assert nouns >= {"areas", "directory", "histories", "households", "places", "searching"}
