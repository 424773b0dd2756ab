"""/api/v1: the audit: search, and whether its chain holds."""

from hub_server.web.operations import Routes

blueprint = Routes("audit_log", __name__)
