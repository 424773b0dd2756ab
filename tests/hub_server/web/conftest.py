"""The application over a real store, with a client for a program (token) and one for a stranger."""

from collections.abc import Iterator

import pytest
from web_hub import Clock, WebHub

from hub_server.store.store import Store


@pytest.fixture
def hub(store: Store, clock: Clock) -> Iterator[WebHub]:
    hub = WebHub(store=store, clock=clock)
    yield hub
    hub.stop()
