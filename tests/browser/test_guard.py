"""The window's own promises: what these tests would not notice, they could not forbid."""

import re

import pytest
from accessibility import barriers
from screen import Screen, until

CSP = "Content Security Policy|content policy"
SINS = [
    ("console.error('broken')", "error: broken"),
    ("setTimeout(() => { throw new Error('too late'); }, 0)", "uncaught: .*too late"),
    ("{ const s = document.createElement('script'); s.textContent = '1'; document.head.append(s); }", CSP),
    ("document.body.setAttribute('style', 'color: red')", CSP),
    ("fetch('/api/v1/people').catch(() => 0)", "status of 401"),
    ("fetch('http://127.0.0.1:9/').catch(() => 0)", f"asked elsewhere: http://127.0.0.1:9/|{CSP}"),
    ("location.assign('http://neighbour.invalid/')", "asked elsewhere: http://neighbour.invalid/"),
]


@pytest.mark.parametrize(("sin", "fault"), SINS)
@pytest.mark.parametrize("size", ["desk"])
def test_the_window_notices_what_a_page_must_never_do(stranger: Screen, sin: str, fault: str) -> None:
    stranger.open("/login")
    assert not stranger.faults
    stranger.page.evaluate(f"() => {{ {sin} }}")
    until(lambda: any(re.search(fault, one) for one in stranger.faults), stranger.page)
    with pytest.raises(AssertionError, match=fault):
        stranger.must_be_clean()
    stranger.expect(f"{fault}|ERR_PROXY")


@pytest.mark.parametrize("size", ["desk"])
def test_a_fault_that_was_expected_must_come(stranger: Screen) -> None:
    stranger.expect("never")
    with pytest.raises(AssertionError, match="did not come: never"):
        stranger.must_be_clean()
    stranger._expected.clear()


BARRIERS = """() => {
  document.querySelector("main").innerHTML = `
    <p class="en" id="faint">faint</p><input id="nameless"><img src="/static/mark.svg" id="wordless">
    <nav><a class="tiny" href="/a">一</a><a class="tiny" href="/b">二</a></nav>`;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("#faint { color: #bbb } .tiny { display: block; height: 9px; width: 9px; overflow: hidden }");
  document.adoptedStyleSheets = [sheet];
}"""


@pytest.mark.parametrize("size", ["desk"])
def test_axe_has_eyes(stranger: Screen) -> None:
    stranger.open("/login")
    stranger.page.evaluate(BARRIERS)
    found = "\n".join(barriers(stranger.page))
    for rule in ("color-contrast", "label", "image-alt", "target-size"):
        assert f"{rule} (" in found
