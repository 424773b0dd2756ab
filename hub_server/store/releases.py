"""Bundles of models, what settings and models each device should have, and what it said is in force."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from edge_agent.wire import device_config, model_bundle
from edge_agent.wire.device_config import Settings
from hub_server.store import limits
from hub_server.store.errors import NotFoundError

NOTE_CHARS_MAX: Final = 200
BUNDLES_MIN: Final = 8
"""Of the newest, so many stay on the disk; older ones only where a device has them."""


class ReleaseKind(StrEnum):
    CONFIG = device_config.KIND
    MODEL = model_bundle.KIND


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A bundle of models under a version."""

    version: int
    digest: str  # SHA-256 of the bundle, hex: the name of its file
    bytes: int
    files: tuple[str, ...]  # by name; none: the models that were installed with the agent
    note: str
    made_us: int
    made_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceRelease:
    """Of one kind on one device. `held_…`: what it said last that is in force; None: it never said anything."""

    device: str
    kind: ReleaseKind
    version: int
    settings: Settings | None  # of the kind config: all that is laid over agent.toml
    release: int | None  # of the kind model: the version of the bundle
    joins: bool  # it is to fetch another certificate, too
    offered: bool
    sealed_for: str
    sha256: str
    wanted_us: int
    held_version: int | None
    held_us: int | None
    held_settings: Settings | None
    held_release: int | None
    trouble: str


def revision(db: Database) -> int:
    """Grows with everything that may change what is offered to a device."""
    return int(db.execute("SELECT n FROM release_revision").fetchone()[0])


def add(db: Database, *, digest: str, size: int, files: Sequence[str], note: str, by: str, now_us: int) -> Release:
    """A bundle under the next version; the same bytes may be there under an older one. `size`: bytes."""
    cursor = db.execute(
        "INSERT INTO releases (digest, bytes, files, note, made_us, made_by) VALUES (?, ?, ?, ?, ?, ?)",
        (digest, size, json.dumps(list(files)), limits.text("note", note, NOTE_CHARS_MAX), now_us, by),
    )
    assert cursor.lastrowid is not None
    return get(db, cursor.lastrowid)


def installed(db: Database, *, by: str, now_us: int) -> Release:
    """The models that were installed with the agent, as a bundle without files."""
    empty = model_bundle.pack({})
    digest = hashlib.sha256(empty).hexdigest()
    for row in db.query("SELECT * FROM releases WHERE digest = ? ORDER BY version DESC LIMIT 1", [digest]):
        return _release(row)
    return add(db, digest=digest, size=len(empty), files=(), note="", by=by, now_us=now_us)


def get(db: Database, version: int) -> Release:
    """Raises NotFoundError."""
    for row in db.query("SELECT * FROM releases WHERE version = ?", [version]):
        return _release(row)
    raise NotFoundError(f"没有版本 {version} 的模型；there are no models of version {version}")


def exists(db: Database, version: int) -> bool:
    return db.execute("SELECT 1 FROM releases WHERE version = ?", [version]).fetchone() is not None


def page(db: Database, *, after: int | None, limit: int) -> list[Release]:
    """Newest first, from the one behind `after`."""
    rows = db.query(
        "SELECT * FROM releases WHERE :after IS NULL OR version < :after ORDER BY version DESC LIMIT :limit",
        {"after": after, "limit": limits.page_rows(limit)},
    )
    return [_release(row) for row in rows]


def kept_digests(db: Database) -> frozenset[str]:
    """Of the bundles that must stay: the newest ones, what devices have or should have, and ways back of rollouts."""
    rows = db.execute(
        "SELECT digest FROM releases WHERE version IN (SELECT release FROM device_releases WHERE kind = 'model'"
        " UNION SELECT held_release FROM device_releases UNION SELECT before_release FROM rollout_devices"
        " WHERE active = 1 UNION SELECT * FROM (SELECT version FROM releases ORDER BY version DESC LIMIT ?))",
        [BUNDLES_MIN],
    )
    return frozenset(digest for (digest,) in rows)


def of_device(db: Database, device: str) -> tuple[DeviceRelease, ...]:
    """What there is of both kinds: config before model."""
    rows = db.query("SELECT * FROM device_releases WHERE device = ? ORDER BY kind", [device])
    return tuple(_device_release(row) for row in rows)


def of_kind(db: Database, device: str, kind: ReleaseKind) -> DeviceRelease | None:
    return next((row for row in of_device(db, device) if row.kind == kind), None)


def want_settings(db: Database, device: str, *, settings: Settings, joins: bool, now_us: int) -> int:
    """From now on these are the device's settings; their version, above every one before."""
    version = _next_version(of_kind(db, device, ReleaseKind.CONFIG))
    db.execute(
        "INSERT INTO device_releases (device, kind, version, settings, joins, wanted_us)"
        " VALUES (:device, 'config', :version, :settings, :joins, :now_us)"
        " ON CONFLICT (device, kind) DO UPDATE SET version = :version, settings = :settings, joins = :joins,"
        " offered = 1, sealed_for = '', sha256 = '', wanted_us = :now_us, trouble = ''",
        {
            "device": device,
            "version": version,
            "settings": _written(settings),
            "joins": int(joins),
            "now_us": now_us,
        },
    )
    return version


def want_models(db: Database, device: str, *, release: int, now_us: int) -> int:
    """From now on these are the device's models. A version that it may know already goes out as a newer one."""
    known = of_kind(db, device, ReleaseKind.MODEL)
    version = release if known is None or release > _newest(known) else _again(db, release, _newest(known) + 1, now_us)
    db.execute(
        "INSERT INTO device_releases (device, kind, version, release, wanted_us)"
        " VALUES (:device, 'model', :version, :version, :now_us)"
        " ON CONFLICT (device, kind) DO UPDATE SET version = :version, release = :version, offered = 1,"
        " wanted_us = :now_us, trouble = ''",
        {"device": device, "version": version, "now_us": now_us},
    )
    return version


def renumber(db: Database, device: str, kind: ReleaseKind, *, above: int, now_us: int) -> int | None:
    """The same under a version above this one: it must be sealed anew, or the device is ahead. None: there is none."""
    known = of_kind(db, device, kind)
    if known is None:
        return None
    version = max(above, _newest(known)) + 1
    if kind is ReleaseKind.MODEL:
        assert known.release is not None
        version = _again(db, known.release, version, now_us)
    db.execute(
        "UPDATE device_releases SET version = :version, release = iif(kind = 'model', :version, NULL),"
        " sealed_for = '', sha256 = '' WHERE device = :device AND kind = :kind",
        {"device": device, "kind": kind, "version": version},
    )
    db.execute(
        "UPDATE rollout_devices SET version = ? WHERE device = ? AND kind = ? AND version = ?"
        " AND state IN ('offered', 'returning')",
        (version, device, kind, known.version),
    )
    return version


def sealed(db: Database, device: str, *, version: int, sealed_for: str, sha256: str) -> bool:
    """The settings of this version were sealed. False: they are not wanted any more, or the device has another key."""
    done = db.execute(
        "UPDATE device_releases SET sealed_for = ?, sha256 = ? WHERE device = ? AND kind = 'config' AND version = ?"
        " AND sha256 = '' AND ? = (SELECT seal_key FROM devices WHERE id = device_releases.device)",
        (sealed_for, sha256, device, version, sealed_for),
    )
    return bool(done.rowcount == 1)


def held(db: Database, device: str, kind: ReleaseKind, *, version: int, now_us: int) -> None:
    """The device says that this version is in force there."""
    db.execute(
        "UPDATE device_releases SET held_version = :version, held_us = :now_us, held_settings = settings,"
        " held_release = release, trouble = '' WHERE device = :device AND kind = :kind AND version = :version",
        {"device": device, "kind": kind, "version": version, "now_us": now_us},
    )


def refused(db: Database, device: str, kind: ReleaseKind, *, version: int, trouble: str) -> None:
    """The device did not take it, or went back from it, and says why."""
    db.execute(
        "UPDATE device_releases SET trouble = ? WHERE device = ? AND kind = ? AND version = ?",
        (trouble, device, kind, version),
    )


def withdraw(db: Database, device: str, kind: ReleaseKind) -> None:
    """It is not offered any more: what the device said last that is in force is what it should have."""
    db.execute(
        # A version of settings is a device's own and never used twice; that of models is the bundle's.
        "UPDATE device_releases SET offered = 0, settings = iif(kind = 'config', coalesce(held_settings, '{}'), NULL),"
        " version = iif(kind = 'model', coalesce(held_version, version), version),"
        " release = iif(kind = 'model', coalesce(held_release, release), NULL) WHERE device = ? AND kind = ?",
        (device, kind),
    )


def merged(settings: Settings, change: Mapping[str, Mapping[str, Any]]) -> Settings:
    """With the change laid over, key by key; None takes a key away."""
    whole = {section: dict(values) for section, values in settings.items()}
    for section, values in change.items():
        there = whole.setdefault(section, {})
        for key, value in values.items():
            there.pop(key, None)
            if value is not None:
                there[key] = value
    return {section: values for section, values in whole.items() if values}


def _newest(known: DeviceRelease) -> int:
    return max(known.version, known.held_version or 0)


def _next_version(known: DeviceRelease | None) -> int:
    return 1 if known is None else _newest(known) + 1


def _again(db: Database, release: int, at_least: int, now_us: int) -> int:
    """The same bundle under a new version."""
    row = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'releases'").fetchone()
    version = max(int(row[0]) + 1, at_least)
    db.execute(
        "INSERT INTO releases (version, digest, bytes, files, note, made_us, made_by)"
        " SELECT ?, digest, bytes, files, note, ?, made_by FROM releases WHERE version = ?",
        (version, now_us, release),
    )
    return version


def _written(settings: Settings) -> str:
    return json.dumps(settings, ensure_ascii=False, sort_keys=True)


def _release(row: dict[str, Any]) -> Release:
    return Release(**{**row, "files": tuple(json.loads(row["files"]))})


def _device_release(row: dict[str, Any]) -> DeviceRelease:
    return DeviceRelease(
        **{
            **row,
            "kind": ReleaseKind(row["kind"]),
            "settings": None if row["settings"] is None else json.loads(row["settings"]),
            "held_settings": None if row["held_settings"] is None else json.loads(row["held_settings"]),
            "joins": bool(row["joins"]),
            "offered": bool(row["offered"]),
        }
    )
