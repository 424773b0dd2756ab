"""The pages of alerts."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("alerts_pages", __name__)
