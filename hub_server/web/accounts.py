"""/api/v1: accounts: who may open the page, as what, and where."""

from hub_server.web.operations import Routes

blueprint = Routes("accounts", __name__)
