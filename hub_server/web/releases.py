"""/api/v1/releases: bundles of models; and what of settings and models is in force on a device."""

from http import HTTPStatus
from pathlib import Path

from flask import Response
from msgspec import Struct

from edge_agent.wire.blobs import sha256_hex
from edge_agent.wire.model_bundle import BYTES_MAX, BundleError, pack, unpack
from hub_server.store import devices, releases
from hub_server.store.errors import NotFoundError
from hub_server.store.files import write_durably
from hub_server.web import fields, release_resources, release_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("releases", __name__)
FILE_TYPE = "application/octet-stream"
_FOR_ALL = "a bundle of models says nothing of any device"
FOLDER = "releases"
"""In DATA; as hub_server.ingest.release_maker.BUNDLES, which a test compares."""


class ReleasesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class ReleaseQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`note`: what is new in it, for people."""

    note: fields.ReleaseNote = ""


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/releases",
        summary="Bundles of models, the newest first",
        scope=Scope.EQUIPMENT,
        query=ReleasesQuery,
        answer=release_resources.ModelReleasePage,
        anywhere=_FOR_ALL,
    )
)
def index(asked: ReleasesQuery) -> Response:
    with office().store.read() as db:
        rows = releases.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, release_shapes.release, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/releases",
        summary="A bundle of models under the next version; no device gets it before a rollout",
        scope=Scope.DEVICES,
        query=ReleaseQuery,
        raw=FILE_TYPE,
        body_bytes_max=BYTES_MAX,
        answer=release_resources.ModelRelease,
        status=HTTPStatus.CREATED,
        anywhere=_FOR_ALL,
        rules="A bundle as edge_agent/wire/BLOBS.md describes it; `provision models push` makes one of a folder.",
    )
)
def create(asked: ReleaseQuery, body: bytes) -> Response:
    store = office().store
    try:
        files = sorted(unpack(body))
    except BundleError as error:
        raise invalid({"file": str(error)}) from error
    folder = store.data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    digest, by, now_us = sha256_hex(body), caller().author(None), store.now_us()
    write_durably(folder / f"{digest}.bundle", body)  # the file first: a row speaks of one that is there
    made = write(
        lambda db: releases.add(db, digest=digest, size=len(body), files=files, note=asked.note, by=by, now_us=now_us),
        detail={"digest": digest, "files": len(files)},
        made=lambda row: f"release/{row.version}",
    )
    _forget_old(folder)
    location = f"/api/v1/releases/{made.version}"
    return answer(release_shapes.release(made), HTTPStatus.CREATED, location=location)


def _forget_old(folder: Path) -> None:
    """A bundle has 20 MB and more."""
    with office().store.read() as db:
        kept = releases.kept_digests(db) | {sha256_hex(pack({}))}
    for path in folder.glob("*.bundle"):
        if path.stem not in kept:
            path.unlink(missing_ok=True)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/releases/<row_id:release>",
        summary="One bundle of models",
        scope=Scope.EQUIPMENT,
        answer=release_resources.ModelRelease,
        anywhere=_FOR_ALL,
    )
)
def show(release: int) -> Response:
    with office().store.read() as db:
        return answer(release_shapes.release(releases.get(db, release)))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>/releases",
        summary="Which settings and models a device should have, and which are in force there",
        scope=Scope.EQUIPMENT,
        answer=release_resources.DeviceReleases,
    )
)
def of_device(device: str) -> Response:
    with office().store.read() as db:
        if not devices.exists(db, device):
            raise NotFoundError(f"没有设备 {device}；there is no device {device}")
        rows = releases.of_device(db, device)
    told: release_resources.DeviceReleases = {
        "device": device,
        "items": [release_shapes.device_release(row) for row in rows],
    }
    return answer(told)
