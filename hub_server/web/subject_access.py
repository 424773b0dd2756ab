"""/api/v1/people/<person>/file: everything that is kept about somebody, for themselves."""

from hub_server.web.operations import Routes

blueprint = Routes("subject_access", __name__)
