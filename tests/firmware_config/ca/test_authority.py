import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st

from firmware_config.ca.authority import (
    AUTHORITY_DAYS,
    HUB_NAME,
    LEAF_DAYS,
    REQUEST_BYTES_MAX,
    VALID_FROM,
    Authority,
    CaError,
    Pair,
    issue_broker,
    issue_device,
    issue_hub,
    load_authority,
    load_certificate,
    make_authority,
    make_request,
    sign_request,
)
from firmware_config.ca.revocation import empty_list, revoke, revoked_serials

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return load_authority(make_authority("riverside", now=NOW))


def common_name(pem: bytes) -> str:
    (name,) = load_certificate(pem).subject
    assert name.oid == NameOID.COMMON_NAME
    return str(name.value)


def request(
    names: "list[x509.NameAttribute[str]]",
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    *,
    ca: bool = False,
) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def cn(text: str) -> "x509.NameAttribute[str]":
    return x509.NameAttribute(NameOID.COMMON_NAME, text)


def test_the_brokers_certificate_is_good_for_its_names_and_for_no_other(authority: Authority) -> None:
    broker = load_certificate(
        issue_broker(authority, ["hub.riverside.lan", "192.168.1.10", "fd00::1"], now=NOW).certificate
    )
    builder = PolicyBuilder().store(Store([authority.certificate])).time(NOW)
    assert builder.build_server_verifier(x509.DNSName("hub.riverside.lan")).verify(broker, [])[0] == broker
    with pytest.raises(VerificationError):
        builder.build_server_verifier(x509.DNSName("other.lan")).verify(broker, [])
    names = broker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["192.168.1.10", "fd00::1"]


def test_a_devices_certificate_serves_a_client_of_that_name_only(authority: Authority) -> None:
    device = load_certificate(issue_device(authority, "east-gate", now=NOW).certificate)
    uses = device.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(uses.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    usage = device.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == (True, False, False)
    assert not device.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert common_name(issue_device(authority, "east-gate", now=NOW).certificate) == "east-gate"
    assert common_name(issue_hub(authority, now=NOW).certificate) == HUB_NAME


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here: apt-get install openssl")
def test_openssl_takes_each_certificate_for_its_own_side_at_its_strictest(authority: Authority, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    made = {
        "sslserver": issue_broker(authority, ["localhost"], now=NOW),
        "sslclient": issue_device(authority, "east-gate", now=NOW),
    }
    for side, pair in made.items():
        (tmp_path / side).write_bytes(pair.certificate)

    def takes(purpose: str, side: str) -> bool:
        words = ["-x509_strict", "-purpose", purpose, "-attime", str(int(NOW.timestamp())), "-CAfile", str(ca)]
        done = subprocess.run(["openssl", "verify", *words, str(tmp_path / side)], capture_output=True, check=False)
        return done.returncode == 0

    assert {(p, s) for p in made for s in made if takes(p, s)} == {(side, side) for side in made}


def test_an_authority_certifies_no_further_authority(authority: Authority) -> None:
    constraints = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = authority.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)


def test_an_old_clock_keeps_nobody_out_and_nothing_outlives_the_authority(authority: Authority) -> None:
    ends = NOW + timedelta(days=AUTHORITY_DAYS)
    assert authority.certificate.not_valid_after_utc == ends
    device = load_certificate(issue_device(authority, "east-gate", now=NOW).certificate)
    assert (device.not_valid_before_utc, device.not_valid_after_utc) == (VALID_FROM, NOW + timedelta(days=LEAF_DAYS))
    late = load_certificate(issue_device(authority, "east-gate", now=NOW + timedelta(days=6000)).certificate)
    assert late.not_valid_after_utc == ends
    builder = PolicyBuilder().store(Store([authority.certificate])).time(datetime(2021, 1, 1, tzinfo=UTC))
    broker = load_certificate(issue_broker(authority, ["localhost"], now=NOW).certificate)
    builder.build_server_verifier(x509.DNSName("localhost")).verify(broker, [])


def test_serial_numbers_do_not_repeat_and_cannot_be_guessed(authority: Authority) -> None:
    serials = {load_certificate(issue_device(authority, "a", now=NOW).certificate).serial_number for _ in range(20)}
    assert len(serials) == 20
    assert min(serials).bit_length() > 100, "random, not counted"


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "+", "hub.office", "-a", "a" * 64, "a\n"])
def test_what_is_no_name_of_a_device_gets_no_certificate(authority: Authority, name: str) -> None:
    with pytest.raises(CaError, match="no name"):
        issue_device(authority, name, now=NOW)
    with pytest.raises(CaError, match="no name"):
        make_authority(name, now=NOW)
    with pytest.raises(CaError, match="no name"):
        sign_request(authority, make_request("a").certificate, device=name, now=NOW)


@pytest.mark.parametrize("name", ["", "*.lan", "a b", "Ä", "a..b", "-a.lan", "a" * 64, "1.2.3.4/24", "a,DNS:b"])
def test_what_is_no_host_name_gets_no_certificate(authority: Authority, name: str) -> None:
    with pytest.raises(CaError, match="no host name"):
        issue_broker(authority, ["good.lan", name], now=NOW)


@pytest.mark.parametrize("days", [0, -1, AUTHORITY_DAYS + 1])
def test_a_certificate_has_an_end_that_makes_sense(authority: Authority, days: int) -> None:
    with pytest.raises(CaError, match="days"):
        issue_device(authority, "a", now=NOW, days=days)


def test_an_office_whose_clock_is_lost_is_told_so_before_it_makes_what_is_void(authority: Authority) -> None:
    with pytest.raises(CaError, match="clock"):
        issue_device(authority, "a", now=datetime(1970, 1, 2, tzinfo=UTC))


def unsigned(pem: bytes) -> bytes:
    """The same request, its signature spoilt: as of somebody who copied another's public key."""
    der = bytearray(x509.load_pem_x509_csr(pem).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)


def test_a_request_gets_a_certificate_for_its_own_key(authority: Authority) -> None:
    asked = make_request("east-gate")
    certificate = load_certificate(sign_request(authority, asked.certificate, device="east-gate", now=NOW))
    key = serialization.load_pem_private_key(asked.key, None)
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(authority.certificate)
    assert common_name(certificate.public_bytes(serialization.Encoding.PEM)) == "east-gate"


def test_nothing_else_that_a_request_asks_for_is_granted(authority: Authority) -> None:
    certificate = load_certificate(sign_request(authority, request([cn("a")], ca=True), device="a", now=NOW))
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (make_request("west-gate").certificate, "common name"),
        (request([cn("a"), cn("b")]), "common name"),
        (request([cn(HUB_NAME)]), "common name"),
        (request([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "a")]), "common name"),
        (request([]), "common name"),
        (request([cn("a")], ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (request([cn("a")], rsa.generate_private_key(65537, 2048)), "P-256"),
        (make_request("a").certificate.replace(b"A", b"B", 1), "request"),
        (unsigned(make_request("a").certificate), "not signed"),
        (b"", "request"),
        (b"x" * (REQUEST_BYTES_MAX + 1), "limit"),
    ],
    ids=[
        "another",
        "two names",
        "the hub",
        "organisation",
        "nobody",
        "P-384",
        "RSA",
        "damaged",
        "unsigned",
        "empty",
        "long",
    ],
)
def test_a_request_that_is_not_a_devices_own_is_refused(authority: Authority, pem: bytes, why: str) -> None:
    with pytest.raises(CaError, match=why):
        sign_request(authority, pem, device="a", now=NOW)


ASKED = make_request("a").certificate


@given(at=st.integers(30, len(ASKED) - 30), byte=st.integers(0, 255))
def test_a_damaged_request_is_one_error_or_the_same_request(authority: Authority, at: int, byte: int) -> None:
    try:
        signed = sign_request(authority, ASKED[:at] + bytes([byte]) + ASKED[at + 1 :], device="a", now=NOW)
    except CaError:
        return
    assert common_name(signed) == "a"


def test_only_what_this_authority_issued_can_be_revoked_and_the_list_grows(authority: Authority) -> None:
    east, west = (issue_device(authority, name, now=NOW).certificate for name in ("east", "west"))
    first = revoke(authority, empty_list(authority), [east], now=NOW)
    both = revoke(authority, first, [west, east], now=NOW + timedelta(days=1))
    assert revoked_serials(authority, both) == {load_certificate(pem).serial_number for pem in (east, west)}
    numbers = [
        x509.load_pem_x509_crl(pem).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for pem in (empty_list(authority), first, both)
    ]
    assert numbers == [1, 2, 3]
    other = load_authority(make_authority("riverside", now=NOW))
    with pytest.raises(CaError, match="not issued"):
        revoke(authority, first, [issue_device(other, "east", now=NOW).certificate], now=NOW)
    with pytest.raises(CaError, match="not signed"):
        revoke(authority, empty_list(other), [east], now=NOW)
    with pytest.raises(CaError, match="no revocation list"):
        revoke(authority, b"", [east], now=NOW)


def test_the_list_never_runs_out_before_the_authority_or_everybody_would_be_refused(authority: Authority) -> None:
    crl = x509.load_pem_x509_crl(empty_list(authority))
    assert crl.next_update_utc == authority.certificate.not_valid_after_utc
    assert crl.last_update_utc == VALID_FROM


def test_an_authority_is_loaded_with_its_own_key_only(authority: Authority) -> None:
    one, two = make_authority("a", now=NOW), make_authority("b", now=NOW)
    leaf = issue_device(authority, "east", now=NOW)
    with pytest.raises(CaError, match="not that of"):
        load_authority(Pair(certificate=one.certificate, key=two.key))
    with pytest.raises(CaError, match="not one of an authority"):
        load_authority(leaf)
    with pytest.raises(CaError, match="key cannot be read"):
        load_authority(Pair(certificate=one.certificate, key=b"none"))
    with pytest.raises(CaError, match="no certificate"):
        load_authority(Pair(certificate=b"none", key=one.key))
