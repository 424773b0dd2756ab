"""Lists in pages: by the cursor and by the header Link, while rows are added."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from web_hub import WebHub, value

LINK = re.compile(r'<(/api/v1/[^>]+)>; rel="next"')


def following(hub: WebHub, path: str) -> tuple[list[Any], str | None]:
    """The ids of a page, and where Link leads."""
    response = hub.get(path)
    page = value(response)
    link = LINK.fullmatch(response.headers["Link"]) if "Link" in response.headers else None
    assert (link is None) == (page["next"] is None)
    return [item["id"] for item in page["items"]], None if link is None else link[1]


def walk(hub: WebHub, path: str, meanwhile: Iterator[Callable[[], object]]) -> list[Any]:
    """Every id, page after page; behind each page something happens, until there is nothing left to happen."""
    seen: list[Any] = []
    step: str | None = path
    while step is not None:
        ids, step = following(hub, step)
        seen += ids
        next(meanwhile, lambda: None)()
    return seen


def test_people_added_while_one_pages_repeat_nothing_and_hide_nothing(hub: WebHub) -> None:
    before = [hub.person(f"p-{number}") for number in range(100, 112, 2)]
    adding = (lambda number=number: hub.person(f"p-{number}") for number in (101, 107, 105))
    seen = walk(hub, "/api/v1/people?limit=2", adding)
    # 101 and 105 came when their page had been shown, 107 before.
    assert seen == [*before[:4], "p-107", *before[4:]]


def test_alerts_raised_while_one_pages_do_not_shift_the_rest(hub: WebHub) -> None:
    before = [hub.overdue(f"p-{number}") for number in range(5)]
    raising = (lambda number=number: hub.overdue(f"p-{number}") for number in (5, 6))
    assert walk(hub, "/api/v1/alerts?limit=2", raising) == before[::-1]


@pytest.mark.parametrize("newest_first", [True, False])
def test_events_stored_while_one_pages_do_not_shift_the_rest(hub: WebHub, *, newest_first: bool) -> None:
    hub.device()
    before = [hub.passage() for _ in range(5)]
    later: list[int] = []
    storing = (lambda: later.append(hub.passage()) for _ in range(2))
    path = "/api/v1/events?limit=2" if newest_first else "/api/v1/events?limit=2&after=0"
    seen = walk(hub, path, storing)
    assert seen == (before[::-1] if newest_first else before + later)


def test_watches_and_devices_go_on_where_they_stopped(hub: WebHub) -> None:
    made = [hub.watch(hub.person(f"p-{number}")) for number in range(3)]
    assert walk(hub, "/api/v1/watches?limit=1", iter(())) == made
    names = [hub.device(name) for name in ("a", "b", "c")]
    assert walk(hub, "/api/v1/devices?limit=2", iter(())) == names


def test_the_link_keeps_the_filters(hub: WebHub) -> None:
    for number in range(3):
        hub.overdue(f"p-{number}")
    _, link = following(hub, "/api/v1/alerts?state=open,acknowledged&limit=2")
    assert link == "/api/v1/alerts?state=open%2Cacknowledged&limit=2&after=2"
    assert following(hub, link) == ([1], None)


def test_a_page_that_is_just_full_leads_to_an_empty_one(hub: WebHub) -> None:
    hub.person("p-1")
    ids, link = following(hub, "/api/v1/people?limit=1")
    assert ids == ["p-1"]
    assert link is not None
    assert following(hub, link) == ([], None)
