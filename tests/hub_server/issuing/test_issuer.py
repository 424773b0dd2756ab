from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from issuing_site import Joiner, issuer, issuing_pair, root, written

from firmware_config.ca import revocation
from firmware_config.ca.authority import load_authority, make_issuing, make_root
from hub_server.issuing.issuer import Issuer, IssuerError, RequestRefusedError, load_issuer

NOW_US = 1_795_471_200_000_000
YEAR_US = 365 * 86_400_000_000
EAST = "east-gate"


def signed(device: str = EAST) -> str:
    return issuer().sign(device, Joiner(device=device).pair.certificate.decode(), now_us=NOW_US).pem


def by_serial(*pems: str) -> dict[str, str]:
    return {serial(pem): pem for pem in pems}


def serial(pem: str) -> str:
    return f"{x509.load_pem_x509_certificate(pem.encode()).serial_number:x}"


def test_a_certificate_says_what_the_store_keeps_of_it() -> None:
    device = Joiner(device=EAST)
    made = issuer().sign(EAST, device.pair.certificate.decode(), now_us=NOW_US)
    own, above = x509.load_pem_x509_certificates(made.pem.encode())
    assert above == issuer().authority.certificate
    assert made.serial == f"{own.serial_number:x}"
    assert made.ends_us == round(own.not_valid_after_utc.timestamp()) * 1_000_000
    assert abs(made.ends_us - NOW_US - 10 * YEAR_US) < YEAR_US / 100
    again = issuer().sign(EAST, device.pair.certificate.decode(), now_us=NOW_US)
    assert again.key_sha256 == made.key_sha256
    assert again.serial != made.serial
    assert (
        issuer().sign(EAST, Joiner(device=EAST).pair.certificate.decode(), now_us=NOW_US).key_sha256 != made.key_sha256
    )


def test_no_certificate_outlives_the_authority() -> None:
    late_us = issuer().ends_us - YEAR_US
    made = issuer().sign(EAST, Joiner(device=EAST).pair.certificate.decode(), now_us=late_us)
    assert made.ends_us == issuer().ends_us


def test_a_hub_whose_clock_is_in_the_past_says_so_instead_of_signing() -> None:
    with pytest.raises(RequestRefusedError, match="clock"):
        issuer().sign(EAST, Joiner(device=EAST).pair.certificate.decode(), now_us=0)


def test_the_list_grows_by_what_is_new_and_stays_byte_for_byte_when_nothing_is() -> None:
    one, two = signed(), signed("west-gate")
    first, fresh = issuer().listed(None, by_serial(one), now_us=NOW_US)
    assert fresh == {serial(one)}
    same, nothing = issuer().listed(first, by_serial(one), now_us=NOW_US + 5)
    assert (same, nothing) == (first, frozenset())
    both, fresh = issuer().listed(first, by_serial(one, two), now_us=NOW_US)
    assert fresh == {serial(two)}
    assert {f"{number:x}" for number in revocation.revoked_serials(issuer().authority, both)} == {
        serial(one),
        serial(two),
    }


def test_who_is_on_the_list_stays_there_though_the_hub_knows_nothing_of_it() -> None:
    stolen, other = signed(), signed("west-gate")
    before, _ = issuer().listed(None, by_serial(stolen), now_us=NOW_US)
    kept, fresh = issuer().listed(before, by_serial(), now_us=NOW_US)
    assert (kept, fresh) == (before, frozenset())
    more, _ = issuer().listed(before, by_serial(other), now_us=NOW_US)
    assert int(serial(stolen), 16) in revocation.revoked_serials(issuer().authority, more)


@pytest.mark.parametrize("found", [b"", b"nonsense", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"])
def test_a_list_that_cannot_be_read_is_made_anew_with_all_that_the_hub_knows(found: bytes) -> None:
    one = signed()
    made, fresh = issuer().listed(found, by_serial(one), now_us=NOW_US)
    assert fresh == {serial(one)}
    assert int(serial(one), 16) in revocation.revoked_serials(issuer().authority, made)


def test_the_list_and_the_certificates_of_another_authority_count_nothing() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    pair = make_issuing(load_authority(make_root("demo", now=now)), "demo", now=now)
    other = Issuer(authority=load_authority(pair), root="")
    foreign = other.sign(EAST, Joiner(device=EAST).pair.certificate.decode(), now_us=NOW_US).pem
    theirs, _ = other.listed(None, by_serial(foreign), now_us=NOW_US)
    made, fresh = issuer().listed(theirs, by_serial(foreign), now_us=NOW_US)
    assert fresh == frozenset()
    assert revocation.revoked_serials(issuer().authority, made) == frozenset()


def test_the_files_must_belong_together_and_the_key_must_not_be_locked(tmp_path: Path) -> None:
    files = written(tmp_path)
    loaded = load_issuer(files["issuing.pem"], files["issuing.key"], files["root.pem"])
    assert loaded.root.encode() == root().certificate
    other = make_root("demo", now=datetime(2026, 11, 1, tzinfo=UTC))
    (tmp_path / "other.pem").write_bytes(other.certificate)
    (tmp_path / "other.key").write_bytes(other.key)
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(signed())
    for certificate, key, top, said in (
        ("issuing.pem", "other.key", "root.pem", "key is not that"),
        ("issuing.pem", "issuing.key", "other.pem", "not issued by"),
        ("leaf.pem", "issuing.key", "root.pem", "key is not that"),
        ("issuing.pem", "issuing.key", "absent.pem", "No such file"),
        ("issuing.key", "issuing.key", "root.pem", "no certificate"),
    ):
        with pytest.raises(IssuerError, match=said):
            load_issuer(tmp_path / certificate, tmp_path / key, tmp_path / top)
    assert issuing_pair().key not in str(loaded).encode()
