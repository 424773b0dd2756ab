"""/api/v1: areas: sub-district, communities and villages, grids."""

from hub_server.web.operations import Routes

blueprint = Routes("areas", __name__)
