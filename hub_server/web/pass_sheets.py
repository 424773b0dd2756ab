"""/api/v1/devices/<device>/pass-sheets: what a technician proved of a device on site, with one picture a visit."""

from flask import Response
from msgspec import Struct

from edge_agent.wire.check_words import called
from edge_agent.wire.messages import SheetFinding
from hub_server.store import devices, pass_sheets
from hub_server.store.errors import NotFoundError
from hub_server.store.pass_sheets import Sheet
from hub_server.web import fields
from hub_server.web import pass_sheet_resources as resources
from hub_server.web.lists import listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339

blueprint = Routes("pass_sheets", __name__)
JPEG = "image/jpeg"


class PassSheetsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>/pass-sheets",
        summary="What was proved of a device on site, the newest first",
        scope=Scope.EQUIPMENT,
        query=PassSheetsQuery,
        answer=resources.PassSheetPage,
    )
)
def index(device: str, asked: PassSheetsQuery) -> Response:
    with office().store.read() as db:
        if not devices.exists(db, device):
            raise NotFoundError(f"没有设备 {device}；there is no device {device}")
        rows = pass_sheets.page(db, device, before=asked.before, limit=asked.limit)
    return listed(rows, shape, limit=asked.limit, cursor="before")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>/pass-sheets/<row_id:sheet>/picture",
        summary="What its camera saw then; faces and plates were made coarse on the device",
        scope=Scope.EQUIPMENT,
        answer=bytes,
        content=JPEG,
        looks=True,
    )
)
def picture(device: str, sheet: int) -> Response:
    with office().store.read() as db:
        found = pass_sheets.picture(db, device=device, id=sheet)
    if found is None:
        raise NotFoundError(
            "没有这张照片，或者已经到期删除；there is no such picture, or it was deleted when it was old"
        )
    return Response(found, content_type=JPEG)


def shape(row: Sheet) -> resources.PassSheetShape:
    return {
        "id": row.id,
        "device": row.device,
        "camera": row.camera,
        "at": rfc3339(row.at_us),
        "received_at": rfc3339(row.received_us),
        "author": row.author,
        "passed": row.passed,
        "pictured": row.pictured,
        "findings": [_finding(one) for one in row.findings],
    }


def _finding(one: SheetFinding) -> resources.PassFinding:
    name, name_en = called(one.check)
    return {
        "check": one.check,
        "name": name,
        "name_en": name_en,
        "outcome": one.outcome.value,
        "found": one.found,
        "found_zh": one.found_zh,
        "advice": one.advice,
        "advice_zh": one.advice_zh,
    }
