"""/api/v1: tables in: a preview with errors by row, then all or nothing."""

from hub_server.web.operations import Routes

blueprint = Routes("imports", __name__)
