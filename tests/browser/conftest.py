"""Chromium, a hub for each file of tests, and a window that fails the test for what it must never do."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from office_hub import OfficeHub, open_office
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from screen import Screen
from stage import Stage

CHROMIUM = shutil.which("chromium")
NOWHERE = "http://127.0.0.1:9"  # the port of "discard": nobody answers
SIZES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1400, "height": 900}, "screen": {"width": 1400, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "screen": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
    },
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of the session: while it lives, no other test of this thread could run an event loop."""
    if CHROMIUM is None:
        why = "no chromium on this machine: scripts/test --install-system, or apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    # Whatever is not this machine goes to a proxy that does not exist; a root's Chromium has no sandbox to be had.
    arguments = [f"--proxy-server={NOWHERE}", "--proxy-bypass-list=127.0.0.1", "--lang=zh-CN"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeHub]:
    stage = Stage(folder=tmp_path_factory.mktemp("office"))
    try:
        yield open_office(stage)
    finally:
        stage.end()


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pictures() -> Path | None:
    """The folder that the pictures of every journey go to; None: nobody wants to look, and none are taken."""
    named = os.environ.get("SHOUWANG_SCREENSHOTS")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def context(browser: Browser, size: str) -> Iterator[BrowserContext]:
    """A browser that nobody has used: no cookie, nothing kept. Its person lives in China."""
    context = browser.new_context(**SIZES[size], locale="zh-CN", timezone_id="Asia/Shanghai", color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def stranger(context: BrowserContext, office: OfficeHub, size: str, pictures: Path | None) -> Iterator[Screen]:
    """A window of somebody who has not logged in."""
    screen = Screen.over(context, url=office.url, size=size, pictures=pictures)
    yield screen
    screen.must_be_clean()


@pytest.fixture(scope="module")
def cookies(browser: Browser, office: OfficeHub) -> Any:
    """Of a session that may do everything, opened once for a file of tests."""
    context = browser.new_context()
    office.log_in(context)
    found = context.cookies()
    context.close()
    return found


@pytest.fixture
def screen(context: BrowserContext, cookies: Any, stranger: Screen) -> Screen:
    """A window of somebody who has logged in, and may do everything."""
    context.add_cookies(cookies)
    return stranger
