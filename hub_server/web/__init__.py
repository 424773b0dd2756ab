"""The hub's page and HTTP API: `create_app` makes the WSGI application."""

from hub_server.web.app import create_app
from hub_server.web.auth import LOCAL_CALLER
from hub_server.web.certifying import IssuingUnavailableError, RequestRefusedError, Site
from hub_server.web.enrolling import EnrolmentUnavailableError, PhotosRefusedError
from hub_server.web.office import MqttAddress
from hub_server.web.running import Figures

__all__ = [
    "LOCAL_CALLER",
    "EnrolmentUnavailableError",
    "Figures",
    "IssuingUnavailableError",
    "MqttAddress",
    "PhotosRefusedError",
    "RequestRefusedError",
    "Site",
    "create_app",
]
