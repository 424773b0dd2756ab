"""/more: the whole menu, for a phone."""

from werkzeug.wrappers import Response

from hub_server.web.pages.rules import Page, Pages, shown

blueprint = Pages("more", __name__)


@blueprint.page(Page(path="/more", scope=None))
def show() -> str | Response:
    return shown("more/more.html")
