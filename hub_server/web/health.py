"""/healthz: for whoever watches the hub itself. Open, because it tells nothing about people."""

from http import HTTPStatus

from flask import Response

from hub_server.web import resources
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes

blueprint = Routes("health", __name__)


@blueprint.operation(
    Operation(
        method="GET",
        path="/healthz",
        summary="How the hub is",
        scope=None,
        answer=resources.Health,
        degraded="something does not do its work",
    )
)
def healthz() -> Response:
    state = dict(office().health())
    well = state["status"] == "ok"
    return answer(state, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)
