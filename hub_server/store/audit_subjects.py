"""By which names the audit's rows are about somebody, and their being forgotten."""

import json
from typing import Final

from sqlite_utils import Database

from hub_server.store import audit

# Their household and their vehicle go on without them, and rows about those hold no name: they stay.
_NAMES: Final = """
    SELECT 'person/' || :person
    UNION ALL SELECT 'watch/' || id FROM watches WHERE person = :person
    UNION ALL SELECT 'alert/' || id FROM alerts WHERE person = :person
    UNION ALL SELECT 'pause/' || id FROM pauses WHERE person = :person
    UNION ALL SELECT 'observation/' || id FROM observations WHERE person = :person
    UNION ALL SELECT 'contact/' || id FROM contacts WHERE person = :person
    UNION ALL SELECT 'event/' || id FROM events WHERE person = :person
    UNION ALL SELECT 'event/' || event FROM corrections WHERE person = :person
"""


def of_person(db: Database, person: str) -> list[str]:
    """Their own, "person/p-li", and those of every watch, alert, pause, observation, contact and sighting of theirs."""
    return [row[0] for row in db.execute(_NAMES, {"person": person})]


def as_json(db: Database, person: str) -> str:
    """The same as a JSON list, for json_each."""
    return json.dumps(of_person(db, person))


def forget_person(db: Database, person: str, *, now_us: int) -> int:
    """Before their rows go: what the audit said about them is gone. How many rows of it."""
    return audit.forget(db, of_person(db, person), now_us=now_us)
