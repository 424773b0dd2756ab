"""A hub's web side for tests: the application, clients, and what cameras and the watch would do."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from device_model import plate_read
from flask.testing import FlaskClient
from issuing_site import issuing_of
from werkzeug.test import TestResponse

from edge_agent.wire.codec import encode_event, event_hash, item
from edge_agent.wire.messages import Batch, Direction, Outcome, Passage, PassSheet, SheetFinding, Sighting, Stamp
from hub_server.app.releasing import releasing
from hub_server.ingest.apply import apply_up
from hub_server.store import (
    accounts,
    alerts,
    devices,
    events,
    logins,
    observing,
    pass_sheets,
    people,
    recipients,
    tokens,
    watches,
)
from hub_server.store.custody import Custody, NewFace
from hub_server.store.events import NewEvent
from hub_server.store.observing import NewStretch
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung
from hub_server.web import EnrolmentUnavailableError, Figures, MqttAddress, PhotosRefusedError, create_app
from hub_server.web.auth import COOKIE, CSRF_HEADER, csrf_token
from hub_server.web.scopes import ALL_SCOPES

TOKEN = "the-api-token-of-the-tests"
SECRET = "the-secret-of-a-channel"
EPOCH = BOOT = "0123456789abcdef0123456789abcdef"
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
TEMPLATE_LENGTH = 8
ALARMS = {"conflicts": 0, "quarantined": 0, "lost": 0, "refused": 0}
VITALS = {"tick_age_s": 0.4, "write_age_s": 3.1, "unsent_age_s": None, "failing": 0}
HEALTHY = {"status": "ok", "store": "ok", "broker": "connected", "watch": "judging", "alarms": ALARMS, **VITALS}


class Clock(Protocol):
    """The standing clock of tests/hub_server/conftest.py."""

    now_us: int

    def __call__(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One server-sent event."""

    name: str
    data: Any
    id: int | None


class Frames:
    """Reads server-sent events one by one."""

    def __init__(self, response: TestResponse) -> None:
        self._chunks = response.iter_encoded()
        self._text = ""

    def next(self, name: str) -> Frame:
        """The next one of this name; others are passed over. StopIteration when the stream has ended."""
        while True:
            while "\n\n" not in self._text:
                self._text += next(self._chunks).decode()
            block, _, self._text = self._text.partition("\n\n")
            frame = _frame(block)
            if frame is not None and frame.name == name:
                return frame


def _frame(block: str) -> Frame | None:
    lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    if "event" not in lines:
        return None
    event_id = int(lines["id"]) if "id" in lines else None
    return Frame(name=lines["event"], data=json.loads(lines["data"]), id=event_id)


def enrol(photos: Sequence[bytes]) -> NewFace:
    """Any bytes are a face, the same bytes the same one; but "no face" has none, and "busy" comes at a bad time."""
    if b"busy" in photos:
        raise EnrolmentUnavailableError("others are being enrolled: come again")
    refused = {n: "no face in it" for n, photo in enumerate(photos) if photo == b"no face"}
    if refused:
        raise PhotosRefusedError(refused)
    template = hashlib.shake_256(b"".join(photos)).digest(4 * TEMPLATE_LENGTH)
    return NewFace(
        embedder="test", template_length=TEMPLATE_LENGTH, templates=(template,), qualities=(0.9,) * len(photos)
    )


@dataclass(kw_only=True)
class AskedInTests:
    """Instead of `hub_server.app.commanding`: remembers what it was asked, has the pictures that it was given."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)  # id, device, kind
    pictures: dict[str, bytes] = field(default_factory=dict)
    takes: bool = True

    def ask(self, *, id_: str, device: str, kind: str, arguments: Mapping[str, str | int | bool | None]) -> bool:
        assert not arguments
        self.asked.append((id_, device, kind))
        return self.takes

    def picture(self, command: str) -> bytes | None:
        return self.pictures.get(command)

    def challenge_age_s(self, device: str) -> float | None:
        return 3.0 if device else None


@dataclass(kw_only=True)
class WebHub:
    store: Store
    clock: Clock
    health: dict[str, object] = field(default_factory=lambda: dict(HEALTHY))
    figures: Figures = field(default_factory=Figures)
    asked_devices: AskedInTests = field(default_factory=AskedInTests)
    broker_files: Path | None = None
    issues: bool = True
    issues_with: dict[str, Any] = field(default_factory=dict)  # another authority, as issuing_of takes it

    def __post_init__(self) -> None:
        mqtt = MqttAddress(host="127.0.0.1", port=1883, site="demo")
        self.custody = Custody.open(self.store, self.store.data_dir)
        self.issuing = issuing_of(self.store, self.broker_files, **self.issues_with) if self.issues else None
        self.app = create_app(
            store=self.store,
            mqtt=mqtt,
            health=lambda: self.health,
            custody=self.custody,
            enrol=enrol,
            release=releasing(self.store),
            asked_devices=self.asked_devices,
            figures=lambda: self.figures,
            issuing=self.issuing,
        )
        self.store.write(lambda db: tokens.adopt_local(db, secret=TOKEN, scopes=ALL_SCOPES, now_us=self.store.now_us()))
        self.stranger: FlaskClient = self.app.test_client()
        self._seq = 0

    def stop(self) -> None:
        self.app.extensions["shouwang"].stop()

    def call(self, method: str, path: str, **sent: Any) -> TestResponse:
        """As a program with the token."""
        headers = {"Authorization": f"Bearer {TOKEN}", **sent.pop("headers", {})}
        return self.app.test_client().open(path, method=method, headers=headers, **sent)

    def get(self, path: str, **sent: Any) -> TestResponse:
        return self.call("GET", path, **sent)

    def post(self, path: str, body: object = None, **sent: Any) -> TestResponse:
        return self.call("POST", path, json=body, **sent)

    def patch(self, path: str, body: object) -> TestResponse:
        return self.call("PATCH", path, json=body)

    def log_in(self) -> FlaskClient:
        """A browser with a session."""
        browser = self.app.test_client()
        url = self.call("POST", "/api/v1/login-links").json["url"]  # type: ignore[index] # a 201 has a body
        answer = browser.post("/login", data={"code": url.partition("code=")[2]})
        assert answer.status_code == 303
        return browser

    def account(
        self,
        name: str = "wangmin",
        role: str = "grid_worker",
        *,
        areas: Sequence[str] = (),
        display: str = "王敏",
        password: str | None = None,
    ) -> str:
        """An account, with the areas it is bound to (which are made when there are none of these names). Its name."""
        hashed = None if password is None else self.app.extensions["shouwang"].hasher.hash(password)

        def job(db: Any) -> None:
            for area in areas:
                db.execute(
                    "INSERT OR IGNORE INTO areas (name, kind, created_us) VALUES (?, 'community', ?)",
                    (area, self.clock()),
                )
            accounts.create(db, name=name, display=display, role=role, areas=areas, by="tests", now_us=self.clock())
            if hashed is not None:
                accounts.set_password(db, name, hashed=hashed, now_us=self.clock())

        self.store.write(job)
        return name

    def log_in_as(self, name: str = "wangmin") -> FlaskClient:
        """A browser with a session of this account; `csrf_of` tells the header that its changes need."""
        browser = self.app.test_client()
        token = self.store.write(lambda db: logins.open_session(db, account=name, now_us=self.clock()))
        browser.set_cookie(COOKIE, token)
        return browser

    def person(self, person_id: str = "p-li", name: str = "李秀兰", **texts: Any) -> str:
        given = {"address": "", "phone": "", "note": ""} | texts
        self.store.write(lambda db: people.create(db, id=person_id, name=name, now_us=self.clock(), **given))
        return person_id

    def watch(self, person_id: str = "p-li", *, seen_before_us: int | None = None, period_s: int = 86400) -> int:
        """A watch over somebody last seen so long ago."""
        seen_us = None if seen_before_us is None else self.clock() - seen_before_us
        made = self.store.write(
            lambda db: watches.create(
                db, person=person_id, period_s=period_s, last_seen_us=seen_us, now_us=self.clock()
            )
        )
        return made.id

    def overdue(self, person_id: str = "p-li", name: str = "李秀兰", **texts: str) -> int:
        """The alert of a person not seen for 25 hours."""
        self.watch(self.person(person_id, name, **texts), seen_before_us=25 * HOUR_US)
        return self.raise_due()[-1]

    def raise_due(self) -> list[int]:
        return [row.id for row in self.store.write(lambda db: alerts.raise_due(db, now_us=self.clock(), limit=100))]

    def ladder(self, *, area: str = "", person_id: str | None = "p-li") -> None:
        """A worker and the office for the area, and a daughter of the person who has a channel."""

        def job(db: Any) -> None:
            for rung, name in ((Rung.WORKER, "王敏"), (Rung.OFFICE, "街道值班室")):
                recipients.add(
                    db,
                    area=area,
                    rung=rung,
                    name=name,
                    phone="138 0013 0002",
                    urls=[f"jsons://{SECRET}@hooks.riverside.lan/{rung.name}"],
                    now_us=self.clock(),
                )
            if person_id is not None:
                recipients.add_contact(
                    db,
                    person=person_id,
                    name="李明",
                    relation="女儿",
                    phone="138 0013 0003",
                    urls=[f"jsons://{SECRET}@hooks.riverside.lan/li"],
                    now_us=self.clock(),
                )

        self.store.write(job)

    def device(self, device_id: str = "east-gate", place: str = "东门", *, online: bool = True) -> str:
        def job(db: Any) -> None:
            devices.create(db, id=device_id, place=place, now_us=self.clock())
            devices.set_online(db, device_id, online=online)

        self.store.write(job)
        return device_id

    def passage(
        self,
        person_id: str | None = None,
        *,
        device_id: str = "east-gate",
        strict: bool = True,
        frames: int = 7,
        synced: bool = True,
    ) -> int:
        """A stored event; of a stranger without `person_id`. Its id."""
        sighting = None
        if person_id is not None:
            sighting = Sighting(person=person_id, score=0.71, margin=0.2, frames=frames, strict=strict, embedder="test")
        stamp = Stamp(boot=BOOT, mono_us=1, wall_us=self.clock(), synced=synced)
        raw = encode_event(Passage(captured=stamp, camera="east", duration_ms=900, frames=9, sighting=sighting))
        return self.stored(
            raw, "passage", device_id=device_id, person_id=person_id, strict=strict, synced=synced, camera="east"
        )

    def vehicle(
        self,
        text: str | None = "粤B12345",
        *,
        listed: str | None = None,
        direction: Direction = Direction.IN,
        device_id: str = "east-gate",
        synced: bool = True,
    ) -> int:
        """A stored event of a vehicle, with its passage, as ingest stores it. Its id."""
        raw = plate_read(wall_us=self.clock(), text=text, listed=listed, direction=direction, synced=synced)
        self._seq += 1
        self._say(Batch(device=device_id, epoch=f"{self._seq:032x}", items=[item(1, raw)]))
        with self.store.read() as db:
            return events.last_id(db)

    def pass_sheet(self, sheet: PassSheet | None = None, *, device_id: str = "east-gate") -> int:
        """A sheet that a technician filed, by default one that passes, with a picture. Its id."""
        stamp = Stamp(boot=BOOT, mono_us=1, wall_us=self.clock(), synced=True)
        light = SheetFinding(check="light", outcome=Outcome.OK, found="fine", found_zh="光线足够")
        told = sheet or PassSheet(at=stamp, camera="east", findings=[light], by="王师傅", picture=b"\xff\xd8\xff\xd9")
        self._seq += 1
        self._say(Batch(device=device_id, epoch=f"{self._seq:032x}", items=[item(1, encode_event(told))]))
        with self.store.read() as db:
            found = pass_sheets.newest(db, device_id)
        assert found is not None
        return found.id

    def not_understood(self, raw: bytes, *, device_id: str = "east-gate") -> int:
        """An event that ingest put into quarantine, and the conflict of another one with it. Its id."""
        for sent in (raw, raw + b" "):
            self._say(Batch(device=device_id, epoch=EPOCH[::-1], items=[item(1, sent)]))
        with self.store.read() as db:
            return events.last_id(db)

    def _say(self, message: Batch) -> None:
        self.store.write(lambda db: apply_up(db, device=message.device, message=message, now_us=self.clock()))

    def stored(
        self,
        raw: bytes,
        kind: str,
        *,
        device_id: str = "east-gate",
        person_id: str | None = None,
        strict: bool = False,
        synced: bool = False,
        camera: str = "",
    ) -> int:
        """Stores an event as ingest does; its id."""
        self._seq += 1
        known = person_id is not None
        event = NewEvent(
            device=device_id,
            epoch=EPOCH,
            seq=self._seq,
            last_seq=self._seq,
            hash=event_hash(raw),
            type=kind,
            received_us=self.clock(),
            raw=raw,
            captured_us=self.clock() if kind == "passage" else None,
            clock_trusted=synced,
            camera=camera,
            person=person_id,
            score=0.71 if known else None,
            strict=known and strict,
            counts=known and strict and synced,
        )
        self.store.write(lambda db: events.add(db, event), urgent=False)
        with self.store.read() as db:
            return events.last_id(db)

    def observed(
        self,
        *,
        from_us: int,
        hours: float,
        state: str,
        cause: str = "",
        device_id: str = "east-gate",
        camera: str = "east",
    ) -> None:
        """The camera's own word for some hours."""
        event = self.stored(b"{}", "observing", device_id=device_id)
        lasted_us = round(hours * HOUR_US)
        stretch = NewStretch(
            camera=camera,
            state=state,
            cause=cause,
            boot=BOOT,
            began_mono_us=0,
            ended_mono_us=lasted_us,
            ended_us=from_us + lasted_us,
        )
        self.store.write(
            lambda db: observing.add(db, stretch, event=event, device=device_id, received_us=self.clock(), anchor=None)
        )

    @contextmanager
    def stream(self, path: str = "/api/v1/stream", **sent: Any) -> Iterator[Frames]:
        """An open stream, as a program reads it."""
        response = self.get(path, buffered=False, **sent)
        try:
            assert response.status_code == 200, response.text
            yield Frames(response)
        finally:
            response.close()


def csrf_of(browser: FlaskClient) -> dict[str, str]:
    """What a change by this browser's session needs: browser.patch(path, json=..., headers=csrf_of(browser))."""
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None, "log in first"
    return {CSRF_HEADER: csrf_token(cookie.value)}


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem of a refusal, checked against RFC 9457."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    body = response.json
    assert isinstance(body, dict)
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["title"]
    return body


def value(response: TestResponse, status: int = 200) -> Any:
    """The JSON of an answer."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/json"
    return response.json
