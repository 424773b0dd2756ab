"""/api/v1/alerts/<alert>/course and /api/v1/devices/<device>/course: what cameras did, stretch by stretch."""

from typing import Annotated

from flask import Response
from msgspec import Meta, Struct

from hub_server.store import alerts, courses, coverage, devices
from hub_server.store.courses import Course
from hub_server.store.errors import NotFoundError
from hub_server.watch.coverage import Window
from hub_server.web import course_resources as resources
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import DAY_US, rfc3339, today

blueprint = Routes("courses", __name__)
DAYS_MAX = 31

Days = Annotated[int, Meta(ge=1, le=DAYS_MAX, description=f"a whole number of days, 1 to {DAYS_MAX}")]


class CourseQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`days`: so many of the office's days up to now, today among them."""

    days: Days = 7


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/alerts/<row_id:alert>/course",
        summary="What each usual camera did while the person was not seen, stretch by stretch",
        scope=Scope.READ,
        answer=resources.CameraCourses,
    )
)
def of_alert(alert: int) -> Response:
    store = office().store
    with store.read() as db:
        row = alerts.get(db, alert)
        if row is None:
            raise NotFoundError(f"没有 {alert} 号警报；there is no alert {alert}")
        told = coverage.for_alert(db, row, store.now_us())
        return answer(_shape(told.window, courses.of_usual(db, told)))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>/course",
        summary="What each of its cameras did in the last days, stretch by stretch",
        scope=Scope.EQUIPMENT,
        query=CourseQuery,
        answer=resources.CameraCourses,
    )
)
def of_device(device: str, asked: CourseQuery) -> Response:
    store = office().store
    now_us = store.now_us()
    window = days(now_us, asked.days)
    with store.read() as db:
        if not devices.exists(db, device):
            raise NotFoundError(f"没有设备 {device}；there is no device {device}")
        return answer(_shape(window, courses.of_device(db, device, from_us=window.from_us, until_us=window.until_us)))


def days(now_us: int, count: int) -> Window:
    """So many days of the office's up to now, today among them."""
    from_us, _ = today(now_us)
    return Window(from_us=from_us - (count - 1) * DAY_US, until_us=now_us)


def _shape(window: Window, found: tuple[Course, ...]) -> resources.CameraCourses:
    return {
        "from": rfc3339(window.from_us),
        "until": rfc3339(window.until_us),
        "cameras": [
            {
                "device": one.device,
                "place": one.place,
                "camera": one.camera,
                "watching": round(one.shares.watching, 4),
                "parts": [
                    {
                        "from": rfc3339(part.began_us),
                        "until": rfc3339(part.ended_us),
                        "state": part.state,
                        "cause": part.cause,
                    }
                    for part in one.parts
                ],
            }
            for one in found
        ],
    }
