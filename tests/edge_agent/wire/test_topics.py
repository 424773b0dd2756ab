"""Topics: what is ours is parsed, what is not is None."""

import pytest

from edge_agent.wire.topics import Address, Channel, HubChannel, all_devices, hub_topic, is_device, is_name, parse


@pytest.mark.parametrize("channel", list(Channel))
def test_a_topic_comes_back_as_its_address(channel: Channel) -> None:
    address = Address(site="demo", device="door-east")
    assert parse(address.topic(channel)) == (address, channel)


@pytest.mark.parametrize(
    "topic",
    [
        "shouwang/v1/demo/door-east/other",
        "shouwang/v2/demo/door-east/up",
        "shouwang/v1/demo/up",
        "shouwang/v1/demo/door east/up",
        "shouwang/v1/demo/door-east/up/more",
        "shouwang/v1/demo/door-east/up\n",
        "x/shouwang/v1/demo/door-east/up",
        "",
    ],
)
def test_what_is_none_of_ours_is_none(topic: str) -> None:
    assert parse(topic) is None


@pytest.mark.parametrize("name", ["", "-a", "A", "a b", "a/b", "a+b", "#", "a" * 64, "门", "a\n"])
def test_what_could_break_a_topic_is_no_name(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(ValueError, match="no name"):
        Address(site="demo", device=name)


def test_the_hub_hears_one_channel_of_every_device() -> None:
    assert all_devices("demo", Channel.UP) == "shouwang/v1/demo/+/up"


@pytest.mark.parametrize("channel", list(HubChannel))
def test_the_hubs_own_topics_are_no_devices_and_no_device_may_have_its_name(channel: HubChannel) -> None:
    topic = hub_topic("demo", channel)
    assert topic == f"shouwang/v1/demo/hub/{channel}"
    assert parse(topic) is None
    assert (is_name("hub"), is_device("hub"), is_device("hub-2")) == (True, False, True)
    with pytest.raises(ValueError, match="no name"):
        hub_topic("a/b", channel)
