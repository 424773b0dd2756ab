"""The pages of search."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("search_pages", __name__)
