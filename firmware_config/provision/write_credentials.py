"""What makes a device one of the site: a token to join with, or key and certificate made beforehand."""

import base64
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware_config.ca.authority import load_certificate, make_request
from firmware_config.device.card import Issued, Token
from firmware_config.profile import SiteFacts
from firmware_config.provision.client import HubClient, at
from firmware_config.provision.errors import ProvisionError

UNWRITTEN: Final = Token(token="-" * 43)
"""Stands for the token where nothing is asked for: --dry-run."""


def token_of(hub: HubClient, device: str, *, days: int) -> Token:
    """A new one; an earlier one of this device is void now. Raises HubError."""
    made = hub.post(at("devices", device, "join-tokens"), {"days": days})
    return Token(token=made["token"], expires_at=made["expires_at"])


def preissued(hub: HubClient, device: str, site: SiteFacts) -> Issued:
    """A key made here, and the certificate that the hub gives for it as if the device itself had joined.

    So the hub knows it, and can revoke it; an earlier certificate of the device ends now. Galleries are sealed to the
    key that the device tells in its hello: the one that is named here opens nothing, its private half is thrown away.
    Raises HubError, and ProvisionError when the hub's root is not the one that goes onto the card.
    """
    pair = make_request(device)
    nobody = X25519PrivateKey.generate().public_key().public_bytes_raw()
    joined = hub.post(
        at("join"),
        {
            "token": token_of(hub, device, days=1).token,
            "device": device,
            "request": pair.certificate.decode(),
            "seal_key": base64.b64encode(nobody).decode(),
        },
    )
    if load_certificate(joined["ca"].encode()) != load_certificate(site.root_pem.encode()):
        raise ProvisionError("中心给的根证书不是本站的", "the hub's root is not the one of this site")
    return Issued(
        key=pair.key.decode(),
        certificate=joined["certificate"],
        sign_key=joined["sign_key"],
        picture_key=joined["picture_key"],
    )
