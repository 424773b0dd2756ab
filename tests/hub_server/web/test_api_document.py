"""API.md is run: every curl line is sent, and what it shows is what is answered."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from issuing_site import Joiner
from web_hub import TOKEN, WebHub
from werkzeug.test import TestResponse

import hub_server.web
from edge_agent.wire.model_bundle import pack
from hub_server.web.app import PAGES

DOCUMENT = (Path(hub_server.web.__file__).parent / "API.md").read_text(encoding="utf-8")
CARD: dict[str, str] = {}  # the last one that the document was given
FILES: dict[str, Any] = {
    "@residents.csv": "序号,姓名,电话\n1,陈志明,13800130007\n".encode("gbk"),
    "@models.bundle": pack({}),
    "@join.json": lambda _hub: json.dumps(Joiner(device=CARD["device"]).body(CARD["token"])).encode(),
}
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def send(hub: WebHub, line: str) -> TestResponse:
    """One curl line, as a shell would read it."""
    words = shlex.split(line.replace("$TOKEN", TOKEN).replace("$HUB", ""))
    assert words.pop(0) == "curl"
    method, path = "GET", ""
    data: str | bytes | None = None
    headers: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-d":
            data = words.pop(0)
        elif word == "--data-binary":
            given = FILES[words.pop(0)]
            data = given(hub) if callable(given) else given
        elif word == "-H":
            name, _, content = words.pop(0).partition(": ")
            headers[name] = content
        else:
            path = word
    return hub.stranger.open(path, method=method, headers=headers, data=data)


def shape(value: Any) -> Any:
    """Names and kinds, without the values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def live_on(hub: WebHub, line: str, answer: Any) -> None:
    """What else happens in the document's office: the watch looks, and the new device sees Mrs Li."""
    if "POST $HUB/api/v1/watches" in line:
        assert hub.raise_due() == [1]
    if "/join-tokens" in line and "-X POST" in line:
        CARD.update(answer)
    if "POST $HUB/api/v1/devices " in line:
        hub.passage("p-li")
        hub.vehicle(listed="粤B12345")
        hub.not_understood(b'{"type":"lamp_state","state":"broken"}')
        hub.pass_sheet()


def test_every_example_works_and_answers_as_shown(hub: WebHub) -> None:
    hub.clock.now_us = 1_795_472_400_000_000  # 2026-11-23T22:20:00Z
    answer: Any = None
    compared = sent = 0
    for kind, text in BLOCK.findall(DOCUMENT):
        if kind == "json":
            assert shape(answer) == shape(json.loads(text)), text
            compared += 1
            continue
        for line in text.splitlines():
            response = send(hub, line)
            assert response.status_code in {200, 201}, (line, response.text)
            answer = response.json
            live_on(hub, line, answer)
            sent += 1
    assert compared >= 9
    assert sent >= 20


def test_every_route_is_documented(hub: WebHub) -> None:
    known = (
        DOCUMENT.replace("$HUB", "")
        .replace("p-li", "<person>")
        .replace("east-gate", "<device>")
        .replace("big-screen", "<token>")
        .replace("accounts/wangmin", "accounts/<account>")
        .replace("consents/door/", "consents/<purpose>/")
        .replace("placements/door/", "placements/<purpose>/")
        .replace("quarantine/3", "quarantine/1")
        .replace("recipients/2", "recipients/1")
        .replace("pauses/2/", "pauses/1/")
        .replace("observations/3/", "observations/1/")
        .replace("ladder/worker", "ladder/<rung>")
        .replace("exports/people", "exports/<listing>")
        .replace("retention/strangers", "retention/<kept>")
        .replace("areas/%E6%A1%82%E8%8A%B1%E6%9D%91%E7%AC%AC%E4%BA%8C%E7%BD%91%E6%A0%BC", "areas/<area>")
        .replace("places/%E5%8D%AB%E7%94%9F%E7%AB%99", "places/<place>")
    )
    for rule in hub.app.url_map.iter_rules():
        if rule.endpoint in PAGES:
            continue  # what people look at is found by the menu
        path = re.sub(r"<row_id:[a-z]+>", "1", rule.rule)
        for method in rule.methods or ():
            if method not in {"HEAD", "OPTIONS"}:
                pattern = rf"{method} {re.escape(path)}(?![\w/])|-X {method} \S*{re.escape(path)}[ \"?]"
                if method == "GET":
                    pattern += rf"|curl \"?{re.escape(path)}[ \"?\n]"
                assert re.search(pattern, known), f"{method} {rule.rule} is not in API.md"
