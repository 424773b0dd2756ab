"""Every answer that shows somebody, a picture or a plate is a row of the audit, before it goes out."""

from http import HTTPStatus

from flask import Response, request

from hub_server.store.errors import StoreError
from hub_server.web.office import office
from hub_server.web.problems import ProblemError, respond
from hub_server.web.writing import note


def record(response: Response) -> Response:
    """After the view. What cannot be noted is not shown."""
    endpoint = request.endpoint or ""
    rule = office().pages.get(endpoint) or office().operations.get(endpoint)
    if rule is None or not rule.looks or response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        return response
    try:
        note({"asked": sorted(request.args)} if request.args else None)
    except StoreError as error:
        return respond(ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": "10"}))
    return response
