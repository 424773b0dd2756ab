"""A real Mosquitto with certificates, and callers of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tls_site import NO_MOSQUITTO, PROGRAM, Call, Caller, Papers, TlsSite


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., TlsSite]]:
    """Starts one, with some lines of its configuration replaced."""
    if PROGRAM is None:
        pytest.skip(NO_MOSQUITTO)
    made: list[TlsSite] = []

    def make(**settings: str) -> TlsSite:
        made.append(TlsSite(tmp_path, **settings))
        made[-1].start()
        return made[-1]

    yield make
    for site in made:
        site.stop()


@pytest.fixture
def site(make_site: Callable[..., TlsSite]) -> TlsSite:
    return make_site()


@pytest.fixture
def callers() -> Iterator[list[Caller]]:
    callers: list[Caller] = []
    yield callers
    for caller in callers:
        caller.close()


@pytest.fixture
def call(site: TlsSite, callers: list[Caller]) -> Call:
    def call(who: str | Papers, **options: object) -> Caller:
        papers = site.papers(who) if isinstance(who, str) else who
        callers.append(Caller(site, papers, **{"client_id": f"caller-{len(callers)}"} | options))  # type: ignore[arg-type]
        return callers[-1]

    return call
