"""/api/v1: how long each class of data is kept, and what was deleted."""

from hub_server.web.operations import Routes

blueprint = Routes("retention", __name__)
