"""Many stored sightings at once, and what they mean for watches and alerts."""

import json
from collections.abc import Collection, Sequence

import msgspec
from sqlite_utils import Database

from hub_server.store import alerts, watches


class PersonSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A stored sighting that counts. `by`: device/camera."""

    person: str
    at_us: int
    by: str
    now_us: int


def observe_all(db: Database, seen: Sequence[PersonSeen]) -> None:
    """The same as `alerts.observe_person` for each, in this order.

    Of a person without an alert to follow only the newest sighting shows in the end, the first of equal ones: the
    watch is moved once.
    """
    alerted = _alerted(db, {each.person for each in seen})
    newest: dict[str, PersonSeen] = {}
    for each in seen:
        if each.person in alerted:
            alerts.observe_person(db, person=each.person, at_us=each.at_us, by=each.by, now_us=each.now_us)
        elif each.person not in newest or each.at_us > newest[each.person].at_us:
            newest[each.person] = each
    for each in newest.values():
        watches.observe_person(db, person=each.person, at_us=each.at_us, by=each.by, now_us=each.now_us)


def _alerted(db: Database, people: Collection[str]) -> set[str]:
    """Those of them with an alert that is not closed."""
    if not people:
        return set()
    sql = "SELECT person FROM alerts WHERE state <> 'closed' AND person IN (SELECT value FROM json_each(?))"
    return {person for (person,) in db.execute(sql, [json.dumps(sorted(people))])}
