"""The pages of imports."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("imports_pages", __name__)
