"""Everything that is kept about one person, for themselves: rows as they are, by what they are.

Other people's own data are left out where the row only names them: whom a camera took them for, who looks alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import audit_subjects

SECTION_ROWS_MAX: Final = 20_000
"""Of one section; the newest. A person passes a few cameras a few times a day, for the year that passages are kept."""

_OWN_ALERTS: Final = "(SELECT id FROM alerts WHERE person = :person)"
_OWN_VEHICLES: Final = "(SELECT id FROM vehicles WHERE person = :person)"
SECTIONS: Final[Mapping[str, str]] = {
    "person": """
        SELECT id, name, address, phone, note, area, grid, born, kind, household, relation, care, created_us,
            removed_us, removed_by FROM people WHERE id = :person
    """,
    "household": """
        SELECT h.id, h.number, h.address, h.area, h.grid, h.phone, h.note, h.created_us
        FROM households h JOIN people p ON p.household = h.id WHERE p.id = :person
    """,
    "consents": """
        SELECT id, purpose, basis, text_version, given_on, collector, guardian, recorded_us, withdrawn_us, withdrawn_by
        FROM consents WHERE person = :person ORDER BY id DESC
    """,
    # The template itself is numbers that nobody can read; it is encrypted, and goes with the last consent.
    "face": "SELECT embedder, photos, quality, enrolled_us, enrolled_by FROM templates WHERE person = :person",
    "photos": "SELECT n FROM photos WHERE person = :person ORDER BY n",
    "placements": """
        SELECT t.purpose, t.device, d.place FROM placements t JOIN devices d ON d.id = t.device
        WHERE t.person = :person ORDER BY t.purpose, t.device
    """,
    "held_by": """
        SELECT m.device, d.place, m.gone_version FROM gallery_members m JOIN devices d ON d.id = m.device
        WHERE m.person = :person ORDER BY m.device
    """,
    "erasures": """
        SELECT e.scope, e.at_us, r.device, r.received_us FROM erasures e LEFT JOIN receipts r ON r.erasure = e.erasure
        WHERE e.person = :person ORDER BY e.at_us DESC, r.device
    """,
    "watch": """
        SELECT period_s, grace_s, own_vehicle, active, created_us, last_seen_us, last_seen_by, paused_until_us, due_us
        FROM watches WHERE person = :person
    """,
    "pauses": """
        SELECT id, from_us, until_us, reason, author, created_us, ended_us, ended_by FROM pauses
        WHERE person = :person ORDER BY id DESC
    """,
    "observations": """
        SELECT id, kind, at_us, author, note, created_us, withdrawn_us, withdrawn_by FROM observations
        WHERE person = :person ORDER BY id DESC
    """,
    "alerts": """
        SELECT id, due_us, raised_us, last_seen_us, last_seen_by, state, outcome, rung, verdict FROM alerts
        WHERE person = :person ORDER BY id DESC
    """,
    "alert_steps": f"""
        SELECT alert, at_us, author, before, after, outcome, report, rung, note FROM alert_changes
        WHERE alert IN {_OWN_ALERTS} ORDER BY id DESC
    """,  # noqa: S608 our own words
    "told": f"""
        SELECT n.kind, n.alert, n.pause, n.addressee, n.created_us, n.settled_us, m.sent_us, m.sent_by
        FROM notices n LEFT JOIN messages m ON m.id = n.message
        WHERE n.alert IN {_OWN_ALERTS} OR n.pause IN (SELECT id FROM pauses WHERE person = :person)
        ORDER BY n.id DESC
    """,  # noqa: S608 our own words
    "contacts": """
        SELECT id, name, relation, phone, created_us FROM contacts WHERE person = :person ORDER BY id
    """,
    "passages": """
        SELECT e.id, e.device, d.place, e.camera, e.captured_us, e.clock_trusted, e.received_us, e.score, e.strict,
            e.counts FROM events e JOIN devices d ON d.id = e.device
        WHERE e.person = :person ORDER BY e.captured_us DESC
    """,
    "corrections": """
        SELECT event, author, note, at_us, iif(person = :person, 'was not them', 'was them') AS said
        FROM corrections WHERE person = :person OR other = :person ORDER BY at_us DESC
    """,
    "lookalikes": """
        SELECT margin, author, at_us FROM lookalikes WHERE person = :person OR other = :person ORDER BY at_us
    """,
    "vehicles": """
        SELECT id, plate, owner, label, valid_from_us, valid_until_us, created_us, created_by, removed_us, removed_by
        FROM vehicles WHERE person = :person ORDER BY id
    """,
    "vehicle_changes": f"""
        SELECT vehicle, at_us, author, change, device, label, valid_from_us, valid_until_us FROM vehicle_changes
        WHERE vehicle IN {_OWN_VEHICLES} ORDER BY id DESC
    """,  # noqa: S608 our own words
    "vehicle_gates": f"""
        SELECT t.vehicle, t.device, d.place FROM vehicle_placements t JOIN devices d ON d.id = t.device
        WHERE t.vehicle IN {_OWN_VEHICLES} ORDER BY t.vehicle, t.device
    """,  # noqa: S608 our own words
    "vehicle_passages": """
        SELECT p.event AS id, v.plate, p.device, d.place, p.direction, p.at_us, p.clock_trusted
        FROM vehicles v JOIN plate_passages p ON p.listed = v.plate AND p.at_us >= v.created_us
            AND (v.removed_us IS NULL OR p.at_us < v.removed_us)
        JOIN devices d ON d.id = p.device WHERE v.person = :person ORDER BY p.at_us DESC
    """,
    "changes": """
        SELECT field, before, after, author, at_us FROM field_changes WHERE subject = 'person/' || :person
        ORDER BY id DESC
    """,
}
"""Of each, a query of :person. The last, "audit", is made of the person's names there (`audit_subjects`)."""
AUDIT: Final = "audit"
_AUDIT_ROWS: Final = """
    SELECT id, at_us, actor, action, subject FROM audit
    WHERE subject IN (SELECT value FROM json_each(:subjects)) ORDER BY id DESC
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonFile:
    """`cut`: the sections of which only the newest SECTION_ROWS_MAX rows are here."""

    sections: Mapping[str, list[dict[str, Any]]]
    cut: tuple[str, ...]


def gather(db: Database, person: str) -> PersonFile:
    """Columns whose name ends with _us are microseconds UTC. Nobody of this name: every section is empty."""
    sections = {name: _rows(db, sql, {"person": person}) for name, sql in SECTIONS.items()}
    subjects = audit_subjects.as_json(db, person)
    sections[AUDIT] = _rows(db, _AUDIT_ROWS, {"subjects": subjects})
    cut = tuple(name for name, rows in sections.items() if len(rows) > SECTION_ROWS_MAX)
    return PersonFile(sections={name: rows[:SECTION_ROWS_MAX] for name, rows in sections.items()}, cut=cut)


def _rows(db: Database, sql: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    return list(db.query(f"{sql} LIMIT {SECTION_ROWS_MAX + 1}", given))
