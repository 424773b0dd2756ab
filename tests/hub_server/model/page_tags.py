"""A page as its tags and its words, and texts that would be more than text on a careless page."""

from html.parser import HTMLParser

EVIL = "<script>alert('守')</script><img src=x onerror=alert(1)>"
EVIL_QUOTED = "\"'><svg onload=alert(1)>"
EVILS = (EVIL, EVIL_QUOTED, "{{ 7 * 7 }}", "javascript:alert(1)")


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the text of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def demand_harmless(self) -> None:
        """What people wrote has become no tag, no handler and no address of a script; nothing is inline."""
        for tag, attrs in self.tags:
            assert not any(name.startswith("on") for name in attrs), (tag, attrs)
            assert "style" not in attrs, (tag, attrs)
            assert tag not in {"iframe", "object", "style"}, (tag, attrs)
            link = attrs.get("href") or attrs.get("action") or "/"
            assert link.startswith(("/", "#", "tel:")), (tag, attrs)
            assert not link.startswith("//"), (tag, attrs)
        assert all((attrs.get("src") or "").startswith("/static/") for tag, attrs in self.tags if tag == "script")
        assert {attrs["src"] for tag, attrs in self.tags if tag == "img"} == {"/static/mark.svg"}
