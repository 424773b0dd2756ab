"""The pages of privacy."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("privacy_pages", __name__)
