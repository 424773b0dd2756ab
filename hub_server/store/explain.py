"""Why there is an alert for a person, or none: what is stored of them, and the sentences that say it."""

from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import alerts, coverage, people, watches
from hub_server.store.coverage import Coverage
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Alert, Watch
from hub_server.watch.evidence import Away, Corrected, Facts, Observer, Raised, Sign, Withdrawn
from hub_server.watch.explain import Sentence, sentences
from hub_server.watch.observation import Kind
from hub_server.watch.zone import OFFICE_ZONE

_TAKEN_BACK_MAX: Final = 20  # of each kind; the newest
_SIGHTINGS_MAX: Final = 1000  # the newest that are looked at for what did not count


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """`facts`: what the sentences are made from, as plain values; empty for who has no watch."""

    person: str
    sentences: tuple[Sentence, ...]
    facts: dict[str, Any] = field(default_factory=dict)


def explain(
    db: Database, *, person: str, now_us: int, observers: Coverage | None = None, zone: tzinfo = OFFICE_ZONE
) -> Explanation:
    """`observers`: who was watching, when the caller knows it already. Raises NotFoundError (no such person)."""
    somebody, watch = people.get(db, person), watches.get_by_person(db, person)
    if somebody is None:
        raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
    if watch is None:
        bare = Sentence(
            key="no_watch",
            zh=f"{somebody.name} 没有加入守望，不会报警。",
            en=f"{somebody.name} has no watch: no alert comes.",
        )
        return Explanation(person=person, sentences=(bare,))
    facts = _facts(db, watch, now_us, observers)
    return Explanation(person=person, sentences=sentences(facts, zone=zone), facts=asdict(facts))


def _facts(db: Database, watch: Watch, now_us: int, observers: Coverage | None) -> Facts:
    alert = alerts.not_closed(db, watch.person)
    told = observers
    if told is None:
        told = coverage.for_watch(db, watch, now_us) if alert is None else coverage.for_alert(db, alert, now_us)
    since_us = watch.created_us if watch.last_seen_us is None else watch.last_seen_us
    unsure, undated = _not_counted(db, watch.person, since_us)
    return Facts(
        person=watch.person,
        name=watch.person_name,
        now_us=now_us,
        state=watches.state_of(db, watch, now_us),
        created_us=watch.created_us,
        period_s=watch.period_s,
        grace_s=watch.grace_s,
        own_vehicle=watch.own_vehicle,
        due_us=watch.due_us,
        last=_last(db, watch),
        pauses=_pauses(db, watch.person, since_us),
        alert=None if alert is None else _raised(alert),
        verdict=told.verdict,
        observers=_observers(told),
        corrected=_corrected(db, watch.person, since_us),
        withdrawn=_withdrawn(db, watch.person, since_us),
        unsure=unsure,
        undated=undated,
    )


def _last(db: Database, watch: Watch) -> Sign | None:
    """By whom, as `last_seen_by` says, with the sighting when a camera it was."""
    if watch.last_seen_us is None:
        return None
    kind, _, rest = watch.last_seen_by.partition(": ")
    if kind in {one.value for one in Kind}:
        by_camera = kind == Kind.VEHICLE and "/" in rest
        place = _place(db, rest) if by_camera else ""
        author = "" if by_camera else rest
        return Sign(at_us=watch.last_seen_us, kind=Kind(kind), author=author, place=place, event=None, score=None)
    seen = db.execute(
        "SELECT id, score FROM events WHERE person = ? AND counts = 1 AND captured_us = ? ORDER BY id LIMIT 1",
        (watch.person, watch.last_seen_us),
    ).fetchone()
    event, score = (None, None) if seen is None else seen
    place = _place(db, watch.last_seen_by)
    return Sign(at_us=watch.last_seen_us, kind=None, author="", place=place, event=event, score=score)


def _place(db: Database, seen_at: str) -> str:
    device, _, camera = seen_at.partition("/")
    row = db.execute("SELECT place FROM devices WHERE id = ?", [device]).fetchone()
    place = device if row is None or not row[0] else row[0]
    return f"{place}（{camera}）" if camera else place


def _pauses(db: Database, person: str, since_us: int) -> tuple[Away, ...]:
    rows = db.query(
        "SELECT from_us, min(until_us, coalesce(ended_us, until_us)) AS until_us, reason, author FROM pauses"
        " WHERE person = ? AND min(until_us, coalesce(ended_us, until_us)) > ?"
        " AND (ended_us IS NULL OR ended_us > from_us)"
        " ORDER BY from_us DESC, id LIMIT ?",
        [person, since_us, _TAKEN_BACK_MAX],
    )
    return tuple(Away(**row) for row in rows)[::-1]


def _raised(alert: Alert) -> Raised:
    return Raised(
        id=alert.id,
        raised_us=alert.raised_us,
        state=alert.state,
        rung=alert.rung,
        climb_us=alert.climb_us,
        verdict=alert.verdict,
    )


def _observers(told: Coverage) -> tuple[Observer, ...]:
    return tuple(
        Observer(
            place=one.place or one.device,
            camera=one.camera,
            watching=one.shares.watching,
            unknown=one.shares.unknown,
            missing=tuple((part.state, part.share) for part in one.shares.missing),
        )
        for one in told.cameras
    )


def _corrected(db: Database, person: str, since_us: int) -> tuple[Corrected, ...]:
    rows = db.query(
        "SELECT c.event, iif(e.clock_trusted, e.captured_us, NULL) AS seen_us, coalesce(p.name, c.other, '')"
        " AS other_name, c.author, c.at_us FROM corrections c JOIN events e ON e.id = c.event"
        " LEFT JOIN people p ON p.id = c.other WHERE c.person = ? AND (e.captured_us > ? OR NOT e.clock_trusted)"
        " ORDER BY c.event DESC LIMIT ?",
        [person, since_us, _TAKEN_BACK_MAX],
    )
    return tuple(Corrected(**row) for row in rows)


def _withdrawn(db: Database, person: str, since_us: int) -> tuple[Withdrawn, ...]:
    rows = db.query(
        "SELECT kind, at_us, withdrawn_by AS author, withdrawn_us FROM observations"
        " WHERE person = ? AND withdrawn_us NOT NULL AND at_us > ? ORDER BY id DESC LIMIT ?",
        [person, since_us, _TAKEN_BACK_MAX],
    )
    return tuple(Withdrawn(**{**row, "kind": Kind(row["kind"])}) for row in rows)


def _not_counted(db: Database, person: str, since_us: int) -> tuple[int, int]:
    """Sightings since then that were not sure enough, and those that wait for a date; corrected ones are neither."""
    unsure, undated = db.execute(
        "SELECT total(clock_trusted AND captured_us > :since), total(NOT clock_trusted AND qualifies) FROM ("
        "SELECT * FROM events WHERE person = :person ORDER BY id DESC LIMIT :limit) e"
        " WHERE type = 'passage' AND counts = 0 AND NOT EXISTS (SELECT 1 FROM corrections WHERE event = e.id)",
        {"person": person, "since": since_us, "limit": _SIGHTINGS_MAX},
    ).fetchone()
    return int(unsure), int(undated)
