import base64
import hashlib
from pathlib import Path

import pytest

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from firmware_config.mosquitto import ACL, CONF, PASSWORDS, Account, MosquittoSite, render

HUB = Account(username="hub.office", secret="hub secret")


def site(*devices: Account, name: str = "demo", hub: Account = HUB) -> MosquittoSite:
    return MosquittoSite(site=name, host="127.0.0.1", port=1883, folder=Path("/etc/site"), hub=hub, devices=devices)


def test_a_device_may_write_and_read_its_own_channels_and_nothing_else() -> None:
    text = render(site(Account(username="door-east", secret="s")))[ACL]
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    assert blocks == [
        [
            "user hub.office",
            "topic read shouwang/v1/demo/+/blob/up",
            "topic read shouwang/v1/demo/+/status",
            "topic read shouwang/v1/demo/+/up",
            "topic write shouwang/v1/demo/+/ack",
            "topic write shouwang/v1/demo/+/blob/down",
        ],
        [
            "user door-east",
            "topic write shouwang/v1/demo/door-east/blob/up",
            "topic write shouwang/v1/demo/door-east/status",
            "topic write shouwang/v1/demo/door-east/up",
            "topic read shouwang/v1/demo/door-east/ack",
            "topic read shouwang/v1/demo/door-east/blob/down",
        ],
    ]


def test_nobody_is_anonymous_and_a_payload_at_the_protocols_limit_passes() -> None:
    settings = dict(
        line.split(" ", 1) for line in render(site())[CONF].splitlines() if line and not line.startswith("#")
    )
    assert settings["allow_anonymous"] == "false"
    assert settings["acl_file"] == "/etc/site/acl"
    assert int(settings["message_size_limit"]) > PAYLOAD_BYTES_MAX
    assert settings["listener"] == "1883 127.0.0.1"


def test_the_password_file_holds_salted_hashes_only() -> None:
    two = site(Account(username="a", secret="same"), Account(username="b", secret="same"))
    lines = dict(line.split(":", 1) for line in render(two)[PASSWORDS].splitlines())
    assert set(lines) == {"hub.office", "a", "b"}
    assert lines["a"] != lines["b"]
    _, kind, iterations, salt, digest = lines["a"].split("$")
    assert kind == "7"
    expected = hashlib.pbkdf2_hmac("sha512", b"same", base64.b64decode(salt), int(iterations), 64)
    assert base64.b64decode(digest) == expected


@pytest.mark.parametrize("name", ["+", "a/b", "A", "a b", "a\nuser b", ""])
def test_a_name_that_would_open_another_door_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        site(Account(username=name, secret="s"))
    with pytest.raises(ValueError, match="no name"):
        site(name=name)


def test_a_device_cannot_have_the_hubs_name() -> None:
    with pytest.raises(ValueError, match="one name"):
        site(Account(username="door", secret="s"), hub=Account(username="door", secret="t"))
