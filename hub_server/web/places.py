"""/api/v1: places."""

from hub_server.web.operations import Routes

blueprint = Routes("places", __name__)
