"""Every answer that shows somebody, a picture or a plate is a row of the audit, before it goes out."""

import logging
from http import HTTPStatus

from flask import Response, g, request

from hub_server.store.errors import StoreError
from hub_server.web.office import office
from hub_server.web.problems import ProblemError, respond
from hub_server.web.writing import is_audited, note

_log = logging.getLogger(__name__)


def record(response: Response) -> Response:
    """After the view. What cannot be noted is not shown, except what is urgent: nobody lies there for a full disk."""
    endpoint = request.endpoint or ""
    rule = office().pages.get(endpoint) or office().operations.get(endpoint)
    if rule is None or not rule.looks or is_audited() or response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        return response
    if "caller" not in g:
        return response  # nobody is logged in: it shows nothing of anybody
    try:
        note({"asked": sorted(request.args)} if request.args else None)
    except StoreError as error:
        if rule.urgent:
            _log.exception("a look could not be noted: %s", endpoint)
            return response
        response.close()
        return respond(ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": "10"}))
    return response
