"""A person's own file over the API: all of it, in the times of the API, for those alone who may hand it over."""

import io
import json
import zipfile
from dataclasses import replace

from web_hub import WebHub, enrol, problem, value

from hub_server.store import subject_access


def furnished(hub: WebHub) -> None:
    hub.device("east-gate", "东门")
    hub.person("p-li", born="1948-03-05", phone="138 0013 0001")
    hub.person("p-wang", "王建国")
    body = {"purpose": "welfare", "text_version": "1", "given_on": "2026-11-01", "collector": "王敏"}
    value(hub.post("/api/v1/people/p-li/consents", body), 201)
    hub.custody.enrol("p-li", replace(enrol([b"\xff\xd8\xff face"]), kept=(b"\xff\xd8\xff face",)), by="王敏")
    hub.passage("p-li")
    hub.passage("p-wang")


def test_the_file_has_every_section_and_times_as_everywhere(hub: WebHub) -> None:
    furnished(hub)
    shown = value(hub.get("/api/v1/people/p-li/file"))
    assert set(shown["sections"]) == {*subject_access.SECTIONS, subject_access.AUDIT}
    assert shown["sections"]["person"][0]["phone"] == "138 0013 0001"
    (passage,) = shown["sections"]["passages"]
    assert passage["place"] == "东门"
    assert passage["captured_at"].endswith("Z")
    assert not any(name.endswith("_us") for rows in shown["sections"].values() for row in rows for name in row)
    assert shown["photos"] == ["/api/v1/people/p-li/face/photos/1"]
    assert "p-wang" not in json.dumps(shown)


def test_the_zip_has_the_same_and_the_photographs_in_the_clear(hub: WebHub) -> None:
    furnished(hub)
    answer = hub.get("/api/v1/people/p-li/file.zip")
    assert answer.content_type == "application/zip"
    assert 'filename="p-li.zip"' in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == ["file.json", "photo-1.jpg"]
        assert archive.read("photo-1.jpg") == b"\xff\xd8\xff face"
        told = json.loads(archive.read("file.json"))
    assert told["sections"]["consents"][0]["purpose"] == "welfare"


def test_each_look_at_a_file_is_a_row_of_the_audit_and_of_the_next_file(hub: WebHub) -> None:
    furnished(hub)
    value(hub.get("/api/v1/people/p-li/file"))
    hub.get("/api/v1/people/p-li/file.zip")
    rows = value(hub.get("/api/v1/people/p-li/file"))["sections"]["audit"]
    assert [row["action"] for row in rows][:2] == ["subject_access.download", "subject_access.show"]


def test_only_who_may_hand_it_over_gets_it_and_of_their_own_area(hub: WebHub) -> None:
    hub.person("p-li", area="桂花村")
    hub.person("p-wang", "王建国", area="荷塘社区")
    for name, role, status in (("li", "community_manager", 200), ("wu", "grid_worker", 403), ("xu", "auditor", 403)):
        hub.account(name=name, role=role, areas=["桂花村"])
        browser = hub.log_in_as(name)
        assert browser.get("/api/v1/people/p-li/file").status_code == status, role
        assert browser.get("/api/v1/people/p-li/file.zip").status_code == status, role
    problem(hub.log_in_as("li").get("/api/v1/people/p-wang/file"), 404)
    problem(hub.get("/api/v1/people/nobody/file"), 404)
    problem(hub.get("/api/v1/people/nobody/file.zip"), 404)
