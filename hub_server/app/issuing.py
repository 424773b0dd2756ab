"""Between the web, which asks for certificates, and hub_server.issuing, which signs them: neither knows the other."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from edge_agent.wire.sign import key_text, public_key_of
from hub_server.config import IssuingConfig, ServeConfig
from hub_server.issuing.access_list import Guests
from hub_server.issuing.broker_files import BrokerFiles
from hub_server.issuing.issuer import Issuer, RequestRefusedError, load_issuer
from hub_server.issuing.keeper import Keeper
from hub_server.store.certificates import NewCertificate
from hub_server.store.derived_keys import picture_key, signing_key
from hub_server.store.store import Store
from hub_server.web import RequestRefusedError as WebRefusedError
from hub_server.web import Site


class Issuing:
    """What the web is given."""

    def __init__(self, *, store: Store, issuer: Issuer, keeper: Keeper, site: Site) -> None:
        self._store = store
        self._issuer = issuer
        self._keeper = keeper
        self._site = site

    @classmethod
    def begin(cls, store: Store, config: ServeConfig, told: IssuingConfig) -> "Issuing":
        """Loads the authority, and keeps the broker's files from now on. Raises IssuerError, SiteKeyError."""
        issuer = load_issuer(told.certificate, told.key, told.root)
        keeper = Keeper(
            store=store,
            issuer=issuer,
            site=config.site,
            files=None if told.broker_files is None else BrokerFiles(told.broker_files),
            guests=Guests(watchdogs=told.watchdogs, listeners=told.listeners),
        )
        host, port = config.device_broker
        site = site_of(
            store.data_dir, issuer, name=config.site, page=(config.public_url or "").rstrip("/"), broker=(host, port)
        )
        keeper.start()
        return cls(store=store, issuer=issuer, keeper=keeper, site=site)

    def stop(self) -> None:
        self._keeper.stop()

    def site(self) -> Site:
        return self._site

    def sign(self, device: str, request: str) -> NewCertificate:
        try:
            return self._issuer.sign(device, request, now_us=self._store.now_us())
        except RequestRefusedError as error:
            raise WebRefusedError(str(error)) from error

    def settle(self) -> str:
        return self._keeper.settle()

    def trouble(self) -> str:
        return self._keeper.trouble


def site_of(data_dir: Path, issuer: Issuer, *, name: str, page: str, broker: tuple[str, int]) -> Site:
    """What devices must know. Raises SiteKeyError."""
    pictures = X25519PrivateKey.from_private_bytes(picture_key(data_dir)).public_key().public_bytes_raw()
    return Site(
        name=name,
        page=page,
        broker_host=broker[0],
        broker_port=broker[1],
        ca=issuer.root,
        sign_key=key_text(public_key_of(signing_key(data_dir))),
        picture_key=base64.b64encode(pictures).decode(),
        issuing_ends_us=issuer.ends_us,
    )
