"""/api/v1: what each field was before."""

from hub_server.web.operations import Routes

blueprint = Routes("histories", __name__)
