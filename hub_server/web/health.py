"""/healthz: for whoever watches the hub itself. Open, because it tells nothing about people."""

from http import HTTPStatus

from flask import Blueprint, Response

from hub_server.web.lists import answer
from hub_server.web.office import office

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    state = dict(office().health())
    well = state["status"] == "ok"
    return answer(state, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)
