"""`hub-server seed-demo`: the invented neighbourhood, as often as one likes."""

import argparse
from dataclasses import dataclass

from sqlite_utils import Database

from hub_server.cli.neighbourhood import (
    COMMUNITY,
    DOORS,
    FAMILY_URL,
    HELPERS,
    QUIET_ID,
    RESIDENTS,
    WORKER_WAIT_S,
    Door,
    Resident,
)
from hub_server.cli.speech import CommandError, say, say_json
from hub_server.store import alerts, devices, ladder, people, recipients, watches
from hub_server.store.errors import StoreBusyError
from hub_server.store.store import Store
from hub_server.watch.due import US_PER_S
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome

_PERIOD_S = 24 * 3600
_AUTHOR = "seed-demo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seeded:
    """What there is now. Secrets are new at every run: only their hashes are kept."""

    secrets: dict[str, str]
    people: int
    watches: int
    refreshed: bool  # it was there before


def run(asked: argparse.Namespace) -> int:
    try:
        store = Store.open(asked.data)
    except StoreBusyError as error:
        raise CommandError(f"{error}; end it first, then seed") from error
    try:
        seeded = store.write(lambda db: seed(db, now_us=store.now_us()))
    finally:
        store.close()
    if asked.json:
        say_json(
            {
                "devices": [{"id": device, "secret": secret} for device, secret in seeded.secrets.items()],
                "people": seeded.people,
                "watches": seeded.watches,
                "refreshed": seeded.refreshed,
            }
        )
    else:
        _tell(seeded)
    return 0


def seed(db: Database, *, now_us: int) -> Seeded:
    """Adds what is missing, renews the doors' secrets, and puts the quiet resident a minute before the alert again."""
    refreshed = people.get(db, QUIET_ID) is not None
    secrets = {door.id: _door(db, door, now_us) for door in DOORS}
    _ladder(db, now_us)
    for resident in RESIDENTS:
        _resident(db, resident, now_us)
        _family(db, resident, now_us)
    watched = sum(resident.seen_s_ago is not None for resident in RESIDENTS)
    return Seeded(secrets=secrets, people=len(RESIDENTS), watches=watched, refreshed=refreshed)


def _door(db: Database, door: Door, now_us: int) -> str:
    if devices.exists(db, door.id):
        devices.change(db, door.id, area=COMMUNITY, now_us=now_us)
        return devices.new_secret(db, door.id, now_us)
    return devices.create(db, id=door.id, place=door.place, area=COMMUNITY, now_us=now_us)[1]


def _ladder(db: Database, now_us: int) -> None:
    """Who is told, and after how long the next: once, so that what somebody has changed stays."""
    if recipients.page(db, after=None, limit=1):
        return
    for helper in HELPERS:
        recipients.add(
            db,
            area=COMMUNITY,
            rung=helper.rung,
            name=helper.name,
            phone=helper.phone,
            urls=[helper.url],
            now_us=now_us,
        )
    ladder.set_wait(db, area=COMMUNITY, rung=Rung.WORKER, wait_s=WORKER_WAIT_S)


def _family(db: Database, resident: Resident, now_us: int) -> None:
    if resident.family is None or recipients.contacts_of(db, resident.id):
        return
    recipients.add_contact(
        db,
        person=resident.id,
        name=resident.family.name,
        relation=resident.family.relation,
        phone=resident.family.phone,
        urls=[FAMILY_URL],
        now_us=now_us,
    )


def _resident(db: Database, resident: Resident, now_us: int) -> None:
    if people.get(db, resident.id) is None:
        people.create(
            db,
            id=resident.id,
            name=resident.name,
            address=f"{COMMUNITY} {resident.home}",
            phone=resident.phone,
            note=resident.note,
            area=COMMUNITY,
            born=resident.born,
            now_us=now_us,
        )
    if resident.seen_s_ago is None:
        return
    seen_us = now_us - resident.seen_s_ago * US_PER_S
    if watches.get_by_person(db, resident.id) is None:
        watches.create(db, person=resident.id, period_s=_PERIOD_S, last_seen_us=seen_us, now_us=now_us)
    elif resident.id != QUIET_ID:
        alerts.vouch_for_person(db, person=resident.id, at_us=seen_us, by=watches.GIVEN, now_us=now_us, kind=Kind.GIVEN)
    if resident.id == QUIET_ID:
        _quieten(db, seen_us, now_us)


def _quieten(db: Database, seen_us: int, now_us: int) -> None:
    """Ends the alert of an earlier run, then sets the last sighting back."""
    alert = alerts.not_closed(db, QUIET_ID)
    if alert is not None:
        alerts.move(
            db,
            alert.id,
            to=AlertState.CLOSED,
            outcome=Outcome.WELL,
            author=_AUTHOR,
            note="the demonstration begins again",
            until_us=None,
            now_us=now_us,
        )
    watch = watches.get_by_person(db, QUIET_ID)
    assert watch is not None
    watches.restart(db, watch.id, last_seen_us=seen_us)


def _tell(seeded: Seeded) -> None:
    again = ", there before: the quiet resident and the doors' secrets are renewed" if seeded.refreshed else ""
    say(f"{seeded.people} invented people, {seeded.watches} watches{again}")
    say(f"{len(HELPERS)} invented helpers are told on topics of the broker: shouwang/v1/<site>/hub/alert")
    say(f"{QUIET_ID} was last seen 23 h 59 min ago: the alert comes in a minute")
    for device, secret in seeded.secrets.items():
        say(f"device {device}  secret {secret}")
