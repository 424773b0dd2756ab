"""One search over people, households, vehicles, places and devices: a few of each, the likeliest first."""

from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import devices, households, patterns, places, vehicles
from hub_server.store.households import Household
from hub_server.store.places import Place
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import Device, Person
from hub_server.store.vehicles import Vehicle

FOUND_MAX: Final = 10  # of each kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """At most FOUND_MAX of each."""

    people: tuple[Person, ...] = ()
    households: tuple[Household, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    places: tuple[Place, ...] = ()
    devices: tuple[Device, ...] = ()


_PEOPLE: Final = f"""
    SELECT p.* FROM people p WHERE p.removed_us IS NULL AND {patterns.person("p")} AND {condition("p.area", "p.grid")}
    ORDER BY p.name LIKE :q_start ESCAPE '\\' DESC, p.pinyin LIKE :q_latin_start ESCAPE '\\' DESC,
        length(p.name), p.pinyin, p.id LIMIT :limit
"""  # noqa: S608 our own words
_DEVICES: Final = f"""
    SELECT d.id FROM devices d WHERE {condition("d.area", "d.grid")}
    AND (d.id LIKE :q_text ESCAPE '\\' OR d.place LIKE :q_text ESCAPE '\\')
    ORDER BY d.id LIKE :q_start ESCAPE '\\' DESC, d.id LIMIT :limit
"""  # noqa: S608 our own words


def find(db: Database, typed: str, *, reach: Reach = EVERYWHERE) -> Found:
    """By what somebody types: a name, its pinyin or initials, digits of a telephone, an address, a number, a plate.

    Nobody and nothing that was removed, nothing beyond `reach`. Blank: nothing at all.
    """
    sought = patterns.patterns(typed)
    if sought is None:
        return Found()
    given: dict[str, Any] = {**sought.values, "reach": reach.value, "limit": FOUND_MAX}
    return Found(
        people=tuple(Person(**row) for row in db.query(_PEOPLE, given)),
        households=tuple(households.page(db, after=None, limit=FOUND_MAX, q=typed, reach=reach)),
        vehicles=tuple(vehicles.page(db, after=None, limit=FOUND_MAX, q=typed, reach=reach)),
        places=tuple(places.page(db, after=None, limit=FOUND_MAX, q=typed, reach=reach)),
        devices=tuple(_devices(db, given)),
    )


def _devices(db: Database, given: dict[str, Any]) -> list[Device]:
    names = [row[0] for row in db.execute(_DEVICES, given).fetchall()]
    return [device for device in (devices.get(db, name) for name in names) if device is not None]
