"""The pages of workers."""

from hub_server.web.pages.rules import Pages

blueprint = Pages("workers_pages", __name__)
