"""A device joins with the token of its card, once; whoever has none, an old one or another's is not let in."""

import base64
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from issuing_site import BROKER, PAGE, Joiner, issuer, root
from web_hub import DAY_US, WebHub, problem, value
from werkzeug.test import TestResponse

from edge_agent.wire.sign import key_of_text, public_key_of
from firmware_config.ca.authority import check_issued_here
from hub_server.store import alarms, audit, certificates, retiring
from hub_server.store.alarms import AlarmKind
from hub_server.store.derived_keys import signing_key
from hub_server.web.join import BODY_BYTES_MAX

EAST = "east-gate"


def card(hub: WebHub, device: str = EAST, **body: Any) -> str:
    made = value(hub.post(f"/api/v1/devices/{device}/join-tokens", body), 201)
    return str(made["token"])


def join(hub: WebHub, body: object, **sent: Any) -> TestResponse:
    """As a device does: nobody has told it of any other token."""
    return hub.stranger.post("/api/v1/join", json=body, **sent)


def request_of(key: Any, *names: str, extra: str = "") -> str:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names]
    if extra:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, extra))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def east(hub: WebHub) -> str:
    return hub.device(EAST)


def test_who_holds_the_card_gets_all_that_a_device_needs(hub: WebHub, east: str) -> None:
    device = Joiner(device=east)
    body = device.body(card(hub))
    made = value(join(hub, body), 201)
    own, above = x509.load_pem_x509_certificates(made["certificate"].encode())
    check_issued_here(issuer().authority, own)
    assert above == issuer().authority.certificate
    assert made["ca"].encode() == root().certificate
    assert own.subject.rfc4514_string() == "CN=east-gate"
    key = serialization.load_pem_private_key(device.pair.key, None)
    assert own.public_key() == key.public_key()
    assert key_of_text(made["sign_key"]) == public_key_of(signing_key(hub.store.data_dir))
    assert len(base64.b64decode(made["picture_key"])) == 32
    assert (made["site"], made["device"], made["page"]) == ("demo", east, PAGE)
    assert made["broker"] == {"host": BROKER[0], "port": BROKER[1]}
    with hub.store.read() as db:
        (row,) = db.query("SELECT seal_key FROM devices WHERE id = ?", [east])
        (entry,) = db.query("SELECT actor, subject FROM audit WHERE action = 'join.enter'")
        audit.head(db)
    assert row["seal_key"] == base64.b64decode(body["seal_key"]).hex()
    assert (entry["actor"], entry["subject"]) == ("device east-gate", "device/east-gate")


def test_an_answer_lost_on_its_way_is_given_again_and_nothing_new_is_signed(hub: WebHub, east: str) -> None:
    body = Joiner(device=east).body(card(hub))
    first, again = value(join(hub, body), 201), value(join(hub, body), 201)
    assert first == again
    with hub.store.read() as db:
        assert len(certificates.of_device(db, east, limit=9)) == 1


def test_a_card_used_again_with_another_key_is_refused_and_the_office_hears_of_it_once(hub: WebHub, east: str) -> None:
    token = card(hub)
    mine = value(join(hub, Joiner(device=east).body(token)), 201)
    for _ in range(3):
        problem(join(hub, Joiner(device=east).body(token)), 409)
    with hub.store.read() as db:
        (alarm,) = alarms.open(db)
        (only,) = certificates.of_device(db, east, limit=9)
    assert (alarm.kind, alarm.subject) == (AlarmKind.CARD, east)
    assert only.pem == mine["certificate"]
    shown = value(hub.get("/api/v1/alarms"))["items"]
    assert [(one["kind"], one["place"]) for one in shown] == [("card", "东门")]
    card(hub)  # somebody has acted
    assert value(hub.get("/api/v1/alarms"))["items"] == []


def refusals(hub: WebHub) -> dict[str, str]:
    """A token of each kind that must not count, for the device east-gate."""
    hub.device("west-gate")
    found = {"another device's": card(hub, "west-gate"), "never made": "A" * 43, "voided": card(hub)}
    found["replaced"] = card(hub)
    card(hub)
    value(hub.call("DELETE", "/api/v1/devices/east-gate/join-tokens"))
    return found | {"nonsense": "') --", "empty but for a blank": " "}


def test_every_token_that_does_not_count_gets_the_same_answer_to_the_letter(hub: WebHub, east: str) -> None:
    answers = {}
    for kind, token in refusals(hub).items():
        answer = join(hub, Joiner(device=east).body(token))
        answers[kind] = (answer.status_code, answer.text, sorted(answer.headers.to_wsgi_list()))
    expired = card(hub, days=1)
    hub.clock.now_us += DAY_US
    answer = join(hub, Joiner(device=east).body(expired))
    answers["expired"] = (answer.status_code, answer.text, sorted(answer.headers.to_wsgi_list()))
    retired = card(hub)
    hub.store.write(lambda db: retiring.retire(db, east, reason="拆了", now_us=hub.clock()))
    answer = join(hub, Joiner(device=east).body(retired))
    answers["retired"] = (answer.status_code, answer.text, sorted(answer.headers.to_wsgi_list()))
    assert {one[0] for one in answers.values()} == {403}
    assert len({json.dumps(one) for one in answers.values()}) == 1, answers
    with hub.store.read() as db:
        assert certificates.of_device(db, east, limit=9) == []


def test_a_token_counts_to_the_last_microsecond_before_its_end(hub: WebHub, east: str) -> None:
    token = card(hub, days=1)
    hub.clock.now_us += DAY_US - 1
    value(join(hub, Joiner(device=east).body(token)), 201)


def test_after_a_revocation_the_used_card_does_not_give_its_certificate_again(hub: WebHub, east: str) -> None:
    body = Joiner(device=east).body(card(hub))
    value(join(hub, body), 201)
    value(hub.post(f"/api/v1/devices/{east}/revocation", {"reason": "卡被偷了"}), 201)
    problem(join(hub, body), 403)


P256 = ec.generate_private_key(ec.SECP256R1())
WRONG_REQUESTS = {
    "another device's name": request_of(P256, "west-gate"),
    "the hub's name": request_of(P256, "hub.office"),
    "two names": request_of(P256, EAST, EAST),
    "a name and more": request_of(P256, EAST, extra="riverside"),
    "no name": request_of(P256),
    "an RSA key": request_of(rsa.generate_private_key(65537, 2048), EAST),
    "another curve": request_of(ec.generate_private_key(ec.SECP384R1()), EAST),
    "Ed25519": request_of(ed25519.Ed25519PrivateKey.generate(), EAST),
    "a certificate": root().certificate.decode(),
    "nothing of the kind": "-----BEGIN CERTIFICATE REQUEST-----\nMIHt\n-----END CERTIFICATE REQUEST-----\n",
    "no letters of ours": "证书" * 50,
}


@pytest.mark.parametrize("wrong", WRONG_REQUESTS)
def test_a_request_that_is_not_right_is_refused_and_the_card_still_counts(hub: WebHub, east: str, wrong: str) -> None:
    token, device = card(hub), Joiner(device=east)
    told = problem(join(hub, device.body(token, request=WRONG_REQUESTS[wrong])), 422)
    assert set(told["errors"]) == {"request"}
    value(join(hub, device.body(token)), 201)


def test_a_request_signed_with_another_key_than_its_own_is_refused(hub: WebHub, east: str) -> None:
    request = x509.load_pem_x509_csr(Joiner(device=east).pair.certificate)
    der = bytearray(request.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    text = base64.encodebytes(bytes(der)).decode()
    forged = f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"
    problem(join(hub, Joiner(device=east).body(card(hub), request=forged)), 422)


@pytest.mark.parametrize("field", ["token", "device", "request", "seal_key"])
def test_fields_that_are_missing_or_of_another_kind_are_named(hub: WebHub, east: str, field: str) -> None:
    body = Joiner(device=east).body("x")
    for given in ({}, {field: 7}, {field: None}, {field: ""}, {field: "x" * 9000}):
        sent = {name: given.get(name, text) for name, text in body.items() if given or name != field}
        assert field in problem(join(hub, sent), 422)["errors"]
    assert problem(join(hub, {**body, "more": 1}), 422)["errors"] == {"more": "is not a field here"}


def test_what_is_too_large_or_no_json_is_refused_before_it_is_looked_at(hub: WebHub) -> None:
    problem(join(hub, {"token": "x" * BODY_BYTES_MAX}), 413)
    problem(hub.stranger.post("/api/v1/join", data=b"[", content_type="application/json"), 400)
    problem(hub.stranger.post("/api/v1/join", data=b"[" * 9000, content_type="application/json"), 400)
    problem(hub.stranger.post("/api/v1/join", data=b"{}", content_type="text/plain"), 415)
    assert hub.stranger.get("/api/v1/join").status_code in {401, 405}


def test_guesses_are_refused_then_held_off_and_a_card_behind_the_same_router_gets_through(
    hub: WebHub, east: str
) -> None:
    device = Joiner(device=east)
    statuses = [join(hub, device.body(f"guess {n}")).status_code for n in range(100)]
    assert set(statuses[:20]) == {403}
    assert set(statuses[40:]) == {429}
    held = join(hub, device.body("one more"))
    assert 1 <= int(held.headers["Retry-After"]) <= 60
    for number in range(20):  # twenty Pis of one gate house
        name = hub.device(f"pi-{number}")
        value(join(hub, Joiner(device=name).body(card(hub, name))), 201)
    elsewhere = {"REMOTE_ADDR": "192.168.9.9"}
    assert join(hub, device.body("elsewhere"), environ_base=elsewhere).status_code == 403


def test_a_hub_without_an_issuing_key_says_so_and_its_pages_are_as_before(store: Any, clock: Any) -> None:
    hub = WebHub(store=store, clock=clock, issues=False)
    hub.device(EAST)
    answer = join(hub, Joiner(device=EAST).body("x"))
    assert "--issuing-cert" in problem(answer, 503)["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    problem(hub.post(f"/api/v1/devices/{EAST}/join-tokens", {}), 503)
    told = value(hub.get("/api/v1/issuing"))
    assert (told["set_up"], told["ca"]) == (False, "")
    assert value(hub.post(f"/api/v1/devices/{EAST}/revocation", {"reason": "x"}), 201)["broker"] == "not_kept"
    hub.stop()
