"""The pages of people."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("people_pages", __name__)
