"""The pages of households."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("households_pages", __name__)
