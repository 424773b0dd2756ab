"""A device's card with agent.toml and keys, and a hub's hand that signs and seals for it."""

import dataclasses
from pathlib import Path
from typing import Any, Final

from edge_agent.blobs.receiver import Delivery
from edge_agent.config import AgentConfig
from edge_agent.releases.opening import open_releases
from edge_agent.releases.releases import Beat, Releases
from edge_agent.releases.settings import JoinAgain
from edge_agent.wire import sign
from edge_agent.wire.blobs import Offer, make_offer
from edge_agent.wire.device_config import FORMAT, WrittenConfig, encode_config
from edge_agent.wire.device_config import KIND as CONFIG
from edge_agent.wire.device_config import JoinAgain as WrittenJoin
from edge_agent.wire.model_bundle import KIND as MODEL
from edge_agent.wire.model_bundle import pack
from edge_agent.wire.seal import Binding, KeyPair, generate_key_pair, seal

SITE: Final = "riverside"
DEVICE: Final = "east-gate"
HUB_KEY: Final = bytes(range(32))
ANOTHER_HUBS_KEY: Final = bytes(range(1, 33))
INSTALLED_MODELS: Final = Path(__file__).resolve().parents[3] / "models"
TOML: Final = """
site = "riverside"
device = "east-gate"
[hub]
host = "127.0.0.1"
sign_key = "hub-sign.pub"
[camera]
name = "east"
source = "replay:walk.mp4"
fps = 15
[models]
dir = "{models}"
[journal]
file = "state/journal.sqlite3"
"""


class Card:
    """What survives a power cut is the folder alone; `start` is a fresh process."""

    def __init__(
        self,
        folder: Path,
        *,
        join: JoinAgain | None = None,
        toml: str = TOML,
        device: str = DEVICE,
        hub_key: bytes = HUB_KEY,
    ) -> None:
        self.folder = folder
        self.join = join
        self.now_s = 1000.0
        (folder / "state").mkdir(parents=True, exist_ok=True)
        self.toml = folder / "agent.toml"
        self.toml.write_text(toml.format(models=INSTALLED_MODELS).replace(f'"{DEVICE}"', f'"{device}"'))
        (folder / "hub-sign.pub").write_text(sign.key_text(sign.public_key_of(hub_key)))
        self.key = self._key()
        self.config: AgentConfig
        self.releases: Releases
        self.start()

    def _key(self) -> KeyPair:
        keys = generate_key_pair()
        path = self.folder / "state" / "device.key"
        path.write_bytes(keys.private)
        path.chmod(0o600)
        return keys

    def start(self) -> AgentConfig:
        self.config, releases = open_releases(self.toml, now_s=lambda: self.now_s, join=self.join)
        assert releases is not None
        self.releases = releases
        return self.config

    def live(self, seconds: float, *, trouble: str | None = None) -> Beat:
        """So long with a beat a second; what the last one wanted, a restart at once."""
        beat = Beat.GO_ON
        for _ in range(int(seconds)):
            self.now_s += 1
            beat = self.releases.beat(self.now_s, trouble=trouble)
            if beat is not Beat.GO_ON:
                break
        return beat

    def config_delivery(
        self,
        version: int,
        settings: dict[str, dict[str, Any]],
        *,
        token: str | None = None,
        device: str = DEVICE,
        signed_with: bytes = HUB_KEY,
        signed_as: int | None = None,
        says: int | None = None,
    ) -> Delivery:
        written = WrittenConfig(
            format=FORMAT,
            version=version if says is None else says,
            settings=settings,
            join=None if token is None else WrittenJoin(token=token),
        )
        number = version if signed_as is None else signed_as
        purpose = sign.Purpose(site=SITE, recipient=device, kind=CONFIG, version=number)
        signed = sign.sign(encode_config(written), private_key=signed_with, purpose=purpose)
        binding = Binding(site=SITE, device=DEVICE, kind=CONFIG, version=version)
        return delivery(CONFIG, version, seal(signed, public_key=self.key.public, binding=binding))

    def take_settings(self, version: int, settings: dict[str, dict[str, Any]]) -> Offer:
        """Taken and on trial after the restart."""
        sent = self.config_delivery(version, settings)
        assert self.releases.take(sent) is None
        assert self.live(1) is Beat.RESTART
        self.start()
        return sent.offer


def delivery(kind: str, version: int, content: bytes) -> Delivery:
    return Delivery(offer=make_offer(kind=kind, version=version, content=content), content=content)


def model_delivery(
    version: int, bundle: bytes, *, site: str = SITE, signed_with: bytes = HUB_KEY, signed_as: int | None = None
) -> Delivery:
    number = version if signed_as is None else signed_as
    purpose = sign.Purpose(site=site, recipient=sign.EVERY_DEVICE, kind=MODEL, version=number)
    return delivery(MODEL, version, sign.sign(bundle, private_key=signed_with, purpose=purpose))


def installed_files() -> dict[str, bytes]:
    """The checkout's own models, which are a whole set."""
    return {path.name: path.read_bytes() for path in INSTALLED_MODELS.iterdir() if path.suffix in {".toml", ".tflite"}}


def whole_bundle() -> bytes:
    return pack(installed_files())


def changed(sent: Delivery, position: int) -> Delivery:
    """The same with one bit turned, offered as if it were meant so."""
    content = bytearray(sent.content)
    content[position] ^= 1
    offer = make_offer(kind=sent.offer.kind, version=sent.offer.version, content=bytes(content))
    return dataclasses.replace(sent, offer=offer, content=bytes(content))
