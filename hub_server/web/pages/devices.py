"""The pages of devices."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("devices_pages", __name__)
