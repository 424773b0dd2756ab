"""/api/v1: passages of people and vehicles, filtered and counted."""

from hub_server.web.operations import Routes

blueprint = Routes("traffic", __name__)
