"""The page of today: what is wrong, who is watched over, who has just passed."""

from playwright.sync_api import Locator
from screen import Screen


class Today:
    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._page = screen.page

    def open(self) -> "Today":
        """Open and alive: what happens from now on appears by itself."""
        self.screen.open("/")
        self._page.locator("#live[data-live=yes]").wait_for()
        return self

    @property
    def outlook(self) -> Locator:
        return self._page.locator("#outlook")

    def sighting(self, name: str) -> Locator:
        """The newest passage of this person."""
        return self._page.locator("#sighting-rows .sighting").filter(has_text=name).first

    def watch(self, name: str) -> Locator:
        return self._page.locator("#watch-rows tr").filter(has_text=name)

    def alert(self, name: str) -> Locator:
        return self._page.locator("#alert-rows .alert").filter(has_text=name)
