"""The generated configuration in a real Mosquitto: who is let in, what it may do, and what the broker bears."""

import socket
import ssl
import warnings
from collections.abc import Callable
from contextlib import suppress

import pytest
from tls_site import EAST, HUB, NO_MOSQUITTO, PROGRAM, SITE, TIMEOUT_S, WEST, Call, Caller, Papers, TlsSite

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.topics import READ_BY_DEVICE, WRITTEN_BY_DEVICE, Address, Channel, all_devices

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason=NO_MOSQUITTO),
    # paho leaves the socket of a handshake that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]
VERSIONS = pytest.mark.parametrize("v5", [True, False], ids=["5", "3.1.1"])
DENIED = "Not authorized"


def topic(device: str, channel: Channel) -> str:
    return Address(site=SITE, device=device).topic(channel)


def come(call: Call, who: str | Papers, **options: object) -> Caller:
    caller = call(who, **options)
    assert caller.come() == "Success"
    return caller


def hub(call: Call) -> Caller:
    """Listens as the hub does."""
    caller = come(call, HUB)
    for channel in WRITTEN_BY_DEVICE:
        caller.subscribe(all_devices(SITE, channel))
    return caller


@VERSIONS
def test_a_device_is_heard_on_its_own_topics_and_hears_the_hub(call: Call, v5: bool) -> None:  # noqa: FBT001
    office, east = hub(call), come(call, EAST, v5=v5)
    for channel in sorted(WRITTEN_BY_DEVICE):
        east.publish(topic(EAST, channel), b"mine")
        message = office.next()
        assert (message.topic, message.payload) == (topic(EAST, channel), b"mine")
    for channel in sorted(READ_BY_DEVICE):
        east.subscribe(topic(EAST, channel))
        office.publish(topic(EAST, channel), b"yours")
        assert east.next().topic == topic(EAST, channel)


@VERSIONS
def test_a_device_cannot_speak_for_another_nor_for_the_hub(call: Call, v5: bool) -> None:  # noqa: FBT001
    office, east, west = hub(call), come(call, EAST, v5=v5), come(call, WEST)
    for channel in sorted(READ_BY_DEVICE):
        west.subscribe(topic(WEST, channel))
    lies = [topic(WEST, channel) for channel in Channel] + [topic(EAST, channel) for channel in READ_BY_DEVICE]
    for lie in lies:
        answer = east.publish(lie, b"a lie", retain=True)
        assert str(answer) == (DENIED if v5 else "Success"), "3.1.1 has no word for it"
    office.publish(topic(WEST, Channel.ACK), b"the end")
    assert west.next().payload == b"the end"
    west.publish(topic(WEST, Channel.UP), b"the end")
    assert office.next().payload == b"the end"


@VERSIONS
@pytest.mark.parametrize(
    "eager",
    [
        topic(WEST, Channel.ACK),
        topic(WEST, Channel.UP),
        topic(WEST, Channel.STATUS),
        "shouwang/#",
        "#",
        "+/+/+/+/ack",
        "$SYS/#",
        f"$share/all/{topic(WEST, Channel.ACK)}",
        f"$share/all/{all_devices(SITE, Channel.STATUS)}",
    ],
)
def test_a_device_hears_nothing_of_another_whatever_it_subscribes_to(call: Call, eager: str, v5: bool) -> None:  # noqa: FBT001
    office, west, east = hub(call), come(call, WEST), come(call, EAST, v5=v5)
    west.publish(topic(WEST, Channel.STATUS), b"kept", retain=True)
    east.subscribe(eager)
    east.subscribe(topic(EAST, Channel.ACK))
    west.publish(topic(WEST, Channel.UP), b"secret")
    west.publish(topic(WEST, Channel.STATUS), b"secret")
    office.publish(topic(WEST, Channel.ACK), b"secret")
    office.publish(topic(EAST, Channel.ACK), b"the end")
    assert east.next().topic == topic(EAST, Channel.ACK)
    assert [office.next().payload for _ in range(3)] == [b"kept", b"secret", b"secret"], "and nobody is robbed"


@VERSIONS
@pytest.mark.parametrize("lie", [WEST, HUB, "nobody"])
def test_the_name_in_the_certificate_counts_whatever_a_client_calls_itself(call: Call, lie: str, v5: bool) -> None:  # noqa: FBT001
    office, east = hub(call), come(call, EAST, username=lie, v5=v5)
    for claimed in (WEST, EAST):
        east.publish(topic(claimed, Channel.UP), claimed.encode())
    assert office.next().payload == EAST.encode()


@VERSIONS
def test_a_last_will_cannot_lie(call: Call, v5: bool) -> None:  # noqa: FBT001
    office, west = hub(call), come(call, WEST)
    liar = call(EAST, will=(topic(WEST, Channel.STATUS), b"a lie"), v5=v5)
    if liar.come() == "Success":
        liar.break_off()
    west.publish(topic(WEST, Channel.UP), b"the end")
    assert office.next().payload == b"the end"


def without_certificate(site: TlsSite) -> Papers:
    return Papers(ca=site.papers(EAST).ca)


def of_the_broker(site: TlsSite) -> Papers:
    ca = site.ca.path
    return Papers(ca=ca / "root.pem", certificate=ca / "broker.pem", key=ca / "broker.key")


def of_another_authority(site: TlsSite) -> Papers:
    return site.foreign_papers(EAST)


def expired(site: TlsSite) -> Papers:
    return site.expired_papers("door-old")


@VERSIONS
@pytest.mark.parametrize("bad", [without_certificate, of_the_broker, of_another_authority, expired])
def test_bad_papers_are_refused_and_good_ones_still_taken(
    site: TlsSite,
    call: Call,
    bad: Callable[[TlsSite], Papers],
    v5: bool,  # noqa: FBT001
) -> None:
    assert call(bad(site), v5=v5).come().startswith("gone")
    come(call, EAST, v5=v5)


def test_a_stolen_card_loses_its_rights_at_once_and_does_not_come_again(site: TlsSite, call: Call) -> None:
    stolen = site.copied(site.papers(WEST))
    office, thief, east = hub(call), come(call, stolen), come(call, EAST)
    thief.subscribe(topic(WEST, Channel.ACK))
    thief.publish(topic(WEST, Channel.UP), b"before")
    assert office.next().payload == b"before"
    site.ca.revoke(WEST, now=site.now)
    site.configure(EAST)
    site.read_again()
    assert call(stolen).come().startswith("gone")
    assert str(thief.publish(topic(WEST, Channel.UP), b"after")) == DENIED
    office.publish(topic(WEST, Channel.ACK), b"after")
    east.publish(topic(EAST, Channel.UP), b"still here")
    assert office.next().payload == b"still here"
    assert thief.heard.empty()
    site.ca.add_device(WEST, now=site.now)
    site.configure(EAST, WEST)
    site.read_again()
    assert call(stolen).come().startswith("gone"), "a new card does not make the old one good"
    again = come(call, WEST)
    again.publish(topic(WEST, Channel.UP), b"a new card")
    assert office.next().payload == b"a new card"


def handshake(site: TlsSite, version: ssl.TLSVersion) -> str | None:
    context = site.papers(EAST).context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.1, which is the point
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
    context.set_ciphers("ALL:@SECLEVEL=0")  # our own OpenSSL would refuse 1.1 before the broker can
    with (
        socket.create_connection(("127.0.0.1", site.port), TIMEOUT_S) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as tls,
    ):
        return tls.version()


def test_tls_before_1_2_is_refused(site: TlsSite) -> None:
    assert handshake(site, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert handshake(site, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        handshake(site, ssl.TLSVersion.TLSv1_1)


def test_what_is_said_without_tls_is_not_heard(site: TlsSite) -> None:
    with socket.create_connection(("127.0.0.1", site.port), TIMEOUT_S) as connection:
        connection.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x1e\x00\x05hello")
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""


def test_the_hub_itself_sees_what_is_too_large_for_the_protocol_and_nothing_much_larger(call: Call) -> None:
    office, east = hub(call), come(call, EAST, v5=False)  # paho ends a v5 connection over Mosquitto's answer to it
    for payload_bytes in (PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1, 2 * PAYLOAD_BYTES_MAX + 1, 1):
        east.publish(topic(EAST, Channel.UP), bytes(payload_bytes))
    assert [len(office.next().payload) for _ in range(3)] == [PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1, 1]


@VERSIONS
def test_who_sends_what_is_larger_still_is_thrown_out_and_hurts_nobody(call: Call, v5: bool) -> None:  # noqa: FBT001
    office, east, west = hub(call), come(call, EAST, v5=v5), come(call, WEST)
    east.client._sock_send(b"\x32\xff\xff\xff\x7f")  # PUBLISH, 256 MiB follow: paho itself would not in version 5
    east.gone.get(timeout=TIMEOUT_S)
    west.publish(topic(WEST, Channel.UP), b"still here")
    assert office.next().payload == b"still here"


def test_who_comes_when_all_places_are_taken_is_turned_away_and_the_others_stay(
    make_site: Callable[..., TlsSite], callers: list[Caller]
) -> None:
    site = make_site(max_connections="2")
    callers += [Caller(site, site.papers(EAST), client_id=str(n)) for n in range(3)]
    assert [caller.come() for caller in callers[:2]] == ["Success", "Success"]
    assert callers[2].come().startswith("gone")
    assert str(callers[0].publish(topic(EAST, Channel.UP), b"x")) in {"Success", "No matching subscribers"}


@VERSIONS
def test_who_was_there_is_still_known_after_the_broker_was_started_again(site: TlsSite, call: Call, v5: bool) -> None:  # noqa: FBT001
    come(call, EAST, v5=v5).publish(topic(EAST, Channel.STATUS), b"online", retain=True)
    site.stop()
    site.start()
    late = come(call, HUB)
    late.subscribe(all_devices(SITE, Channel.STATUS))
    message = late.next()
    assert (message.topic, message.payload, message.retain) == (topic(EAST, Channel.STATUS), b"online", True)
