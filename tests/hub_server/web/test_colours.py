"""Every colour is written once, for day and for night, and every pair that meets can be read: WCAG 2.2 AA, computed.

And every letter grows with the reader's wish.
"""

import re
from pathlib import Path

import pytest

import hub_server.web

STATIC = Path(hub_server.web.__file__).parent / "static"
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(")
TEXT, SHAPE = 4.5, 3.0  # contrast at least: success criteria 1.4.3, and 1.4.11 with 2.4.13
PAIRS = [
    *(
        (ink, paper, TEXT)
        for ink in ("ink", "quiet", "lantern", "care", "well")
        for paper in ("paper", "card", "hover")
    ),
    *((ink, soft, TEXT) for ink in ("ink", "quiet") for soft in ("unsure-soft", "care-soft", "well-soft")),
    ("lantern", "unsure-soft", TEXT),
    ("care", "care-soft", TEXT),
    ("well", "well-soft", TEXT),
    ("button-ink", "button", TEXT),
    *((shape, paper, SHAPE) for shape in ("edge", "lantern") for paper in ("paper", "card")),
]


def schemes() -> dict[str, dict[str, str]]:
    """The variables of page.css by day and by night, those with one colour."""
    day, night = re.findall(r":root \{(.*?)\}", (STATIC / "page.css").read_text(), re.DOTALL)
    by_day = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", day))
    return {"day": by_day, "night": by_day | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", night))}


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, 0..1, by the definition of WCAG 2."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1..21"""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", ["day", "night"])
@pytest.mark.parametrize(("ink", "paper", "least"), PAIRS)
def test_what_meets_can_be_told_apart(scheme: str, ink: str, paper: str, least: float) -> None:
    colours = schemes()[scheme]
    found = contrast(colours[ink], colours[paper])
    assert found >= least, f"{ink} {colours[ink]} on {paper} {colours[paper]} by {scheme}: {found:.2f}"


def test_by_night_every_colour_is_said_anew() -> None:
    both = schemes()
    same = {name for name, colour in both["day"].items() if both["night"][name] == colour}
    assert not same


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_a_colour_is_written_as_a_variable_or_is_that_of_a_chart(path: Path) -> None:
    """Of a chart: `fill`, which must stand out from the card in its scheme."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    day, _, night = text.partition("@media (prefers-color-scheme: dark)")
    for scheme, part in (("day", day), ("night", night)):
        for colour in re.findall(r"fill: (#[0-9a-f]{6})", part):
            assert contrast(colour, schemes()[scheme]["card"]) >= SHAPE, colour
    left = re.sub(r"--[\w-]+: [^;}]*|fill: #[0-9a-f]{6}|#000\b|#fff\b", "", text)  # printed: black on white
    assert not COLOUR.findall(left)


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_letters_are_sized_by_the_readers_wish_but_in_a_picture(path: Path) -> None:
    """The letters of a chart grow with the chart, which is as wide as its place."""
    rules = re.findall(r"([^{}]*)\{([^{}]*)\}", path.read_text())
    fixed = [name.strip() for name, body in rules if re.search(r"font(-size)?: [^;]*\dpx", body)]
    assert not [name for name in fixed if not re.search(r"\.chart|\.course", name)]
