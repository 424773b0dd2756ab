"""One window of a browser over one hub: what it must never do, what it looked like, how often it was touched."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, Request

PATIENCE_MS = 10_000
"""How long anything may take to appear; nothing waits that long when all is well."""

# The browser itself tells of a broken content policy, wherever in the page it happens.
_TELL_OF_CSP = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`content policy: ${event.violatedDirective} forbids ${event.blockedURI} ${event.sample}`);
});
"""
_STICKS_OUT = """(width) => [...document.body.querySelectorAll("*")]
  .filter((one) => one.getBoundingClientRect().right > width + 0.5 && getComputedStyle(one).position !== "fixed")
  .map((one) => `${one.tagName.toLowerCase()}.${one.className}#${one.id}: ${one.textContent.trim().slice(0, 40)}`)
  .reverse()"""


@dataclass(kw_only=True)
class Screen:
    """`size` is "desk" or "phone". `faults` must be empty at the end of a test, less what the test has `expected`."""

    page: Page
    url: str  # of the hub, without a slash at the end
    size: str
    pictures: Path | None
    faults: list[str] = field(default_factory=list)
    touches: int = 0
    _expected: list[str] = field(default_factory=list)

    @classmethod
    def over(cls, context: BrowserContext, *, url: str, size: str, pictures: Path | None) -> "Screen":
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(_TELL_OF_CSP)
        screen = cls(page=context.new_page(), url=url, size=size, pictures=pictures)
        context.on("console", screen._heard)
        context.on("weberror", lambda error: screen.faults.append(f"uncaught: {error.error}"))
        context.on("request", screen._asked)
        return screen

    @property
    def on_phone(self) -> bool:
        return self.size == "phone"

    def open(self, path: str) -> None:
        """Raises AssertionError when the hub answers with an error. A path that leads elsewhere is followed."""
        answer = self.page.goto(f"{self.url}{path}")
        assert answer is not None
        assert answer.ok, f"{path} answers {answer.status}"
        self.page.wait_for_load_state("load")

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def wait_for_path(self, pattern: str) -> None:
        """Until the page at a path that matches `pattern` (the whole of it) has loaded."""
        self.page.wait_for_url(lambda url: re.fullmatch(pattern, urlsplit(url).path) is not None)

    def touch(self, what: Locator) -> None:
        """A finger on a phone, a mouse at a desk; each is counted."""
        self.touches += 1
        if self.on_phone:
            what.tap()
        else:
            what.click()

    def agree(self) -> None:
        """From now on each question of the page's own (`confirm`) is answered with yes."""
        self.page.on("dialog", lambda dialog: dialog.accept())

    def picture(self, name: str) -> None:
        """The whole page from its top, whatever part of it the window shows; what it shows stays."""
        if self.pictures is None:
            return
        shown = self.page.evaluate("() => { const at = window.scrollY; window.scrollTo(0, 0); return at; }")
        self.page.screenshot(path=self.pictures / f"{name}-{self.size}.png", full_page=True, animations="disabled")
        self.page.evaluate("(at) => window.scrollTo(0, at)", shown)

    def scheme(self, colours: str) -> None:
        """ "light" or "dark", as the machine's owner likes it."""
        self.page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]  # one of the two

    def too_wide_px(self, width: int) -> int:
        """By how much the page is wider than `width`: then it must be pushed sideways to be read."""
        wide: int = self.page.evaluate("() => document.documentElement.scrollWidth")
        return wide - width

    def widest(self, width: int) -> list[str]:
        """What sticks out, for whoever must mend it: innermost first."""
        found: list[str] = self.page.evaluate(_STICKS_OUT, width)
        return found[:6]

    def expect(self, pattern: str) -> None:
        """A fault that belongs to the test, such as the refusal it provokes. It must come."""
        self._expected.append(pattern)

    def must_be_clean(self) -> None:
        """Raises AssertionError with everything that no test wanted."""
        for pattern in self._expected:
            assert any(re.search(pattern, fault) for fault in self.faults), f"did not come: {pattern}"
        left = [fault for fault in self.faults if not any(re.search(known, fault) for known in self._expected)]
        assert not left, "\n".join(left)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and not request.url.startswith(f"{self.url}/"):
            self.faults.append(f"asked elsewhere: {request.url}")


def until(condition: Callable[[], object], page: Page, timeout_s: float = 10) -> None:
    """Polls what only the hub can tell, letting the page live meanwhile. Raises AssertionError when it never comes."""
    for _ in range(int(timeout_s * 10)):
        if condition():
            return
        try:
            page.wait_for_timeout(100)
        except Error as error:
            raise AssertionError(f"the page has gone: {error}") from error
    raise AssertionError(f"not within {timeout_s} s")
