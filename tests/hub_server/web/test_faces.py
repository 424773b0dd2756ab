"""Enrolment through the API: photographs in, a template kept under lock, and erased without a trace but the receipt."""

import base64
from typing import Any

import pytest
from web_hub import TEMPLATE_LENGTH, WebHub, enrol, problem, value

from hub_server.store import faces
from hub_server.web import faces as web_faces

LI = "/api/v1/people/p-li"
CONSENT = {"text_version": "2026-11", "given_on": "2026-11-20", "collector": "王敏"}


@pytest.fixture
def hub(hub: WebHub) -> WebHub:
    hub.person("p-li", born="1948-03-05")
    return hub


def agree(hub: WebHub, *purposes: str) -> None:
    for purpose in purposes:
        value(hub.post(f"{LI}/consents", {**CONSENT, "purpose": purpose}), 201)


def photos(*contents: bytes, **fields: Any) -> dict[str, Any]:
    return {"photos": [base64.b64encode(content).decode() for content in contents], **fields}


def stored(hub: WebHub) -> list[bytes] | None:
    with hub.store.read() as db:
        face = faces.get(db, "p-li")
        return None if face is None else hub.custody.templates(db, face.record, face.key_id, TEMPLATE_LENGTH)


def test_who_has_agreed_is_enrolled_and_the_photographs_are_dropped(hub: WebHub) -> None:
    agree(hub, "welfare")
    made = value(hub.post(f"{LI}/face", photos(b"one", b"two", by="王敏")), 201)
    assert (made["enrolled"], made["photos"], made["photos_kept"], made["enrolled_by"]) == (True, 2, 0, "王敏")
    assert value(hub.get(f"{LI}/face")) == made
    assert stored(hub) == list(enrol([b"one", b"two"]).templates)
    problem(hub.get(f"{LI}/face/photos/1"), 404)


def test_nobody_is_enrolled_who_has_not_agreed(hub: WebHub) -> None:
    problem(hub.post(f"{LI}/face", photos(b"one")), 409)
    assert value(hub.get(f"{LI}/face"))["enrolled"] is False
    problem(hub.post("/api/v1/people/p-nobody/face", photos(b"one")), 404)


def test_photographs_are_kept_only_when_their_owner_allows_it(hub: WebHub) -> None:
    agree(hub, "door")
    jpeg = b"\xff\xd8\xff\xe0 and so on"
    value(hub.post(f"{LI}/face", photos(jpeg, b"two", keep_photos=True)), 201)
    kept = hub.get(f"{LI}/face/photos/1")
    assert (kept.status_code, kept.content_type, kept.data) == (200, "image/jpeg", jpeg)
    assert hub.get(f"{LI}/face/photos/2").data == b"two"
    problem(hub.get(f"{LI}/face/photos/3"), 404)
    value(hub.post(f"{LI}/face", photos(b"newer")), 201)
    problem(hub.get(f"{LI}/face/photos/1"), 404)


def test_refused_photographs_are_named_and_nothing_is_stored(hub: WebHub) -> None:
    agree(hub, "door")
    refused = problem(hub.post(f"{LI}/face", photos(b"one", b"no face", b"no face")), 422)
    assert refused["errors"] == {"photos[1]": "no face in it", "photos[2]": "no face in it"}
    assert stored(hub) is None


def test_an_enrolment_at_a_bad_time_is_to_be_tried_again(hub: WebHub) -> None:
    agree(hub, "door")
    response = hub.post(f"{LI}/face", photos(b"busy"))
    problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("bad", [[], ["***"], [""], "one", [7], [base64.b64encode(b"x").decode()] * 6])
def test_photographs_come_as_one_to_five_in_base64(hub: WebHub, bad: object) -> None:
    agree(hub, "door")
    assert set(problem(hub.post(f"{LI}/face", {"photos": bad}), 422)["errors"]) == {"photos"}


def test_photographs_may_be_large_and_other_bodies_may_not(hub: WebHub) -> None:
    agree(hub, "door")
    value(hub.post(f"{LI}/face", photos(bytes(4 * 2**20))), 201)
    assert set(problem(hub.post(f"{LI}/face", photos(bytes(4 * 2**20 + 1))), 422)["errors"]) == {"photos"}
    too_large = hub.call(
        "POST", f"{LI}/face", data=b"x" * (web_faces.BODY_BYTES_MAX + 1), content_type="application/json"
    )
    problem(too_large, 413)
    problem(hub.post("/api/v1/people", {"name": "王", "note": "x" * 70_000}), 413)


def test_the_last_withdrawal_erases_and_an_earlier_one_does_not(hub: WebHub) -> None:
    agree(hub, "door", "welfare")
    value(hub.post(f"{LI}/face", photos(b"one", keep_photos=True)), 201)
    value(hub.post(f"{LI}/consents/door/withdraw", {}))
    assert stored(hub) is not None
    value(hub.post(f"{LI}/consents/welfare/withdraw", {}))
    assert stored(hub) is None
    problem(hub.get(f"{LI}/face/photos/1"), 404)
    (erasure,) = value(hub.get("/api/v1/erasures"))["items"]
    assert (erasure["person"], erasure["scope"], erasure["receipts"]) == ("p-li", "biometrics", [])


def test_erasing_the_face_withdraws_everything(hub: WebHub) -> None:
    agree(hub, "door", "welfare")
    value(hub.post(f"{LI}/face", photos(b"one")), 201)
    erased = value(hub.call("DELETE", f"{LI}/face"))
    assert value(hub.get("/api/v1/erasures"))["items"][0]["erasure"] == erased["erasure"]
    assert all(consent["withdrawn_at"] for consent in value(hub.get(f"{LI}/consents"))["items"])
    problem(hub.call("DELETE", f"{LI}/face"), 404)
    problem(hub.post(f"{LI}/face", photos(b"one")), 409)


def test_erasing_a_person_leaves_the_pseudonym_in_the_list_of_erasures_only(hub: WebHub) -> None:
    agree(hub, "door")
    value(hub.post(f"{LI}/face", photos(b"one")), 201)
    hub.watch()
    hub.device()
    hub.passage("p-li")
    value(hub.call("DELETE", LI))
    problem(hub.get(LI), 404)
    problem(hub.call("DELETE", LI), 404)
    assert value(hub.get("/api/v1/watches"))["items"] == []
    assert value(hub.get("/api/v1/events?person=p-li"))["items"] == []
    assert [(row["person"], row["scope"]) for row in value(hub.get("/api/v1/erasures"))["items"]] == [
        ("p-li", "person")
    ]
