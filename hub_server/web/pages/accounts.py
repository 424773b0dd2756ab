"""The pages of accounts."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("accounts_pages", __name__)
