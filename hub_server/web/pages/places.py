"""The pages of places."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("places_pages", __name__)
