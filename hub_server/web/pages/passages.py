"""The pages of passages."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("passages_pages", __name__)
