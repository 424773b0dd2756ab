"""Profiles: what may stand in them, and that everything wrong is told at once."""

import pytest
from cards import GATE, ROOT_PEM, SSH_KEY
from hypothesis import given
from hypothesis import strategies as st

from firmware_config.profile import DeviceProfile, Kind, ProfileError, SiteFacts, Wifi


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ProfileError) as caught:
        DeviceProfile(
            device="hub",
            kind="shop",  # type: ignore[arg-type]
            camera="walk.mp4",
            relay="gpio:99",
            width=True,
            time_zone="../../etc/passwd",
            ssh_keys=("ssh-ed25519 short",),
            read_only_root="yes",  # type: ignore[arg-type]
        )
    told = set(caught.value.problems)
    assert told == {"device", "kind", "camera", "relay", "width", "time_zone", "ssh_keys", "read_only_root"}


@pytest.mark.parametrize(
    ("kind", "faces", "plates"),
    [(Kind.DOOR, True, False), (Kind.BARRIER, False, True), (Kind.CLINIC, True, False), (Kind.STREET, True, True)],
)
def test_the_kind_says_what_is_looked_for(kind: Kind, *, faces: bool, plates: bool) -> None:
    profile = DeviceProfile(device="a", kind=kind)
    assert (profile.sees_faces, profile.sees_plates) == (faces, plates)


def test_a_setting_says_it_over_the_kind() -> None:
    profile = DeviceProfile(device="a", kind=Kind.BARRIER, faces=True, plates=False)
    assert (profile.sees_faces, profile.sees_plates) == (True, False)


def test_a_read_only_root_without_a_data_partition_would_forget_the_journal_and_is_refused() -> None:
    with pytest.raises(ProfileError, match="partition of its own"):
        DeviceProfile(device="a", read_only_root=True)


@pytest.mark.parametrize(
    "camera",
    ["/dev/../etc/shadow", "rtsp://", "rtsp://a b", "file:///etc/passwd", "/dev", "replay:a.mp4", "picamera2\n", ""],
)
def test_what_is_no_camera_is_refused(camera: str) -> None:
    with pytest.raises(ProfileError, match="camera must be one of"):
        DeviceProfile(device="a", camera=camera)


@pytest.mark.parametrize("camera", ["picamera2", "/dev/video0", "rtsp://viewer:pw@192.0.2.20:554/main?x=1"])
def test_cameras_are_taken(camera: str) -> None:
    assert DeviceProfile(device="a", camera=camera).camera == camera


@pytest.mark.parametrize("data", ["/dev/../etc", "LABEL=a b", "LABEL=$(x)", "mmcblk0p3", "/etc/passwd"])
def test_what_is_no_partition_is_refused(data: str) -> None:
    with pytest.raises(ProfileError, match="data must be"):
        DeviceProfile(device="a", data=data)


@given(st.text(max_size=40))
def test_no_text_with_a_line_feed_or_a_control_sign_gets_in(text: str) -> None:
    try:
        profile = DeviceProfile(device="a", place=text)
    except ProfileError:
        return
    assert all(character.isprintable() or character == "\u3000" for character in profile.place)
    assert not set("\n\r\0\x1b\u2028\u202e") & set(profile.place)


def test_what_the_hub_keeps_becomes_a_profile() -> None:
    answer = {
        "device": "gate-east",
        "kind": "barrier",
        "camera": "picamera2",
        "relay": "gpio:17",
        "settings": {"camera_name": "east", "fps": 10, "ssh_keys": [SSH_KEY], "time_servers": ["ntp.guihua.lan"]},
        "changed_at": None,
    }
    profile = DeviceProfile.of_hub(answer, place="东门", area="桂花村", wifi=GATE.wifi)
    assert (profile.kind, profile.camera_name, profile.fps, profile.place) == (Kind.BARRIER, "east", 10, "东门")
    assert (profile.ssh_keys, profile.time_servers) == ((SSH_KEY,), ("ntp.guihua.lan",))


def test_a_setting_that_nobody_knows_is_told_together_with_wrong_values() -> None:
    answer = {"device": "a", "kind": "door", "camera": "picamera2", "relay": "", "settings": {"fsp": 3, "fps": 0}}
    with pytest.raises(ProfileError) as caught:
        DeviceProfile.of_hub(answer)
    assert set(caught.value.problems) == {"fps", "settings.fsp"}


def test_the_hub_cannot_say_the_network_or_another_device() -> None:
    answer = {"device": "a", "kind": "door", "settings": {"wifi": {"ssid": "x"}, "device": "b"}}
    with pytest.raises(ProfileError, match=r"settings\.device is no setting.*settings\.wifi is no setting"):
        DeviceProfile.of_hub(answer)


def test_the_wifi_key_is_that_of_the_standard() -> None:
    """IEEE 802.11i, annex J.4.2, the first test vector."""
    wifi = Wifi(ssid="IEEE", passphrase="password", country="CN")
    assert wifi.key == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"


def test_a_key_is_taken_as_it_is_and_an_open_network_has_none() -> None:
    assert Wifi(ssid="a", passphrase="AB" * 32, country="CN").key == "ab" * 32
    assert Wifi(ssid="a", country="CN").key is None


@pytest.mark.parametrize(
    ("ssid", "passphrase", "country"),
    [
        ("", "12345678", "CN"),
        ("a" * 33, "12345678", "CN"),
        ("门" * 11, None, "CN"),
        ("a\nb", None, "CN"),
        ("a", "short", "CN"),
        ("a", "密码密码密码密码", "CN"),
        ("a", "1234567\n", "CN"),
        ("a", None, "cn"),
    ],
)
def test_what_no_radio_would_take_is_refused(ssid: str, passphrase: str | None, country: str) -> None:
    with pytest.raises(ProfileError, match="Wi-Fi"):
        Wifi(ssid=ssid, passphrase=passphrase, country=country)


def test_a_passphrase_is_shown_nowhere() -> None:
    wrong = "pass\tphrase of an office"
    with pytest.raises(ProfileError) as caught:
        Wifi(ssid="a", passphrase=wrong, country="CN")
    assert wrong not in str(caught.value)
    assert "correct horse" not in repr(GATE)


def test_a_site_is_checked_too() -> None:
    with pytest.raises(ProfileError) as caught:
        SiteFacts(site="A", broker_host="a b", broker_port=0, page="http://x", root_pem="x")
    assert set(caught.value.problems) == {"site", "broker_host", "broker_port", "page", "root_pem"}
    site = SiteFacts(site="a", broker_host="2001:db8::1", page="https://[2001:db8::1]:8443", root_pem=ROOT_PEM)
    assert site.broker_port == 8883
