"""Which events the cameras within somebody's areas told of, newest or oldest first, without reading everybody else's.

From each device within reach to its newest events, by the index: a grid worker's list costs what the grid has, not what
the office has.
"""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import json
from typing import Final

from sqlite_utils import Database

from edge_agent.wire.limits import INTEGER_MAX
from hub_server.store.reach import DEVICES, Reach

PLATE_READ: Final = "plate_read"
_COMMON: Final = frozenset({"passage", PLATE_READ, "observing"})
"""Types of which a device has many; the others are so few that their own index is walked."""
_RANGE: Final = "id > :low AND id < :high"
_OF_DEVICES: Final = """
    SELECT e.id FROM json_each(:devices) d CROSS JOIN events e ON e.id IN (
        SELECT id FROM events INDEXED BY events_device WHERE device = d.value AND {range}
            AND (:type IS NULL OR type = :type) AND (:but_type IS NULL OR type <> :but_type)
        ORDER BY id {order} LIMIT :limit)
    ORDER BY e.id {order} LIMIT :limit
"""
_OF_TYPE: Final = """
    SELECT id FROM events INDEXED BY events_type
    WHERE type = :type AND {range} AND device IN (SELECT value FROM json_each(:devices))
    ORDER BY id {order} LIMIT :limit
"""


def ids(
    db: Database,
    *,
    reach: Reach,
    after: int | None,
    before: int | None,
    limit: int,
    type: str | None = None,
    but_type: str | None = None,
) -> list[int]:
    """In the order of events.page: ascending from behind `after`, else newest first. `reach` is bound."""
    by = _OF_TYPE if type is not None and type not in _COMMON else _OF_DEVICES
    given = {
        "devices": json.dumps(_devices(db, reach, type)),
        "low": after or 0,
        "high": INTEGER_MAX if before is None else before,
        "limit": limit,
        "type": type,
        "but_type": but_type,
    }
    rows = db.execute(by.format(range=_RANGE, order="DESC" if after is None else "ASC"), given)
    return [event for (event,) in rows]


def _devices(db: Database, reach: Reach, type: str | None) -> list[str]:
    """For vehicles only those that have seen one: a door's events would be read in vain."""
    seen = "EXISTS (SELECT 1 FROM plate_passages p WHERE p.device = id)" if type == PLATE_READ else "1"
    rows = db.execute(f"SELECT id FROM {DEVICES} WHERE {seen}", {"reach": reach.value})  # noqa: S608 our own names
    return [device for (device,) in rows]
