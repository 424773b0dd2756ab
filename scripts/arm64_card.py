"""The card of a device, written with the technician's own code into a system that has just been made."""

import datetime as dt
import shutil
import sys
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from firmware_config.boot import wheels
from firmware_config.device.card import FOLDER, Program, Start, Token, render_card
from firmware_config.profile import DeviceProfile, SiteFacts

CARD: Final = f"/boot/firmware/{FOLDER}"


def put_card(system: Path, kept: Path) -> None:
    """Into the system's boot folder. `kept`: wheels that were fetched before; ours is of the sources as they are."""
    found = wheels.fetch(kept, pythons=["3.11"], say=lambda text: print(text, file=sys.stderr))
    files = render_card(
        DeviceProfile(device="arm", place="试验", area="试验"),
        SiteFacts(site="trial", broker_host="127.0.0.1", page="https://127.0.0.1:8443", root_pem=_root_pem()),
        start=Start.FIRSTRUN,
        credentials=Token(token="trial"),  # noqa: S106 - of no hub
        program=Program(requirement=wheels.requirement(), wheels=wheels.digests(found)),
    )
    card = system / CARD[1:]
    shutil.rmtree(card, ignore_errors=True)
    for path, rendered in files.items():
        file = card.parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(rendered.text, encoding="utf-8")
        file.chmod(rendered.mode)
    (card / "wheels").mkdir(exist_ok=True)
    for name, wheel in found.items():
        shutil.copy2(wheel, card / "wheels" / name)


def _root_pem() -> str:
    """A root of no site; its key is forgotten at once."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trial")])
    begins = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(begins)
    made = made.not_valid_after(begins + dt.timedelta(days=36500))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
