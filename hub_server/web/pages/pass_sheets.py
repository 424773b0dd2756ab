"""/devices/<device>/pass-sheets/<n>: a sheet for the folder of the point, as it is printed."""

from datetime import datetime

from hub_server.store import devices, pass_sheets
from hub_server.store.errors import NotFoundError
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.pass_sheets import shape
from hub_server.web.scopes import Scope
from hub_server.web.times import OFFICE_ZONE

blueprint = Pages("pass_sheets_pages", __name__)


@blueprint.page(Page(path="/devices/<device>/pass-sheets/<row_id:sheet>", scope=Scope.EQUIPMENT))
def one(device: str, sheet: int) -> str:
    with office().store.read() as db:
        row = devices.get(db, device)
        found = pass_sheets.get(db, device=device, id=sheet)
    if row is None or found is None:
        raise NotFoundError("没有这张验收单；there is no such pass sheet")
    at = datetime.fromtimestamp(found.at_us // 1_000_000, OFFICE_ZONE)
    return shown("devices/pass_sheet.html", row=row, sheet=shape(found), at=f"{at:%Y-%m-%d %H:%M}")
