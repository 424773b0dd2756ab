"""axe-core over a page: what keeps somebody out, by the rules of WCAG 2.2 AA."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_NODES_MAX = 4
_GRAVE = frozenset({"serious", "critical"})
_COLOURS = ("color-contrast", "link-in-text-block")
_RUN = """async ([type, values]) => {
  const options = {runOnly: {type, values}, resultTypes: ["violations"]};
  window.scrollTo(0, 0); // what the sticky header happens to cover is no smaller for it
  // What lies behind an open dialog is out of reach, and axe would look straight through it.
  return (await axe.run(document.querySelector("dialog:modal") ?? document, options)).violations;
}"""


def keeps_nobody_out(page: Page) -> None:
    """Raises AssertionError with what `barriers` finds."""
    found = barriers(page)
    assert not found, f"{page.url}:\n" + "\n".join(found)


def barriers(page: Page, *, colours_only: bool = False) -> list[str]:
    """Each serious or critical finding, and each of any weight against WCAG itself: rule, help, and where.

    `colours_only`: for a page that has been asked everything, and is now shown in other colours.
    """
    # Through the debugger, which the content policy does not bind; the page's own policy stays as it is.
    page.evaluate(_AXE)
    found = page.evaluate(_RUN, ["rule", list(_COLOURS)] if colours_only else ["tag", list(_TAGS)])
    return [_told(one) for one in found if one["impact"] in _GRAVE or "best-practice" not in one["tags"]]


def _told(found: dict[str, Any]) -> str:
    nodes = [f"    {node['html'][:160]}\n    {node['failureSummary']}" for node in found["nodes"][:_NODES_MAX]]
    return "\n".join([f"{found['id']} ({found['impact']}): {found['help']}", *nodes])
