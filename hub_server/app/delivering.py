"""Between the outbox and the ways to people: which URL opens what, in a hub that runs."""

from collections.abc import Callable
from typing import Final, Protocol

from edge_agent.wire.topics import HubChannel
from hub_server.notify import mqtt_channel, speech_channel
from hub_server.notify.channel import Channel, Opener
from hub_server.notify.courier import Courier
from hub_server.notify.mqtt_channel import MqttChannel
from hub_server.notify.speech_channel import NoSpeaker, Speaker, SpeechChannel
from hub_server.store.store import Store

BROKER_S_MAX: Final = 10.0


class PublishSurely(Protocol):
    """hub_server.ingest.Subscriber.publish_surely."""

    def __call__(self, channel: HubChannel, payload: bytes, *, within_s: float) -> bool: ...


def delivering(
    store: Store,
    *,
    page_url: Callable[[], str],
    publish: PublishSurely,
    speaker: Speaker | None = None,
) -> Courier:
    """The courier of a hub. `publish` must not raise; it says whether the broker has it."""
    spoken = speaker or NoSpeaker()
    opener = Opener(
        own={
            mqtt_channel.SCHEME: lambda url: MqttChannel(
                url, publish=lambda payload: publish(HubChannel.ALERT, payload, within_s=BROKER_S_MAX)
            ),
            speech_channel.SCHEME: lambda url: SpeechChannel(url, speaker=spoken),
        },
        other=_open_apprise,
    )
    return Courier(store=store, open_channel=opener, page_url=page_url)


def _open_apprise(url: str) -> Channel:
    from hub_server.notify.apprise_channel import open_apprise  # noqa: PLC0415 half a second, when it is first needed

    return open_apprise(url)
