import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from firmware_config.mosquitto import ACL, CONF, PASSWORDS, Account, MosquittoSite, Tls, render

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
            "topic write shouwang/v1/demo/+/cmd",
            "topic write shouwang/v1/demo/hub/status",
            "topic write shouwang/v1/demo/hub/alert",
        ],
        [
            "user door-east",
            "topic write shouwang/v1/demo/door-east/blob/up",
            "topic write shouwang/v1/demo/door-east/status",
            "topic write shouwang/v1/demo/door-east/up",
            "topic read shouwang/v1/demo/door-east/ack",
            "topic read shouwang/v1/demo/door-east/blob/down",
            "topic read shouwang/v1/demo/door-east/cmd",
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
    with pytest.raises(ValueError, match="no name"):
        replace(site(), watchdogs=(Account(username=name, secret="s"),))


def test_a_device_called_hub_could_say_that_the_hub_is_well_and_is_refused() -> None:
    with pytest.raises(ValueError, match="no name"):
        site(Account(username="hub", secret="s"))


def test_a_watchdog_reads_how_the_hub_is_and_a_listener_the_alerts_too_and_nothing_else() -> None:
    watched = replace(
        site(Account(username="door-east", secret="s")),
        watchdogs=(Account(username="watchdog", secret="t"),),
        listeners=(Account(username="big-screen", secret="u"),),
    )
    blocks = [block.splitlines() for block in render(watched)[ACL].strip().split("\n\n")]
    assert blocks[2:] == [
        ["user watchdog", "topic read shouwang/v1/demo/hub/status"],
        ["user big-screen", "topic read shouwang/v1/demo/hub/status", "topic read shouwang/v1/demo/hub/alert"],
    ]
    names = [line.split(":")[0] for line in render(watched)[PASSWORDS].splitlines()]
    assert names == ["hub.office", "door-east", "watchdog", "big-screen"]
    with pytest.raises(ValueError, match="one name"):
        replace(watched, listeners=watched.watchdogs)
    with pytest.raises(ValueError, match="needs a secret"):
        replace(watched, listeners=(Account(username="big-screen"),))


def test_a_device_cannot_have_the_hubs_name() -> None:
    with pytest.raises(ValueError, match="one name"):
        site(Account(username="door", secret="s"), hub=Account(username="door", secret="t"))


TLS = Tls(ca=Path("/etc/site/ca.pem"), certificate=Path("/etc/site/broker.pem"), key=Path("/etc/site/broker.key"))


def over_tls(*names: str, hub: str = "hub.office", tls: Tls = TLS, secret: str | None = None) -> MosquittoSite:
    return MosquittoSite(
        site="demo",
        host="0.0.0.0",  # noqa: S104 a broker is for the network
        port=8883,
        folder=Path("/etc/site"),
        hub=Account(username=hub),
        devices=tuple(Account(username=name, secret=secret) for name in names),
        tls=tls,
    )


def settings_of(site: MosquittoSite) -> dict[str, str]:
    lines = render(site)[CONF].splitlines()
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith(("#", "log_type")))


def test_with_tls_the_certificate_is_asked_for_and_no_password() -> None:
    site = over_tls("door-east")
    assert set(render(site)) == {CONF, ACL}
    settings = settings_of(site)
    assert "password_file" not in settings
    assert {name: settings[name] for name in ("cafile", "certfile", "keyfile")} == {
        "cafile": "/etc/site/ca.pem",
        "certfile": "/etc/site/broker.pem",
        "keyfile": "/etc/site/broker.key",
    }
    assert "crlfile" not in settings
    for name in ("require_certificate", "use_identity_as_username"):
        assert settings[name] == "true"
    assert (settings["tls_version"], settings["allow_anonymous"]) == ("tlsv1.2", "false")
    revoking = Tls(ca=TLS.ca, certificate=TLS.certificate, key=TLS.key, crl=Path("/etc/site/crl.pem"))
    assert settings_of(over_tls(tls=revoking))["crlfile"] == "/etc/site/crl.pem"
    assert "user door-east" in render(site)[ACL]


def test_everything_has_a_limit_and_the_limits_agree_with_the_protocol() -> None:
    settings = settings_of(over_tls("a", "b"))
    assert PAYLOAD_BYTES_MAX < int(settings["message_size_limit"]) < int(settings["max_packet_size"])
    assert int(settings["max_keepalive"]) == 600, "the longest that agent.toml may say"
    for name in ("max_inflight_messages", "max_queued_messages", "max_queued_bytes", "autosave_interval"):
        assert int(settings[name]) > 0, "0 would mean: no limit"
    assert int(settings["max_connections"]) - int(settings_of(over_tls("a"))["max_connections"]) == 4


def test_a_name_that_a_device_could_have_is_none_for_the_hub_where_certificates_decide() -> None:
    with pytest.raises(ValueError, match="be the hub"):
        over_tls("door-east", hub="hub")


def test_secrets_stand_where_they_are_asked_for_and_nowhere_else() -> None:
    with pytest.raises(ValueError, match="leave it out"):
        over_tls("door-east", secret="s")
    with pytest.raises(ValueError, match="needs a secret"):
        site(Account(username="door-east"))


def test_a_path_cannot_smuggle_in_a_setting() -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        over_tls(tls=Tls(ca=Path("/ca\nallow_anonymous true"), certificate=TLS.certificate, key=TLS.key))
