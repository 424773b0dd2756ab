import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from web_hub import TOKEN, WebHub, problem, value

from hub_server.store.errors import InvalidValueError
from hub_server.web.decode import BODY_BYTES_MAX


@contextmanager
def not_propagating(hub: WebHub) -> Iterator[None]:
    """As in service: what is not foreseen becomes a 500."""
    hub.app.config["PROPAGATE_EXCEPTIONS"] = False
    yield
    hub.app.config["PROPAGATE_EXCEPTIONS"] = None


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/api/v1/people/a/b", "/api/v1/watches/1/2"])
def test_a_path_that_is_not_there_is_a_problem(hub: WebHub, path: str) -> None:
    problem(hub.get(path), 404)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_method_that_is_not_there_says_what_is(hub: WebHub, method: str) -> None:
    response = hub.call(method, "/api/v1/people/p-li")
    problem(response, 405)
    assert {"GET", "PATCH"} <= set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"\xff", b'{"name": "\\ud800"}', b"[" * 60000, b'{"name": NaN}'])
def test_a_body_that_is_no_json_is_a_problem(hub: WebHub, body: bytes) -> None:
    problem(hub.call("POST", "/api/v1/people", data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("body", [[], [{"name": "x"}], "name", 5, True])
def test_a_body_that_is_no_object_is_a_problem(hub: WebHub, body: object) -> None:
    assert (
        "object"
        in problem(hub.call("POST", "/api/v1/people", data=json.dumps(body), content_type="application/json"), 400)[
            "detail"
        ]
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_must_say_that_it_is_json(hub: WebHub, kind: str) -> None:
    problem(hub.call("POST", "/api/v1/people", data=b'{"name": "x"}', content_type=kind), 415)


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(hub: WebHub) -> None:
    start = b'{"name": "x"'
    for size, status in ((BODY_BYTES_MAX, 201), (BODY_BYTES_MAX + 1, 413)):
        body = start + b" " * (size - len(start) - 1) + b"}"
        response = hub.call("POST", "/api/v1/people", data=body, content_type="application/json")
        assert response.status_code == status
    problem(response, 413)
    assert len(value(hub.get("/api/v1/people"))["items"]) == 1


def test_a_value_that_only_the_store_finds_wrong_names_its_field(hub: WebHub) -> None:
    def view() -> str:
        raise InvalidValueError("place", "must be somewhere")

    hub.app.add_url_rule("/api/v1/wrong", view_func=view)
    assert problem(hub.get("/api/v1/wrong"), 422)["errors"] == {"place": "must be somewhere"}


def test_a_path_written_carelessly_is_led_to_the_right_one(hub: WebHub) -> None:
    response = hub.get("/api/v1//people")
    assert response.status_code == 308
    assert response.headers["Location"].endswith("/api/v1/people")


def test_an_oversized_form_is_refused_too(hub: WebHub) -> None:
    assert hub.stranger.post("/login", data={"code": "x" * (BODY_BYTES_MAX + 2)}).status_code == 413


def test_a_chunked_body_has_the_same_limit(hub: WebHub) -> None:
    response = hub.call(
        "POST",
        "/api/v1/people",
        input_stream=io.BytesIO(b'{"name": "x"}' + b" " * BODY_BYTES_MAX),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    problem(response, 413)


def test_an_unforeseen_error_is_logged_and_says_nothing_of_the_inside(
    hub: WebHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.store.write(lambda db: db.execute("DROP VIEW watch_rows").close())
    with not_propagating(hub), caplog.at_level(logging.ERROR):
        detail = problem(hub.get("/api/v1/watches"), 500)["detail"]
    assert "watch_rows" not in detail
    assert "watch_rows" in caplog.text


def test_a_store_that_is_closing_asks_to_come_again(hub: WebHub) -> None:
    hub.store._writer.close()
    response = hub.post("/api/v1/people", {"name": "x"})
    problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0


def test_outside_the_api_a_refusal_is_a_plain_page(hub: WebHub) -> None:
    response = hub.stranger.get("/<script>alert(1)</script>")
    assert response.status_code == 404
    assert response.content_type.startswith("text/html")
    assert "<script>alert" not in response.text


def test_a_token_never_stands_in_an_answer(hub: WebHub) -> None:
    for path in ("/api/v1/people", "/api/v1/nothing", "/healthz", "/login"):
        assert TOKEN not in hub.get(path).text
