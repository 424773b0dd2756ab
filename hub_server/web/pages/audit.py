"""The pages of audit."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("audit_pages", __name__)
