"""/api/v1: households."""

from hub_server.web.operations import Routes

blueprint = Routes("households", __name__)
