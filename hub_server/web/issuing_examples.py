"""Examples of cards, certificates and profiles in the same small office that `examples.py` tells of."""

from hub_server.store.device_profiles import PointKind
from hub_server.web import issuing_resources
from hub_server.web.join import Joining
from hub_server.web.join_tokens import NewCard
from hub_server.web.profiles import NewProfile
from hub_server.web.retiring import Reason

_PEM = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n"
_REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIHt...\n-----END CERTIFICATE REQUEST-----\n"
_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_PAGE = "https://hub.riverside.lan"
_BROKER: issuing_resources.Address = {"host": "hub.riverside.lan", "port": 8883}
_PROFILE: issuing_resources.DeviceProfile = {
    "device": "east-gate",
    "kind": PointKind.DOOR,
    "camera": "rtsp://viewer:***@192.168.1.20/main",
    "relay": "gpio:17",
    "settings": {"camera_name": "east"},
    "changed_at": "2026-11-23T21:42:10.000000Z",
}
_ISSUING: issuing_resources.Issuing = {
    "set_up": True,
    "why": "",
    "site": "riverside",
    "page": _PAGE,
    "broker": _BROKER,
    "ca": _PEM,
    "sign_key": _KEY,
    "picture_key": _KEY,
    "issuing_ends_at": "2046-11-18T22:20:00.000000Z",
    "broker_files": "",
}
_CARD: issuing_resources.Card = {
    "device": "east-gate",
    "token": "Zm9yIG9uZSBkZXZpY2UgYW5kIG9uZSB0aW1lIG9ubHk",
    "expires_at": "2026-12-07T21:43:00.000000Z",
    "site": "riverside",
    "page": _PAGE,
    "broker": _BROKER,
    "ca": _PEM,
    "sign_key": _KEY,
}
_JOINED: issuing_resources.Joined = {
    "site": "riverside",
    "device": "east-gate",
    "certificate": _PEM + _PEM,
    "ca": _PEM,
    "ends_at": "2036-11-20T22:20:00.000000Z",
    "broker": _BROKER,
    "sign_key": _KEY,
    "picture_key": _KEY,
    "page": _PAGE,
}
_CERTIFICATE: issuing_resources.Certificate = {
    "id": 1,
    "device": "east-gate",
    "serial": "4f1c",
    "state": "good",
    "issued_at": "2026-11-23T22:20:00.000000Z",
    "ends_at": "2036-11-20T22:20:00.000000Z",
    "revoked_at": None,
    "reason": "",
}
_OF_DEVICE: issuing_resources.DeviceCertificates = {
    "device": "east-gate",
    "retired_at": None,
    "barred_at": None,
    "barred_reason": "",
    "card": {
        "state": "used",
        "created_at": "2026-11-23T21:43:00.000000Z",
        "expires_at": "2026-12-07T21:43:00.000000Z",
        "used_at": "2026-11-23T22:20:00.000000Z",
    },
    "certificates": [_CERTIFICATE],
}
_PAGE_OF_ALL: issuing_resources.CertificatePage = {"items": [_CERTIFICATE], "next": None}
_REVOCATION: issuing_resources.Revocation = {"device": "east-gate", "revoked": ["4f1c"], "broker": "written"}
_VOIDED: issuing_resources.VoidedCard = {"device": "east-gate", "voided": True}

ISSUING_EXAMPLES: dict[object, object] = {
    issuing_resources.DeviceProfile: _PROFILE,
    issuing_resources.Issuing: _ISSUING,
    issuing_resources.Card: _CARD,
    issuing_resources.VoidedCard: _VOIDED,
    issuing_resources.Joined: _JOINED,
    issuing_resources.CertificatePage: _PAGE_OF_ALL,
    issuing_resources.DeviceCertificates: _OF_DEVICE,
    issuing_resources.Revocation: _REVOCATION,
    NewProfile: {"kind": "door", "camera": "picamera2", "relay": "gpio:17", "settings": {"camera_name": "east"}},
    NewCard: {"days": 14},
    Joining: {"token": _CARD["token"], "device": "east-gate", "request": _REQUEST, "seal_key": _KEY},
    Reason: {"reason": "卡被偷了"},
}
