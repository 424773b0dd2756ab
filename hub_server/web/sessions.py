"""/api/v1: account sessions: listed and revoked."""

from hub_server.web.operations import Routes

blueprint = Routes("sessions", __name__)
