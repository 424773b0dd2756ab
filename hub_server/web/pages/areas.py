"""The pages of areas."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("areas_pages", __name__)
