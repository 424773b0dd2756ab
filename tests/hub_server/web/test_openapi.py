"""/openapi.json against the application itself: what schemathesis makes up from the one, the other must answer so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from msgspec import Struct
from msgspec.structs import fields
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from web_hub import TOKEN, WebHub, csrf_of, enrol, value

from edge_agent.wire.gallery import Purpose
from hub_server.store import consents, tokens
from hub_server.store.consents import Basis
from hub_server.store.store import Store
from hub_server.web.app import OPERATIONS
from hub_server.web.decode import decode_fields
from hub_server.web.examples import EXAMPLES
from hub_server.web.operations import JSON, Operation
from hub_server.web.scopes import Scope

EXAMPLES_MAX = 8
OBJECTS = {"settings"}  # fields for which any object will do
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SEED = 20261123
FINITE = [name for name, one in OPERATIONS.items() if one.content == JSON]  # not the stream
NAMING = [name for name in FINITE if "<" in OPERATIONS[name].path]
BODIES = [one.body for one in OPERATIONS.values() if one.body is not None]
ASKING = [name for name in FINITE if name in NAMING or OPERATIONS[name].query or OPERATIONS[name].body]


class RunningClock:
    """One second a look, so that what expires does."""

    now_us = 1_795_471_200_000_000

    def __call__(self) -> int:
        self.now_us += 1_000_000
        return self.now_us


@dataclass(frozen=True, kw_only=True)
class Trial:
    """An office in which every kind of thing is there, and what stands in the paths that lead to it."""

    schema: Any
    there: dict[str, Any]

    def run(self, operation: Operation, mode: GenerationMode, *, is_there: bool) -> int:
        """How many requests were answered as the document says; raises what schemathesis finds wrong."""
        path = document_path(operation)
        inside = {name: value for name, value in self.there.items() if f"{{{name}}}" in path}
        named = inside if is_there and inside else None
        asked = 0

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES_MAX,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self.schema[path][operation.method].as_strategy(generation_mode=mode, path_parameters=named))
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}", "Host": "localhost"})

        ask()
        return asked


def document_path(operation: Operation) -> str:
    return operation.path.replace("row_id:", "").replace("<", "{").replace(">", "}")


def config() -> SchemathesisConfig:
    """What fits the schema may be refused where the document says so: a rule that types cannot say, a stale ETag."""
    fine = {
        name: [
            "2xx",
            "3xx",
            "404",
            "409",
            *(["422"] if one.rules else []),
            *(["412"] if one.versioned else []),
            *(["403"] if one.own or one.refuses else []),
        ]
        for name, one in OPERATIONS.items()
    }
    return SchemathesisConfig.from_dict(
        {
            "operations": [
                {
                    "include-operation-id": name.replace(".", "_"),
                    "checks": {"positive_data_acceptance": {"expected-statuses": statuses}},
                }
                for name, statuses in fine.items()
            ]
        }
    )


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    clock = RunningClock()
    data: Path = tmp_path_factory.mktemp("data")
    store = Store.open(data, clock=clock)
    hub = WebHub(store=store, clock=clock)
    alert = hub.overdue("p-li", address="桂花村 3 组", phone="138 0013", note="独居", born="1948-03-05")
    hub.device("east-gate")
    event = hub.passage("p-li")
    hub.passage()
    hub.vehicle(listed="粤B12345")
    hub.vehicle(None, synced=False)
    value(hub.post("/api/v1/vehicles", {"plate": "粤B12345", "owner": "household", "label": "3 栋"}), 201)
    hub.not_understood(b'{"type":"lamp"}')
    hub.stored(b"\xff no json", "quarantined")
    value(hub.post("/api/v1/households", {"address": "桂花村 3 组", "area": "桂花村"}), 201)
    table = {"data": "姓名,出生日期\n陈志明,1950-02-03\n", "content_type": "application/octet-stream"}
    value(hub.call("POST", "/api/v1/imports?kind=people", **table), 201)
    hub.ladder()
    hub.watch(hub.person("p-wang", "王建国"), seen_before_us=0)
    soon = {"until": "2026-12-01T00:00:00Z", "reason": "住院"}
    value(hub.post("/api/v1/people/p-wang/pauses", soon), 201)
    value(hub.post("/api/v1/people/p-wang/observations", {"kind": "phone"}), 201)
    ends_us = clock() + 60_000_000
    store.write(
        lambda db: tokens.create(db, name="screen", scopes=[Scope.READ], expires_us=ends_us, now_us=clock.now_us)
    )
    for purpose in (Purpose.DOOR, Purpose.WELFARE):
        store.write(
            lambda db, purpose=purpose: consents.give(  # type: ignore[misc]
                db,
                person="p-li",
                purpose=purpose,
                basis=Basis.CONSENT,
                text_version="1",
                given_on="2026-11-01",
                collector="王敏",
                guardian="",
                now_us=clock(),
            )
        )
    hub.custody.enrol("p-li", replace(enrol([b"a face"]), kept=(b"a face",)), by="王敏")
    there = {
        "purpose": "door",
        "photo": 1,
        "person": "p-li",
        "watch": 1,
        "alert": alert,
        "device": "east-gate",
        "event": event,
        "token": "screen",
        "vehicle": 1,
        "conflict": 1,
        "pause": 1,
        "observation": 1,
        "recipient": 1,
        "contact": 1,
        "account": hub.account(),
        "session": "0123456789abcdef",
        "household": 1,
        "area": "桂花村",
        "place": "东门",
        "table": 1,
        "listing": "people",
        "rung": "worker",
    }
    schema = schemathesis.openapi.from_wsgi("/openapi.json", hub.app, config=config(), headers={"Host": "localhost"})
    yield Trial(schema=schema, there=there)
    hub.stop()
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", FINITE)
def test_what_fits_is_answered_as_the_document_says(trial: Trial, name: str) -> None:
    assert trial.run(OPERATIONS[name], GenerationMode.POSITIVE, is_there=True) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKING)
def test_what_does_not_fit_is_refused_as_the_document_says(trial: Trial, name: str) -> None:
    assert trial.run(OPERATIONS[name], GenerationMode.NEGATIVE, is_there=True) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMING)
def test_what_is_not_there_is_answered_as_the_document_says(trial: Trial, name: str) -> None:
    assert trial.run(OPERATIONS[name], GenerationMode.POSITIVE, is_there=False) > 0


def document(hub: WebHub) -> Any:
    return value(hub.stranger.get("/openapi.json"))


def test_the_document_is_open_and_is_openapi_3_1(hub: WebHub) -> None:
    shown = document(hub)
    assert shown["openapi"] == "3.1.0"
    for name, schema in shown["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": DIALECT, **schema})
        assert schema["title"] == name


def test_every_operation_stands_in_the_document_and_nothing_else(hub: WebHub) -> None:
    said = {(method.upper(), path) for path, methods in document(hub)["paths"].items() for method in methods}
    assert said == {(one.method, document_path(one)) for one in OPERATIONS.values()}
    assert ("GET", "/api/v1/stream") in said


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_names_its_scope_its_problems_and_an_example(hub: WebHub, name: str) -> None:
    one = OPERATIONS[name]
    shown = document(hub)["paths"][document_path(one)][one.method.lower()]
    if one.own:
        assert "token" not in str(shown["security"])
        assert {"401", "403"} <= set(shown["responses"])
    elif one.scope is None:
        assert shown["security"] == []
    else:
        assert shown["security"][0] == {"token": [one.scope]}
        assert {"401", "403"} <= set(shown["responses"])
    if one.body is not None:
        assert {"400", "413", "415", "422"} <= set(shown["responses"])
        assert "example" in shown["requestBody"]["content"][JSON]
    if one.content == JSON and name != "openapi.show":
        assert "example" in shown["responses"][str(one.status.value)]["content"][JSON]


def test_every_example_fits_its_schema(hub: WebHub) -> None:
    shown = document(hub)
    checked = 0
    for methods in shown["paths"].values():
        for one in methods.values():
            contents = [answer.get("content", {}) for answer in one["responses"].values()]
            for content in [*contents, one.get("requestBody", {}).get("content", {})]:
                for media in content.values():
                    if "example" in media:
                        whole = {**media["schema"], "components": shown["components"]}
                        jsonschema_rs.validate(whole, media["example"])
                        checked += 1
    assert checked > len(OPERATIONS)


@pytest.mark.parametrize("body", BODIES)
def test_every_example_of_a_body_is_taken(body: type[Struct]) -> None:
    example: Any = EXAMPLES[body]
    assert isinstance(decode_fields(example, body), body)


def test_a_request_with_every_field_wrong_is_refused_for_every_field_of_the_document(hub: WebHub) -> None:
    hub.account()
    browser = hub.log_in_as()
    for one in OPERATIONS.values():
        if one.body is None:
            continue
        names = {field.encode_name for field in fields(one.body)}
        path = re.sub(r"<[a-z_:]+>", "1", one.path.replace("<rung>", "worker"))
        wrong = {field: 7 if field in OBJECTS else {"wrong": True} for field in names}
        if one.own:
            errors = browser.open(path, method=one.method, json=wrong, headers=csrf_of(browser)).json
        else:
            errors = hub.call(one.method, path, json=wrong).json
        assert errors is not None
        assert set(errors["errors"]) == names, one.path
