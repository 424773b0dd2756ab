"""/api/v1: search as one types."""

from hub_server.web.operations import Routes

blueprint = Routes("search", __name__)
