"""A hub in which every page has something to show, and where each page of the product is found in it."""

from camera import Camera
from office_hub import OfficeHub

EXAMPLES = {
    "/": "/",
    "/accounts": "/accounts",
    "/accounts/<account>": "/accounts/limin",
    "/alerts": "/alerts",
    "/alerts/<row_id:alert>": "/alerts/1",
    "/areas": "/areas",
    "/areas/<area>": "/areas/桂花村",
    "/audit": "/audit",
    "/devices": "/devices",
    "/devices/<device>": "/devices/door-east",
    "/devices/<device>/pass-sheets/<row_id:sheet>": "/devices/door-east/pass-sheets/1",
    "/households": "/households",
    "/households/<row_id:household>": "/households/1",
    "/households/<row_id:household>/edit": "/households/1/edit",
    "/households/new": "/households/new",
    "/imports": "/imports",
    "/imports/<row_id:table>": "/imports/1",
    "/me": "/me",
    "/more": "/more",
    "/passages": "/passages",
    "/passages/figures": "/passages/figures",
    "/people": "/people",
    "/people/<person>": "/people/resident-01",
    "/people/<person>/consents": "/people/resident-01/consents",
    "/people/<person>/consents/form": "/people/resident-01/consents/form",
    "/people/<person>/edit": "/people/resident-01/edit",
    "/people/new": "/people/new",
    "/places": "/places",
    "/places/<place>": "/places/卫生站",
    "/privacy": "/privacy",
    "/rollouts": "/rollouts",
    "/rollouts/<row_id:rollout>": "/rollouts/1",
    "/search": "/search?q=示",
    "/vehicles": "/vehicles",
    "/vehicles/<row_id:vehicle>": "/vehicles/1",
    "/vehicles/new": "/vehicles/new",
    "/visits": "/visits",
    "/workers": "/workers",
    "/workers/<row_id:recipient>": "/workers/1",
}
"""Of each page that the product declares: one that stands in the furnished hub."""
_COMMUNITY, _VILLAGE = "虚构市守望示范社区", "桂花村"
_HOUR_S = 3600


def furnish(office: OfficeHub) -> None:
    """Households, cars, visits, passages, blind hours, a table with mistakes, an account and an alert."""
    api = office.api
    office.miss("p-li", "李秀兰", _VILLAGE)
    home = api.post("/api/v1/households", number="1-101", area=_COMMUNITY, address="1号楼101", phone="000 0000 0101")
    for person, relation in (("resident-01", "户主"), ("resident-07", "配偶")):
        api.patch(f"/api/v1/people/{person}", household=home["id"], relation=relation, care=["lives_alone", "ill"])
    api.post("/api/v1/people/resident-01/contacts", name="赵示小", relation="女儿", phone="000 0000 0201")
    api.post("/api/v1/people/resident-01/observations", kind="visit", note="在家做饭，一切都好", by="王敏")
    api.post(
        "/api/v1/people/resident-01/consents",
        purpose="door",
        text_version="示范",
        given_on="2026-01-02",
        collector="王敏",
    )
    api.post("/api/v1/vehicles", plate="沪A12B34", owner="household", household=home["id"], label="1号楼101", by="王敏")
    api.post("/api/v1/places", name="卫生站", kind="clinic", area=_VILLAGE)
    api.post("/api/v1/rollouts", kind="config", everywhere=True, change={"camera": {"fps": 10}}, note="省电", by="周")
    api.post("/api/v1/accounts", name="limin", display="李敏", role="grid_worker", areas=[_VILLAGE])
    office.bring(
        "people",
        "居民.csv",
        "姓名,出生日期,电话\r\n李秀兰,1943年13月1日,138 0013 0001\r\n陈秀英,1950-02-03,138 0013 0002\r\n",
    )
    with Camera(office, "door-east") as camera:
        camera.watched("watching", began_s_ago=20 * _HOUR_S, ended_s_ago=6 * _HOUR_S)
        camera.watched("blind", began_s_ago=6 * _HOUR_S, ended_s_ago=4 * _HOUR_S, cause="glare")
        camera.proved()
        for s_ago in range(5 * _HOUR_S, 0, -900):
            camera.saw("resident-01" if s_ago % 1800 else None, s_ago=s_ago)
