"""Tables in, over HTTP: what is refused, what a preview says, who may, and what the page shows of it."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from books import book
from flask.testing import FlaskClient
from web_hub import DAY_US, WebHub, csrf_of, problem, value
from werkzeug.test import TestResponse

from hub_server.store import directory, people
from hub_server.tables import limits, template
from hub_server.tables.columns import Kind
from hub_server.web.exchange_shapes import MISTAKES_SHOWN, ROWS_SHOWN
from hub_server.web.imports import FILE_TYPE
from hub_server.web.scopes import Scope

EVIL = "<script>alert('守')</script>"
TEXT = (
    "序号,姓名*,社区/村,网格,户号,与户主关系,电话,出生日期,关爱类型,家属,家属电话,守望小时\n"
    "1,李秀兰,桂花村,桂花村第1网格,3-12,户主,１３８００１３０００１,1948年3月5日,独居、高龄,李明,138 0013 0003,24\n"
    "2,王建国,桂花村,,3-12,配偶,,1950/2/3,,,,\n"
)


def bring(
    hub: WebHub, data: bytes | str, *, kind: str = "people", name: str = "名册.csv", browser: FlaskClient | None = None
) -> TestResponse:
    path = f"/api/v1/imports?kind={kind}&name={quote(name)}"
    body = data if isinstance(data, bytes) else data.encode("gbk")
    if browser is None:
        return hub.call("POST", path, data=body, content_type=FILE_TYPE)
    return browser.post(path, data=body, content_type=FILE_TYPE, headers=csrf_of(browser))


def names(hub: WebHub) -> set[str]:
    with hub.store.read() as db:
        return {row.name for row in directory.page(db, after=None, limit=500)}


def audited(hub: WebHub) -> list[tuple[str, str | None, dict[str, Any]]]:
    with hub.store.read() as db:
        rows = db.execute("SELECT action, subject, payload FROM audit ORDER BY id").fetchall()
    return [(action, subject, json.loads(payload)["detail"]) for action, subject, payload in rows]


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("gbk"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", "\t").encode(),
        book(*(line.split(",") for line in TEXT.splitlines())),
    ],
)
def test_a_table_is_previewed_and_then_taken_over(hub: WebHub, data: bytes) -> None:
    answer = bring(hub, data)
    found = value(answer, 201)
    assert answer.headers["Location"] == f"/api/v1/imports/{found['id']}"
    assert found["file_name"] == "名册.csv"
    assert {name: found["counts"][name] for name in ("new", "wrong", "new_households", "new_watches")} == {
        "new": 2,
        "wrong": 0,
        "new_households": 1,
        "new_watches": 1,
    }
    assert found["unknown"] == ["序号"]
    first = {one["column"]["zh"]: one["after"] for one in found["rows"][0]["fields"]}
    assert (first["电话"], first["出生日期"], first["关爱类型"], first["守望小时"]) == (
        "13800130001",
        "1948-03-05",
        "独居、高龄",
        "24",
    )
    assert names(hub) == set(), "a preview changes nothing"
    done = value(hub.call("POST", f"/api/v1/imports/{found['id']}/apply"))
    assert done["applied_at"] is not None
    assert done["rows"] == []
    assert names(hub) == {"李秀兰", "王建国"}
    actions = [(action, subject) for action, subject, _ in audited(hub)]
    assert ("imports.bring", None) in actions
    assert ("imports.apply", f"table/{found['id']}") in actions
    assert "李秀兰" not in str(audited(hub)), "the audit has counts, no names"


def test_mistakes_are_told_by_row_and_column_in_both_languages_and_nothing_is_taken_over(hub: WebHub) -> None:
    found = value(bring(hub, TEXT.replace("1950/2/3", "1950/2/30").replace("独居、", "抑郁、")), 201)
    assert [(one["row"], one["column"]["zh"]) for one in found["mistakes"]] == [(2, "关爱类型"), (3, "出生日期")]
    assert all(one["zh"] and one["en"] for one in found["mistakes"])
    assert "2 行有错" in problem(hub.call("POST", f"/api/v1/imports/{found['id']}/apply"), 409)["detail"]
    assert names(hub) == set()
    table = hub.get(f"/api/v1/imports/{found['id']}/mistakes")
    assert table.data.startswith(b"\xef\xbb\xbf")
    assert "3,出生日期,日历里没有这一天：1950/2/30" in table.text


def test_a_file_that_is_no_table_is_a_problem_of_the_file(hub: WebHub) -> None:
    for data, said in (
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".xls"),
        (b"GIF89a" + book(("姓名",)), "图片"),
        (b"", "空"),
        (b"a,b\n1,2\n", "姓名"),
    ):
        assert said in problem(bring(hub, data), 422)["errors"]["file"]
    assert "kind" in problem(bring(hub, TEXT, kind="cats"), 422)["errors"]


def test_the_body_is_a_file_of_at_most_10_mib(hub: WebHub) -> None:
    problem(
        hub.call(
            "POST", "/api/v1/imports?kind=people", data=b"a" * (limits.FILE_BYTES_MAX + 1), content_type=FILE_TYPE
        ),
        413,
    )
    problem(hub.call("POST", "/api/v1/imports?kind=people", json={}), 415)
    problem(bring(hub, b"\x00" * limits.FILE_BYTES_MAX), 422)


def test_a_change_since_the_preview_is_a_conflict_that_names_the_row(hub: WebHub) -> None:
    hub.person("p-li", "李秀兰", phone="138 0013 0001")
    found = value(bring(hub, "姓名,电话,备注\n王,1390,\n李秀兰,13800130001,怕狗\n"), 201)
    assert [row["does"] for row in found["rows"]] == ["update", "new"]
    hub.store.write(lambda db: people.change(db, "p-li", by="x", now_us=hub.clock(), phone="137"))
    assert "第 3 行" in problem(hub.call("POST", f"/api/v1/imports/{found['id']}/apply"), 409)["detail"]
    assert names(hub) == {"李秀兰"}


def test_what_somebody_brings_does_not_read_out_what_is_on_file(hub: WebHub) -> None:
    hub.person(
        "p-li", "李秀兰", phone="138 0013 0001", address="桂花村 3 组", note="怕狗", area="桂花村", born="1948-03-05"
    )
    row = "编号,姓名,社区,电话,住址,备注,出生日期\np-li,李兰,东湖社区,139,东湖,x,1950-01-02\n"
    answer = bring(hub, row)
    shown = {one["column"]["name"]: one["before"] for one in value(answer, 201)["rows"][0]["fields"]}
    assert shown == {
        "name": "李秀兰",
        "area": "桂花村",
        **dict.fromkeys(("phone", "address", "note", "born")),
    }
    assert "0001" not in answer.text
    assert "怕狗" not in answer.text


def test_a_preview_can_be_forgotten_and_expires(hub: WebHub) -> None:
    kept, dropped = (value(bring(hub, TEXT), 201)["id"] for _ in range(2))
    value(hub.call("DELETE", f"/api/v1/imports/{dropped}"))
    problem(hub.get(f"/api/v1/imports/{dropped}"), 404)
    assert [row["id"] for row in value(hub.get("/api/v1/imports"))["items"]] == [kept]
    hub.clock.now_us += DAY_US
    problem(hub.get(f"/api/v1/imports/{kept}"), 404)
    problem(hub.call("POST", f"/api/v1/imports/{kept}/apply"), 404)
    assert value(hub.get("/api/v1/imports"))["items"] == []


def test_only_the_first_rows_and_mistakes_are_shown_and_all_are_counted(hub: WebHub) -> None:
    rows = "".join(f"李{n},{'x' if n % 2 else '1948-03-05'}\n" for n in range(600))
    found = value(bring(hub, f"姓名,出生日期\n{rows}"), 201)
    assert (len(found["rows"]), len(found["mistakes"])) == (ROWS_SHOWN, MISTAKES_SHOWN)
    assert (found["counts"]["new"], found["counts"]["wrong"]) == (300, 300)
    assert len(hub.get(f"/api/v1/imports/{found['id']}/mistakes").text.splitlines()) == 301


@pytest.mark.slow
def test_10000_rows_are_previewed_and_taken_over(hub: WebHub) -> None:
    rows = [
        ("姓名", "社区", "户号", "电话"),
        *((f"李{n}", f"社区{n % 6}", f"{n // 3}", 13800000000 + n) for n in range(10_000)),
    ]
    found = value(bring(hub, book(*rows), name="a.xlsx"), 201)
    assert found["counts"]["new"] == 10_000
    value(hub.call("POST", f"/api/v1/imports/{found['id']}/apply"))
    with hub.store.read() as db:
        assert directory.count(db) == 10_000
    again = value(bring(hub, book(*rows)), 201)
    assert again["counts"]["unchanged"] == 10_000


def test_the_template_of_each_kind_comes_as_excel_and_csv(hub: WebHub) -> None:
    for kind in Kind:
        excel = hub.get(f"/api/v1/imports/template?kind={kind}")
        assert "attachment" in excel.headers["Content-Disposition"]
        assert excel.data.startswith(b"PK")
        text = hub.get(f"/api/v1/imports/template?kind={kind}&form=csv").text
        assert text.splitlines()[0].removeprefix("\ufeff") == ",".join(template.headings(kind))
        assert "没有数据" in problem(bring(hub, excel.data, kind=kind), 422)["errors"]["file"]


def test_whoever_may_exchange_but_not_change_people_previews_and_no_more(hub: WebHub) -> None:
    made = {"name": "reader", "scopes": [Scope.READ, Scope.EXCHANGE], "expires_at": "2027-11-23T21:44:00Z"}
    secret = value(hub.post("/api/v1/tokens", made), 201)["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    sent = {"data": TEXT.encode("gbk"), "content_type": FILE_TYPE, "headers": headers}
    found = value(hub.stranger.post("/api/v1/imports?kind=people", **sent), 201)
    refused = hub.stranger.post(f"/api/v1/imports/{found['id']}/apply", headers=headers)
    assert "people" in problem(refused, 403)["detail"]
    assert names(hub) == set()


@pytest.mark.parametrize("role", ["grid_worker", "technician", "viewer", "auditor"])
def test_whoever_may_not_exchange_brings_nothing(hub: WebHub, role: str) -> None:
    browser = hub.log_in_as(hub.account("zhang", role, areas=["桂花村"]))
    problem(bring(hub, TEXT, browser=browser), 403)
    assert browser.get("/imports").status_code == 403


def test_a_change_needs_the_csrf_token(hub: WebHub) -> None:
    browser = hub.log_in_as(hub.account("zhang", "community_manager", areas=["桂花村"]))
    problem(browser.post("/api/v1/imports?kind=people", data=TEXT.encode(), content_type=FILE_TYPE), 403)


def test_a_manager_brings_people_of_their_own_area_and_sees_their_own_tables(hub: WebHub) -> None:
    zhang = hub.log_in_as(hub.account("zhang", "community_manager", areas=["桂花村"], display="张华"))
    wu = hub.log_in_as(hub.account("wu", "community_manager", areas=["东湖社区"], display="吴敏"))
    found = value(bring(hub, TEXT.replace("2,王建国,桂花村", "2,王建国,东湖社区"), browser=zhang), 201)
    assert [(one["row"], one["column"]["name"]) for one in found["mistakes"]] == [(2, "grid"), (3, "area")]
    assert "请管理员先建立" in found["mistakes"][0]["zh"], "a grid that is not there is nobody's yet"
    mine = value(bring(hub, "姓名,社区\n王建国,桂花村\n", browser=zhang), 201)["id"]
    for path in (f"/api/v1/imports/{mine}", f"/api/v1/imports/{mine}/mistakes"):
        problem(wu.get(path), 404)
    problem(wu.post(f"/api/v1/imports/{mine}/apply", headers=csrf_of(wu)), 404)
    problem(wu.delete(f"/api/v1/imports/{mine}", headers=csrf_of(wu)), 404)
    assert wu.get(f"/imports/{mine}").status_code == 404
    assert value(wu.get("/api/v1/imports"))["items"] == []
    assert mine in {row["id"] for row in value(hub.get("/api/v1/imports"))["items"]}, "who reaches everywhere sees all"
    done = value(zhang.post(f"/api/v1/imports/{mine}/apply", headers=csrf_of(zhang)))
    assert done["applied_by"] == "张华"
    assert names(hub) == {"王建国"}


def test_the_pages_show_what_a_table_does_and_nothing_in_it_is_markup(hub: WebHub) -> None:
    browser = hub.log_in()
    assert "检查表格" in browser.get("/imports").text
    wrong = value(bring(hub, f"姓名,出生日期,{EVIL}\n{EVIL},1948-03-05,x\n李,{EVIL},\n", name=EVIL), 201)["id"]
    page = browser.get(f"/imports/{wrong}").text
    assert "1 行有错" in page
    assert "没有这" not in page
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert f'data-api="POST /api/v1/imports/{wrong}/apply"' not in page
    right = value(bring(hub, TEXT), 201)["id"]
    page = browser.get(f"/imports/{right}").text
    assert "导入：新增 2 人" in page
    assert f'data-api="POST /api/v1/imports/{right}/apply"' in page
    value(hub.call("POST", f"/api/v1/imports/{right}/apply"))
    assert "已导入：新增 2 人" in browser.get(f"/imports/{right}").text
    assert EVIL not in browser.get("/imports").text


POINTS = (
    "设备编号,地点,社区/村,类型,摄像头,继电器\n"
    "gate-east,东门,桂花村,道闸,rtsp://viewer:secret@192.0.2.20/main,17\n"
    "door-west,西门,桂花村,门,,\n"
)


def test_devices_are_previewed_without_their_cameras_passwords_and_then_taken_over(hub: WebHub) -> None:
    answer = bring(hub, POINTS, kind="devices", name="点位.csv")
    found = value(answer, 201)
    assert (found["counts"]["new"], found["counts"]["new_areas"]) == (2, ["桂花村"])
    assert b"secret" not in answer.data
    first = {one["column"]["name"]: one["after"] for one in found["rows"][0]["fields"]}
    assert first == {
        "place": "东门",
        "area": "桂花村",
        "point_kind": "车辆道闸",
        "camera": "rtsp://viewer:***@192.0.2.20/main",
        "relay": "gpio:17",
    }
    value(hub.call("POST", f"/api/v1/imports/{found['id']}/apply"))
    assert value(hub.call("GET", "/api/v1/devices/gate-east"))["place"] == "东门"
    profile = value(hub.call("GET", "/api/v1/devices/gate-east/profile"))
    assert (profile["camera"], profile["relay"]) == ("rtsp://viewer:secret@192.0.2.20/main", "gpio:17")
    assert audited(hub)[-1][2] == {"kind": "devices", "new": 2, "update": 0, "unchanged": 0}


def test_devices_are_taken_over_by_whoever_may_change_devices_and_nobody_else(hub: WebHub) -> None:
    found = value(bring(hub, POINTS, kind="devices"), 201)
    path = f"/api/v1/imports/{found['id']}/apply"
    for scope, status in ((Scope.PEOPLE, 403), (Scope.DEVICES, 200)):
        made = {"name": scope, "scopes": [Scope.EXCHANGE, scope], "expires_at": "2027-11-23T21:44:00Z"}
        secret = value(hub.post("/api/v1/tokens", made), 201)["secret"]
        applied = hub.stranger.post(path, headers={"Authorization": f"Bearer {secret}"})
        assert applied.status_code == status, applied.text


@pytest.mark.slow
def test_10000_devices_are_previewed_and_taken_over(hub: WebHub) -> None:
    lines = ["设备编号,地点,社区/村,类型", *(f"gate-{n},{n} 号门,桂花村,道闸" for n in range(10_000))]
    found = value(bring(hub, "\n".join(lines), kind="devices"), 201)
    assert (found["counts"]["new"], found["counts"]["wrong"]) == (10_000, 0)
    value(hub.call("POST", f"/api/v1/imports/{found['id']}/apply"))
    assert value(hub.call("GET", "/api/v1/devices/gate-9999"))["place"] == "9999 号门"
