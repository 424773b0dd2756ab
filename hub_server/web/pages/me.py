"""The pages of me."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("me_pages", __name__)
