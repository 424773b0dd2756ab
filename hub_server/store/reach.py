"""How far somebody may look: everywhere, or into some areas with all that lies in them.

Who stands in an area's rows (people, devices, households, places) names the area (community or village) and perhaps the
grid in it. A worker bound to a grid reaches what names that grid; a manager bound to a community reaches what names it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """`areas`: names of areas and grids, with all that lie in them; None: everywhere. An empty set reaches nothing."""

    areas: frozenset[str] | None

    def covers(self, *named: str) -> bool:
        """True when one of the areas and grids that a row names is within reach; "" names none."""
        return self.areas is None or not self.areas.isdisjoint(name for name in named if name)

    @property
    def value(self) -> str | None:
        """For the parameter :reach of `condition`."""
        return None if self.areas is None else json.dumps(sorted(self.areas), ensure_ascii=False)


EVERYWHERE: Final = Reach(areas=None)
_INSIDE: Final = "(SELECT value FROM json_each(:reach))"
PEOPLE: Final = (
    f"(SELECT id FROM people WHERE area <> '' AND area IN {_INSIDE}"  # noqa: S608 our own names
    f" UNION SELECT id FROM people WHERE grid <> '' AND grid IN {_INSIDE})"
)
"""SQL: the ids of everybody within :reach, for whoever is bound; by the indexes, however many people there are."""
DEVICES: Final = f"(SELECT id FROM devices WHERE area IN {_INSIDE} OR grid IN {_INSIDE})"  # noqa: S608 our own names
"""The same of devices."""


def condition(*columns: str) -> str:
    """SQL that is true for rows within :reach (`Reach.value`): one of these columns names an area of it."""
    return f"(:reach IS NULL OR {' OR '.join(f'{column} IN {_INSIDE}' for column in columns)})"


def of_areas(db: Database, areas: Iterable[str]) -> Reach:
    """These areas and all that lie in them, however deep."""
    rows = db.execute(
        """
        WITH RECURSIVE inside (name) AS (
            SELECT value FROM json_each(?)
            UNION SELECT a.name FROM areas a JOIN inside i ON a.parent = i.name
        )
        SELECT name FROM inside
        """,
        [json.dumps(sorted(areas))],
    )
    return Reach(areas=frozenset(row[0] for row in rows))
