"""The hub's page and HTTP API: `create_app` makes the WSGI application."""

from hub_server.web.app import create_app
from hub_server.web.office import MqttAddress

__all__ = ["MqttAddress", "create_app"]
