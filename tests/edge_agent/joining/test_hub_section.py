"""Two values of [hub] are put right, and nothing else moves."""

import tomllib

import pytest

from edge_agent.errors import JoinError
from edge_agent.joining.hub_section import with_broker

AGENT = """\
# our gate
site = "riverside"
host = "not this one"

[hub]
host = '10.0.0.1'           # the broker
port = 1883                 # plain
tls_ca = "ca.pem"

[camera]
name = "east"
port = 1
"""


def test_host_and_port_change_and_remarks_stay() -> None:
    changed = with_broker(AGENT, host="hub.lan", port=8883)
    assert changed == AGENT.replace("'10.0.0.1'", '"hub.lan"').replace("port = 1883", "port = 8883")


def test_what_is_right_is_left_as_it_is_byte_for_byte() -> None:
    assert with_broker(AGENT, host="10.0.0.1", port=1883) is AGENT
    assert with_broker(AGENT.replace("port = 1883", ""), host="10.0.0.1", port=1883).count("port") == 1


@pytest.mark.parametrize(
    "text",
    [
        AGENT.replace("port = 1883                 # plain\n", ""),
        AGENT.replace("[hub]", "  [ hub ]  # where"),
        "[hub]\nhost = 'a'",
        "[hub]",
        AGENT.replace("\n", "\r\n"),
    ],
)
def test_every_way_of_writing_it_ends_with_both(text: str) -> None:
    before = tomllib.loads(text)
    after = tomllib.loads(with_broker(text, host="hub.lan", port=8883))
    assert after["hub"] == {**before["hub"], "host": "hub.lan", "port": 8883}
    assert {**after, "hub": 0} == {**before, "hub": 0}


@pytest.mark.parametrize("text", ["hub = {host = 'a', port = 1}", "[camera]\nname = 'a'", "hub.host = 'a'", "a = "])
def test_what_cannot_be_changed_by_line_is_said_and_not_guessed(text: str) -> None:
    with pytest.raises(JoinError):
        with_broker(text, host="hub.lan", port=8883)
