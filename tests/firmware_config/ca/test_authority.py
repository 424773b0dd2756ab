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
    PAGE_DAYS,
    REQUEST_BYTES_MAX,
    VALID_FROM,
    Authority,
    CaError,
    Pair,
    chained,
    is_locked,
    issue_broker,
    issue_device,
    issue_hub,
    issue_page,
    load_authority,
    load_certificate,
    locked,
    make_issuing,
    make_request,
    make_root,
    sign_request,
)
from firmware_config.ca.revocation import empty_list, revoke, revoked_serials

NOW = datetime(2026, 11, 28, tzinfo=UTC)


PASSPHRASE = "four words of a test"


@pytest.fixture(scope="module")
def root() -> Authority:
    return load_authority(make_root("riverside", now=NOW))


@pytest.fixture(scope="module")
def authority(root: Authority) -> Authority:
    """The issuing one."""
    return load_authority(make_issuing(root, "riverside", now=NOW))


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


def test_the_brokers_certificate_is_good_for_its_names_and_for_no_other(root: Authority, authority: Authority) -> None:
    broker = load_certificate(
        issue_broker(authority, ["hub.riverside.lan", "192.168.1.10", "fd00::1"], now=NOW).certificate
    )
    builder, between = PolicyBuilder().store(Store([root.certificate])).time(NOW), [authority.certificate]
    assert builder.build_server_verifier(x509.DNSName("hub.riverside.lan")).verify(broker, between)[0] == broker
    for name, path in (("other.lan", between), ("hub.riverside.lan", [])):
        with pytest.raises(VerificationError):
            builder.build_server_verifier(x509.DNSName(name)).verify(broker, path)
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
class TestOpenssl:
    """The program itself, at its strictest, with the root as the only trust."""

    def verify(self, folder: Path, root: Authority, chain: bytes, *words: str, at: datetime = NOW) -> str:
        """ "" when it takes the certificate, else its complaint."""
        (folder / "root.pem").write_bytes(root.certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "chain.pem").write_bytes(chain)
        words = ("-x509_strict", "-attime", str(int(at.timestamp())), "-CAfile", str(folder / "root.pem"), *words)
        untrusted = ("-untrusted", str(folder / "chain.pem"), str(folder / "chain.pem"))
        done = subprocess.run(["openssl", "verify", *words, *untrusted], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (not done.stderr), done.stderr
        return done.stderr

    def test_takes_each_certificate_for_its_own_side(
        self, root: Authority, authority: Authority, tmp_path: Path
    ) -> None:
        made = {
            "sslserver": issue_broker(authority, ["localhost"], now=NOW).certificate,
            "sslclient": issue_device(authority, "east-gate", now=NOW).certificate,
        }
        taken = {
            (purpose, side)
            for purpose in made
            for side, leaf in made.items()
            if not self.verify(tmp_path, root, chained(authority, leaf), "-purpose", purpose)
        }
        assert taken == {(side, side) for side in made}
        page = chained(authority, issue_page(authority, ["hub.lan"], now=NOW).certificate)
        assert self.verify(tmp_path, root, page, "-purpose", "sslserver", "-verify_hostname", "hub.lan") == ""
        assert "hostname mismatch" in self.verify(tmp_path, root, page, "-verify_hostname", "other.lan")

    def test_refuses_a_leaf_without_its_chain_and_of_another_site(
        self, root: Authority, authority: Authority, tmp_path: Path
    ) -> None:
        leaf = issue_device(authority, "east-gate", now=NOW).certificate
        assert "unable to get local issuer" in self.verify(tmp_path, root, leaf)
        other = load_authority(make_root("riverside", now=NOW))
        assert self.verify(tmp_path, other, chained(authority, leaf)) != "", "the same names, another key"

    def test_refuses_what_has_expired(self, root: Authority, authority: Authority, tmp_path: Path) -> None:
        chain = chained(authority, issue_device(authority, "east-gate", now=NOW, days=30).certificate)
        before, after = NOW + timedelta(days=29), NOW + timedelta(days=31)
        assert self.verify(tmp_path, root, chain, at=before) == ""
        assert "certificate has expired" in self.verify(tmp_path, root, chain, at=after)
        assert self.verify(tmp_path, root, chain, at=datetime(2021, 1, 1, tzinfo=UTC)) == "", "a clock far behind"

    def test_refuses_what_is_revoked_and_takes_its_neighbour(
        self, root: Authority, authority: Authority, tmp_path: Path
    ) -> None:
        stolen, good = (issue_device(authority, name, now=NOW).certificate for name in ("east", "west"))
        listed = revoke(authority, empty_list(authority), [chained(authority, stolen)], now=NOW)
        (tmp_path / "crl.pem").write_bytes(listed)
        words = ("-crl_check", "-CRLfile", str(tmp_path / "crl.pem"))
        assert "certificate revoked" in self.verify(tmp_path, root, chained(authority, stolen), *words)
        assert self.verify(tmp_path, root, chained(authority, good), *words) == ""
        whole = self.verify(tmp_path, root, chained(authority, good), "-crl_check_all", *words[1:])
        assert "unable to get certificate CRL" in whole, (
            "the root has no list: only leaves can be checked, as brokers do"
        )

    def test_refuses_an_authority_below_the_issuing_one(
        self, root: Authority, authority: Authority, tmp_path: Path
    ) -> None:
        """Who steals the hub's key can certify devices, but makes no further authority."""
        third = load_authority(make_issuing(authority, "thief", now=NOW))
        leaf = chained(authority, chained(third, issue_device(third, "east-gate", now=NOW).certificate))
        assert "path length constraint exceeded" in self.verify(tmp_path, root, leaf)

    def test_opens_the_roots_key_with_the_passphrase_alone(self, tmp_path: Path) -> None:
        (tmp_path / "root.key").write_bytes(locked(make_root("riverside", now=NOW), PASSPHRASE).key)

        def opens(passphrase: str) -> bool:
            words = ["openssl", "pkey", "-in", str(tmp_path / "root.key"), "-noout", "-passin", f"pass:{passphrase}"]
            return subprocess.run(words, capture_output=True, check=False).returncode == 0

        assert opens(PASSPHRASE)
        assert not opens("another of four words")


def test_the_root_certifies_one_further_level_and_the_issuing_authority_none(
    root: Authority, authority: Authority
) -> None:
    for which, length in ((root, 1), (authority, 0)):
        constraints = which.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, length)
        usage = which.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)
    authority.certificate.verify_directly_issued_by(root.certificate)


def test_a_chain_is_the_leaf_and_what_issued_it_but_never_the_root(root: Authority, authority: Authority) -> None:
    leaf = issue_device(authority, "east-gate", now=NOW).certificate
    assert x509.load_pem_x509_certificates(chained(authority, leaf)) == [load_certificate(leaf), authority.certificate]
    assert chained(root, leaf) == leaf


def test_a_locked_key_opens_with_its_passphrase_and_with_nothing_else() -> None:
    plain = make_root("riverside", now=NOW)
    away = locked(plain, PASSPHRASE)
    assert (is_locked(plain.key), is_locked(away.key)) == (False, True)
    assert load_authority(away, PASSPHRASE).key.private_numbers() == load_authority(plain).key.private_numbers()
    for passphrase, why in (("four words of a text", "passphrase is wrong"), (None, "needs a passphrase")):
        with pytest.raises(CaError, match=why):
            load_authority(away, passphrase)
    with pytest.raises(CaError, match="needs no passphrase"):
        load_authority(plain, PASSPHRASE)
    assert "PRIVATE" not in repr(plain), "a key in a log is a key lost"


@pytest.mark.parametrize("weak", ["", "short", "aaaaaaaaaaaaaaaa", " four words of a test", "four words\nof a test"])
def test_a_passphrase_that_is_soon_guessed_or_cannot_be_typed_is_refused(weak: str) -> None:
    with pytest.raises(CaError, match="passphrase"):
        locked(make_root("riverside", now=NOW), weak)


def test_a_page_is_certified_as_shortly_as_telephones_ask(authority: Authority) -> None:
    page = load_certificate(issue_page(authority, ["hub.lan"], now=NOW).certificate)
    assert page.not_valid_after_utc - page.not_valid_before_utc <= timedelta(days=825)
    assert page.not_valid_before_utc < NOW
    with pytest.raises(CaError, match="820 days"):
        issue_page(authority, ["hub.lan"], now=NOW, days=PAGE_DAYS + 1)


def test_an_old_clock_keeps_nobody_out_and_nothing_outlives_the_authority(
    root: Authority, authority: Authority
) -> None:
    ends = NOW + timedelta(days=AUTHORITY_DAYS)
    assert root.certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc == ends
    second = load_authority(make_issuing(root, "riverside", now=NOW + timedelta(days=100)))
    assert second.certificate.not_valid_after_utc == ends
    device = load_certificate(issue_device(authority, "east-gate", now=NOW).certificate)
    assert (device.not_valid_before_utc, device.not_valid_after_utc) == (VALID_FROM, NOW + timedelta(days=LEAF_DAYS))
    late = load_certificate(issue_device(authority, "east-gate", now=NOW + timedelta(days=6000)).certificate)
    assert late.not_valid_after_utc == ends
    builder = PolicyBuilder().store(Store([root.certificate])).time(datetime(2021, 1, 1, tzinfo=UTC))
    broker = load_certificate(issue_broker(authority, ["localhost"], now=NOW).certificate)
    builder.build_server_verifier(x509.DNSName("localhost")).verify(broker, [authority.certificate])


def test_serial_numbers_do_not_repeat_and_cannot_be_guessed(authority: Authority) -> None:
    serials = {load_certificate(issue_device(authority, "a", now=NOW).certificate).serial_number for _ in range(20)}
    assert len(serials) == 20
    assert min(serials).bit_length() > 100, "random, not counted"


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "+", "hub.office", "-a", "a" * 64, "a\n"])
def test_what_is_no_name_of_a_device_gets_no_certificate(authority: Authority, name: str) -> None:
    with pytest.raises(CaError, match="no name"):
        issue_device(authority, name, now=NOW)
    with pytest.raises(CaError, match="no name"):
        make_root(name, now=NOW)
    with pytest.raises(CaError, match="no name"):
        sign_request(authority, make_request("a").certificate, device=name, now=NOW)


@pytest.mark.parametrize(
    "name", ["", "*.lan", "a b", "Ä", "a..b", "-a.lan", "a" * 64, "1.2.3.4/24", "1.2.3", "a,DNS:b"]
)
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
    other = load_authority(make_root("riverside", now=NOW))
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
    one, two = make_root("a", now=NOW), make_root("b", now=NOW)
    leaf = issue_device(authority, "east", now=NOW)
    with pytest.raises(CaError, match="not that of"):
        load_authority(Pair(certificate=one.certificate, key=two.key))
    with pytest.raises(CaError, match="not one of an authority"):
        load_authority(leaf)
    with pytest.raises(CaError, match="key cannot be read"):
        load_authority(Pair(certificate=one.certificate, key=b"none"))
    with pytest.raises(CaError, match="no certificate"):
        load_authority(Pair(certificate=b"none", key=one.key))
