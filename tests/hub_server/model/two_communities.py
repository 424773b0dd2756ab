"""An office of two communities, each with a grid and one of everything, for tests of who may see what."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from flask.testing import FlaskClient
from web_hub import HOUR_US, WebHub, csrf_of, value
from werkzeug.test import TestResponse

from hub_server.store import (
    alarms,
    areas,
    commands,
    corrections,
    devices,
    households,
    observations,
    pauses,
    people,
    places,
    recipients,
    releases,
    rollout_steps,
    vehicles,
    watches,
)
from hub_server.store.alarms import AlarmKind
from hub_server.store.releases import ReleaseKind
from hub_server.store.rollout_steps import NewRollout
from hub_server.store.vehicles import Owner
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import Kind
from hub_server.web.scopes import Role

_PHOTO: Final = "/9j/AAAA"


@dataclass(frozen=True, kw_only=True)
class Community:
    """One side. `ids`: what stands in its paths, by their names; `marks`: texts that stand in nothing else's."""

    area: str
    grid: str
    ids: dict[str, str | int]
    marks: tuple[str, ...]

    def path(self, template: str) -> str:
        """A route's path with this side's ids: Flask's <row_id:alert> and <person>."""
        found = template
        if "/quarantine/" in template:
            found = found.replace("<row_id:event>", str(self.ids["quarantined"]))
        for name, given in self.ids.items():
            found = found.replace(f"<row_id:{name}>", str(given)).replace(f"<{name}>", str(given))
        return found


NOBODY: Final = Community(
    area="无此村",
    grid="无此格",
    ids={
        **dict.fromkeys(("person", "device", "area", "place", "account", "token", "session", "command"), "no-such"),
        **dict.fromkeys(
            ("watch", "alert", "pause", "observation", "contact", "event", "conflict", "recipient"), 999_999
        ),
        **dict.fromkeys(
            ("vehicle", "household", "import_", "export", "quarantined", "rollout", "release", "sheet"), 999_999
        ),
        "photo": 1,
        "purpose": "welfare",
        "rung": "worker",
        "kept": "audit",
    },
    marks=(),
)
"""Paths that lead nowhere."""


class Office:
    """Two communities, and browsers of accounts that are bound to the near one."""

    def __init__(self, hub: WebHub) -> None:
        self.hub = hub
        self.near, self.far = near_and_far(hub)
        self._browsers: dict[tuple[Role, str], FlaskClient] = {}

    def browser(self, role: Role, area: str | None = None) -> FlaskClient:
        """A worker is bound to the grid, everybody else to the community."""
        bound = area or (self.near.grid if role is Role.GRID_WORKER else self.near.area)
        if (role, bound) not in self._browsers:
            name = f"{role}-{len(self._browsers)}".replace("_", "-")
            self.hub.account(name, role, areas=[bound])
            self._browsers[role, bound] = self.hub.log_in_as(name)
        return self._browsers[role, bound]

    def ask(self, role: Role, method: str, path: str, body: object = None) -> TestResponse:
        browser = self.browser(role)
        sent: dict[str, Any] = {} if method == "GET" else {"json": {} if body is None else body}
        return browser.open(path, method=method, headers=csrf_of(browser), **sent)


def near_and_far(hub: WebHub) -> tuple[Community, Community]:
    """近水村 and 远山村; who is bound to the one knows nothing of the other."""
    near = _community(hub, name="近水", id="near", plate="粤B11111")
    far = _community(hub, name="远山", id="far", plate="粤B99999")
    hub.raise_due()
    with hub.store.read() as db:
        for one in (near, far):
            (one.ids["alert"],) = db.execute("SELECT id FROM alerts WHERE person = ?", [one.ids["person"]]).fetchone()
    return near, far


def _rollout(device: str, *, note: str) -> NewRollout:
    return NewRollout(
        kind=ReleaseKind.CONFIG,
        devices=(device,),
        change={"camera": {"fps": 10}},
        whole=False,
        joins=False,
        release=None,
        note=note,
        wait_s=60,
    )


def _community(hub: WebHub, *, name: str, id: str, plate: str) -> Community:  # noqa: A002 as the columns are called
    area, grid, gate, person, rests = f"{name}村", f"{name}村一格", f"{id}-gate", f"p-{id}", f"p-{id}-rests"

    def build(db: Any) -> dict[str, str | int]:
        now_us = hub.clock()
        areas.create(db, name=area, kind="village", now_us=now_us)
        areas.create(db, name=grid, kind="grid", parent=area, now_us=now_us)
        places.create(db, name=f"{name}门", kind="gate", area=area, grid=grid, now_us=now_us)
        home = households.create(db, address=f"{name}村 1 号", area=area, grid=grid, now_us=now_us)
        devices.create(db, id=gate, place=f"{name}门", area=area, grid=grid, now_us=now_us)
        devices.set_online(db, gate, online=True)
        for who, called in ((person, f"{name}春"), (rests, f"{name}休"), (f"p-{id}-gone", f"{name}去")):
            people.create(
                db,
                id=who,
                name=called,
                address=f"{name}村 2 号",
                phone="13800138000",
                note=f"{name}的事",
                area=area,
                grid=grid,
                born="1948-03-12",
                household=home.id,
                now_us=now_us,
            )
        late_us = now_us - 25 * HOUR_US
        watch = watches.create(db, person=person, period_s=86400, last_seen_us=late_us, now_us=now_us)
        watches.create(db, person=rests, period_s=86400, last_seen_us=now_us, now_us=now_us)
        pause = pauses.add(
            db,
            person=rests,
            from_us=now_us,
            until_us=now_us + HOUR_US,
            reason=f"{name}住院",
            author=f"{name}王",
            now_us=now_us,
        )
        seen = observations.add(
            db, person=rests, kind=Kind.PHONE, at_us=now_us, author=f"{name}王", note=f"{name}电话", now_us=now_us
        )
        told = recipients.add(
            db,
            area=area,
            rung=Rung.WORKER,
            name=f"{name}王",
            phone="13800138001",
            urls=["json://hooks.riverside.lan"],
            now_us=now_us,
        )
        contact = recipients.add_contact(
            db, person=person, name=f"{name}明", relation="女儿", phone="13800138002", urls=[], now_us=now_us
        )
        car = vehicles.add(
            db,
            plate=plate,
            owner=Owner.HOUSEHOLD,
            label=f"{name}车",
            valid_from_us=None,
            valid_until_us=None,
            by=f"{name}王",
            now_us=now_us,
        )
        vehicles.assign(db, car.id, person=person, by=f"{name}王", now_us=now_us)
        vehicles.place(db, car.id, device=gate, by=f"{name}王", now_us=now_us)
        for kind, about in ((AlarmKind.OBSERVER, f"{gate}/east"), (AlarmKind.DELIVERY, f"area/{area}")):
            alarms.raise_(db, kind=kind, subject=about, detail="", since_us=now_us, now_us=now_us, area=area)
        alarms.raise_(
            db, kind=AlarmKind.DELIVERY, subject=told.addressee, detail=f"{name}", since_us=now_us, now_us=now_us
        )
        asked = commands.create(
            db,
            id=hashlib.md5(id.encode(), usedforsecurity=False).hexdigest(),
            device=gate,
            kind="picture",
            arguments={},
            reason=f"{name}灯坏了",
            asked_by=f"{name}王",
            now_us=now_us,
        )
        hub.asked_devices.pictures[asked.id] = b"\xff\xd8\xff" + id.encode()
        rolled = rollout_steps.create(db, _rollout(gate, note=f"{name}省电"), by=f"{name}王", now_us=now_us)
        bundle = releases.add(db, digest="6" * 64, size=19, files=[], note="", by="王", now_us=now_us)
        return {
            "rollout": rolled.id,
            "release": bundle.version,
            "command": asked.id,
            "person": person,
            "watch": watch.id,
            "pause": pause.id,
            "observation": seen.id,
            "recipient": told.id,
            "contact": contact.id,
            "vehicle": car.id,
            "household": home.id,
            "device": gate,
            "place": f"{name}门",
            "area": area,
        }

    ids = hub.store.write(build)
    ids["sheet"] = hub.pass_sheet(device_id=gate)
    _enrolled(hub, person)
    _enrolled(hub, f"p-{id}-gone")
    value(hub.call("DELETE", f"/api/v1/people/p-{id}-gone/face"))
    event = hub.passage(rests, device_id=gate, strict=False, synced=False)  # counts for no watch
    hub.vehicle(plate, listed=plate, device_id=gate)
    corrected = hub.passage(rests, device_id=gate, strict=False, synced=False)
    hub.store.write(
        lambda db: corrections.not_this_person(
            db, event=corrected, other=None, author=f"{name}王", note="", now_us=hub.clock()
        )
    )
    hub.not_understood(f'{{"type":"lamp_{id}"}}'.encode(), device_id=gate)
    with hub.store.read() as db:
        (conflict,) = db.execute("SELECT id FROM conflicts WHERE device = ?", [gate]).fetchone()
        (odd,) = db.execute("SELECT id FROM events WHERE device = ? AND type = 'quarantined'", [gate]).fetchone()
    more = {
        "event": event,
        "quarantined": odd,
        "conflict": conflict,
        "photo": 1,
        "purpose": "welfare",
        "rung": "worker",
        "kept": "audit",
    }
    return Community(area=area, grid=grid, ids=ids | more, marks=(name, person, gate, plate, f"lamp_{id}"))


def _enrolled(hub: WebHub, person: str) -> None:
    agreed = {"purpose": "welfare", "text_version": "2026-1", "given_on": "2026-01-02", "collector": "社区"}
    value(hub.post(f"/api/v1/people/{person}/consents", agreed), 201)
    value(hub.post(f"/api/v1/people/{person}/face", {"photos": [_PHOTO], "keep_photos": True}), 201)
