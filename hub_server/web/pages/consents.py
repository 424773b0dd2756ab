"""The pages of consents."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("consents_pages", __name__)
