"""The broker of the demonstration says what it is, and hears this machine only."""

import logging
import socket

import pytest
from device_model import SITE

from hub_server.ingest.access import Access
from hub_server.ingest.embedded_broker import EmbeddedBroker


def test_it_is_for_the_demonstration_only_says_so_and_listens_on_loopback_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = EmbeddedBroker(port=0, access=Access(site=SITE, device_secret_is=lambda _device, _secret: False))
    with caplog.at_level(logging.WARNING, "hub_server.ingest.embedded_broker"):
        broker.start()
    try:
        socket.create_connection(("127.0.0.1", broker.port), 5).close()
        for other in ("127.0.0.2", socket.gethostbyname(socket.gethostname())):
            if other != "127.0.0.1":
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection((other, broker.port), 5)
    finally:
        broker.stop()
    assert "for the demonstration only" in caplog.text
    assert "Mosquitto" in caplog.text
