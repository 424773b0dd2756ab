"""A hub's page over real HTTP."""

from collections.abc import Iterator

import pytest
from hub_page import HubPage, hub_page


@pytest.fixture
def page() -> Iterator[HubPage]:
    with hub_page() as page:
        yield page
