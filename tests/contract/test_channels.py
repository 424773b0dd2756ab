"""What all channels agree on: they return when the other side has the letter, and raise DeliveryError when not."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hub_server.notify.apprise_channel import AppriseChannel
from hub_server.notify.channel import Channel, DeliveryError, Letter
from hub_server.notify.mqtt_channel import MqttChannel
from hub_server.notify.speech_channel import NoSpeaker, RememberingSpeaker, SpeechChannel

LETTER = Letter(
    key="m-7-0a1b", title="【守望】李秀兰 没有按时见到", body="桂花村\n电话 123", spoken="李秀兰没有按时见到。"
)


@dataclass(kw_only=True)
class Side:
    """A channel and the other end of it. `arrived`: what the other end has, as text."""

    channel: Channel
    arrived: list[str] = field(default_factory=list)
    works: bool = True


def _http() -> Iterator[Side]:
    side: Side

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if side.works:
                side.arrived.append(json.dumps(json.loads(body), ensure_ascii=False))
            self.send_response(200 if side.works else 500)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    side = Side(channel=AppriseChannel(f"json://127.0.0.1:{running.server_address[1]}/"))
    yield side
    running.shutdown()
    thread.join()
    running.server_close()


def _mqtt() -> Iterator[Side]:
    side: Side

    def publish(payload: bytes) -> bool:
        if side.works:
            side.arrived.append(payload.decode())
        return side.works

    side = Side(channel=MqttChannel("topic://control-room", publish=publish))
    yield side


def _speech() -> Iterator[Side]:
    side: Side

    class Place(RememberingSpeaker):
        def announce(self, *, place: str, text: str, key: str) -> None:
            self.deaf = set() if side.works else {place}
            super().announce(place=place, text=text, key=key)
            side.arrived[:] = [spoken for _, spoken in self.spoken]

    side = Side(channel=SpeechChannel("speech://square", speaker=Place()))
    yield side


@pytest.fixture(params=[_http, _mqtt, _speech], ids=["apprise", "mqtt", "speech"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    yield from request.param()


def test_a_letter_that_is_taken_has_arrived_when_the_channel_returns(side: Side) -> None:
    side.channel.send(LETTER)
    assert len(side.arrived) == 1
    assert "没有按时见到" in side.arrived[0]


def test_what_is_not_taken_raises_and_nothing_has_arrived(side: Side) -> None:
    side.works = False
    with pytest.raises(DeliveryError):
        side.channel.send(LETTER)
    assert side.arrived == []


def test_the_same_letter_goes_again_when_the_other_side_works_again(side: Side) -> None:
    side.works = False
    with pytest.raises(DeliveryError):
        side.channel.send(LETTER)
    side.works = True
    side.channel.send(LETTER)
    assert len(side.arrived) == 1


def test_mqtt_tells_the_key_to_whom_title_and_body() -> None:
    payloads: list[bytes] = []

    def publish(payload: bytes) -> bool:
        payloads.append(payload)
        return True

    MqttChannel("topic://control-room", publish=publish).send(LETTER)
    assert [json.loads(payload) for payload in payloads] == [
        {"key": LETTER.key, "to": "control-room", "title": LETTER.title, "body": LETTER.body}
    ]


def test_a_loudspeaker_says_a_letter_once_however_often_it_comes_and_never_its_telephone_number() -> None:
    speaker = RememberingSpeaker()
    channel = SpeechChannel("speech://square", speaker=speaker)
    channel.send(LETTER)
    channel.send(LETTER)
    assert speaker.spoken == [("square", LETTER.spoken)]


def test_without_loudspeakers_the_port_says_so_and_the_next_channel_is_tried() -> None:
    with pytest.raises(DeliveryError, match="no loudspeakers yet"):
        SpeechChannel("speech://square", speaker=NoSpeaker()).send(LETTER)
