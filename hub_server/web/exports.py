"""/api/v1: tables out, and a person's own file."""

from hub_server.web.operations import Routes

blueprint = Routes("exports", __name__)
