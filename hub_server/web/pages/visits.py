"""The pages of visits."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("visits_pages", __name__)
