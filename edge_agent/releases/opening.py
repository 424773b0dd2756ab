"""How a start begins: counts it if something is on trial, and finds the configuration and models to run with."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from edge_agent.blobs.lane import own_seal_key
from edge_agent.blobs.store import BlobStoreError
from edge_agent.config import AgentConfig, read_table
from edge_agent.errors import ConfigError, ModelError
from edge_agent.joining.join import join_again
from edge_agent.releases import records
from edge_agent.releases.models import ModelsKeeper
from edge_agent.releases.record_file import RecordFile, peek
from edge_agent.releases.records import KINDS, Records
from edge_agent.releases.releases import Releases
from edge_agent.releases.settings import Installed, JoinAgain, SettingsKeeper, UnusableError
from edge_agent.vision.manifest import FaceSpec, find_models, load_manifest
from edge_agent.wire.device_config import KIND as CONFIG
from edge_agent.wire.model_bundle import KIND as MODEL
from edge_agent.wire.seal import KeyPair, SealError
from edge_agent.wire.sign import SignError, key_of_text
from edge_agent.wire.topics import Address

JOIN_PATIENCE_S: Final = 15.0  # the uplink's thread waits for it
_UNREADABLE: Final = (SealError, SignError, UnusableError, ConfigError, OSError)
log = logging.getLogger(__name__)


def open_releases(
    file: Path, *, now_s: Callable[[], float] = time.monotonic, join: JoinAgain | None = None
) -> tuple[AgentConfig, Releases | None]:
    """The configuration of this start, and what goes on taking releases; None: the disk refuses, and it is said.

    `file` is agent.toml. Durable on return: that this start tries what is on trial. Raises ConfigError for mistakes of
    agent.toml itself, DeviceKeyError.
    """
    installed = _installed(file)
    base = installed.config()
    try:
        key = own_seal_key(base)
        record_file = RecordFile(_folder(base))
        renew = partial(join_again, base, patience_s=JOIN_PATIENCE_S) if join is None else join
        settings, models = _keepers(base, installed, key, renew)
        known = _begun(record_file)
        config, known = _configured(base, settings, record_file, known)
        config, known = _with_models(config, models, record_file, known)
        _sweep(settings, models, known)
    except (BlobStoreError, OSError) as error:
        log.error("no settings and no models can come from the hub until the next start: %s", error)  # noqa: TRY400
        return base, None
    return config, Releases(file=record_file, known=known, settings=settings, models=models, started_s=now_s())


def effective(file: Path) -> tuple[AgentConfig, Records | None]:
    """What the next start would run with, looked at without touching anything; None: the records are damaged.

    Raises ConfigError, DeviceKeyError, OSError; UnusableError, SealError, SignError for what cannot be used.
    """
    installed = _installed(file)
    base = installed.config()
    known = peek(_folder(base))
    used = {} if known is None else {kind: known.in_use(kind) for kind in KINDS}
    if not any(used.values()):
        return base, known
    settings, models = _keepers(base, installed, own_seal_key(base), None)
    sent, bundle = used[CONFIG], used[MODEL]
    config = base if sent is None else settings.config(sent.version)
    folder = None if bundle is None else models.folder(bundle.version)
    return (config if folder is None else _using(config, folder)), known


def _installed(file: Path) -> Installed:
    return Installed(table=read_table(file), folder=file.absolute().parent, source=str(file))


def _folder(base: AgentConfig) -> Path:
    return base.journal.file.with_name("releases")


def _keepers(
    base: AgentConfig, installed: Installed, key: KeyPair, join: JoinAgain | None
) -> tuple[SettingsKeeper, ModelsKeeper]:
    sign_key = _sign_key(base.hub.sign_key)
    settings = SettingsKeeper(
        _folder(base),
        installed=installed,
        address=Address(site=base.site, device=base.device),
        key=key,
        sign_key=sign_key,
        join=join,
    )
    models = ModelsKeeper(
        base.journal.file.parent, site=base.site, sign_key=sign_key, face=lambda: _installed_face(base)
    )
    return settings, models


def _sign_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return key_of_text(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, SignError) as error:
        log.error("%s cannot be used, so nothing signed is taken: %s", path, error)  # noqa: TRY400
        return None


def _installed_face(base: AgentConfig) -> FaceSpec | None:
    try:
        return load_manifest(find_models(base.models.dir)).face
    except ModelError as error:
        log.warning("the models that were installed cannot be compared with: %s", error)
        return None


def _begun(file: RecordFile) -> Records:
    """The records, with this start counted."""
    known = fresh = file.load()
    for kind in KINDS:
        one = fresh.of(kind)
        fresh = fresh.put(kind, records.started(one))
        if one.trial is not None and fresh.of(kind).failed is not None:
            log.error("%s %d is given up: %s", kind, one.trial.offer.version, fresh.of(kind).failed)
        elif one.trial is not None:
            log.warning("%s %d is on trial", kind, one.trial.offer.version)
    if fresh != known:
        file.save(fresh)
    return fresh


def _configured(
    base: AgentConfig, settings: SettingsKeeper, file: RecordFile, known: Records
) -> tuple[AgentConfig, Records]:
    while (offer := known.in_use(CONFIG)) is not None:
        try:
            return settings.config(offer.version), known
        except _UNREADABLE as error:
            known = _given_up(file, known, CONFIG, str(error))
    return base, known


def _with_models(
    config: AgentConfig, models: ModelsKeeper, file: RecordFile, known: Records
) -> tuple[AgentConfig, Records]:
    while (offer := known.in_use(MODEL)) is not None:
        try:
            folder = models.folder(offer.version)
        except _UNREADABLE as error:
            known = _given_up(file, known, MODEL, str(error))
        else:
            return (config if folder is None else _using(config, folder)), known
    return config, known


def _using(config: AgentConfig, folder: Path) -> AgentConfig:
    return replace(config, models=replace(config.models, dir=folder))


def _given_up(file: RecordFile, known: Records, kind: str, why: str) -> Records:
    """What is on trial has failed; what was good is lost, and the hub may send it again."""
    one = known.of(kind)
    log.error("the hub's %s cannot be used: %s", kind, why)
    fresh = known.put(kind, records.lost(one) if one.trial is None else records.failed(one, why))
    file.save(fresh)
    return fresh


def _sweep(settings: SettingsKeeper, models: ModelsKeeper, known: Records) -> None:
    """What no record speaks of goes: of a start that was cut short, or superseded."""
    for kind, keeper in ((CONFIG, settings), (MODEL, models)):
        one = known.of(kind)
        used = {one.good, None if one.trial is None else one.trial.offer} - {None}
        keeper.keep_only({offer.version for offer in used if offer is not None})
