"""The pages of vehicles."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("vehicles_pages", __name__)
