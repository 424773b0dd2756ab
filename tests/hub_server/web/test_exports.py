"""Lists out as tables: within reach, masked where they must be, never a formula, and fit to come back."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from web_hub import DAY_US, WebHub, csrf_of, problem, value
from werkzeug.test import TestResponse

from hub_server.store import people
from hub_server.tables import writing
from hub_server.web.imports import FILE_TYPE
from hub_server.web.scopes import Scope

LISTS = ["people", "households", "vehicles", "alerts", "passages"]
EVIL = '=HYPERLINK("http://evil","x")'


def rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == writing.CSV_TYPE
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def sheet(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == writing.XLSX_TYPE
    return openpyxl.load_workbook(io.BytesIO(answer.data)).active


def furnish(hub: WebHub) -> None:
    """A family in 桂花村 with a vehicle, an alert and passages; somebody in 东湖社区."""
    text = (
        "编号,姓名,社区,网格,户号,关系,住址,电话,出生日期,关爱,家属,家属电话,备注,守望小时\n"
        "p-li,李秀兰,桂花村,桂1,3-12,户主,桂花村 3 组 12 号,138 0013 0001,1948-03-05,独居,李明,138 0013 0003,怕狗,24\n"
        "p-wu,吴敏,东湖社区,,9-9,,东湖路 1 号,138 0013 0009,,,,,,\n"
    )
    for kind, data in (("people", text), ("vehicles", "车牌,户号,有效期至\n粤B12345,3-12,2027-11-30\n粤B99999,9-9,\n")):
        sent = {"data": data.encode(), "content_type": FILE_TYPE}
        found = value(hub.call("POST", f"/api/v1/imports?kind={kind}", **sent), 201)
        value(hub.call("POST", f"/api/v1/imports/{found['id']}/apply"))
    hub.clock.now_us += 25 * DAY_US // 24
    hub.raise_due()
    hub.device("east-gate", "东门")
    hub.passage("p-li")
    hub.passage()
    hub.vehicle(listed="粤B12345")


def test_every_list_goes_out_as_csv_and_as_a_workbook_that_opens(hub: WebHub) -> None:
    furnish(hub)
    for name in LISTS:
        found = rows(hub.get(f"/api/v1/exports/{name}?form=csv"))
        opened = sheet(hub.get(f"/api/v1/exports/{name}"))
        assert found, name
        assert opened.max_row == len(found) + 1
        assert [cell.value for cell in opened[1]] == list(found[0])
        assert opened.freeze_panes == "A2"


def test_what_goes_out_comes_back_and_changes_nothing(hub: WebHub) -> None:
    furnish(hub)
    for kind in ("people", "households", "vehicles"):
        for form in ("csv", "xlsx"):
            data = hub.get(f"/api/v1/exports/{kind}?form={form}").data
            sent = {"data": data, "content_type": FILE_TYPE}
            back = value(hub.call("POST", f"/api/v1/imports?kind={kind}", **sent), 201)
            counts = back["counts"]
            assert (counts["new"], counts["update"], counts["unchanged"], counts["wrong"]) == (0, 0, 2, 0), (kind, form)
            assert back["unknown"] == []


def test_no_cell_is_a_formula_in_either_form_and_what_people_wrote_comes_back(hub: WebHub) -> None:
    hub.person("p-evil", EVIL, address="@SUM(1)", phone="+86 138 0013 0001", note="＝1", area="-村")
    (found,) = rows(hub.get("/api/v1/exports/people?form=csv"))
    assert not any(cell.startswith(tuple("=+-@＝")) for cell in found.values())
    opened = sheet(hub.get("/api/v1/exports/people"))
    assert all(cell.data_type in {"s", "n", "inlineStr"} for row in opened for cell in row)
    assert opened["B2"].value == f"'{EVIL}"
    sent = {"data": hub.get("/api/v1/exports/people").data, "content_type": FILE_TYPE}
    assert value(hub.call("POST", "/api/v1/imports?kind=people", **sent), 201)["counts"]["unchanged"] == 1


def test_passages_are_those_of_a_day_of_the_office(hub: WebHub) -> None:
    furnish(hub)
    today = rows(hub.get("/api/v1/exports/passages?form=csv"))
    assert {row["类别 kind"] for row in today} == {"居民", "陌生人", "登记车辆"}
    assert {row["姓名 name"] for row in today} == {"李秀兰", ""}
    assert rows(hub.get("/api/v1/exports/passages?form=csv&day=2026-11-20")) == []
    assert len(rows(hub.get("/api/v1/exports/passages?form=csv&day=2026-11-25"))) == len(today)
    assert "day" in problem(hub.get("/api/v1/exports/passages?day=2026-02-30"), 422)["errors"]


def test_a_list_that_is_none_and_a_form_that_is_none_are_refused(hub: WebHub) -> None:
    problem(hub.get("/api/v1/exports/audit"), 422)
    assert "form" in problem(hub.get("/api/v1/exports/people?form=pdf"), 422)["errors"]


def test_whoever_is_bound_takes_out_what_lies_within_reach(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account("zhang", "community_manager", areas=["桂花村"]))
    for name, expected in (("people", 1), ("households", 1), ("vehicles", 1), ("alerts", 1), ("passages", 0)):
        found = rows(browser.get(f"/api/v1/exports/{name}?form=csv"))
        assert len(found) == expected, name
        assert "吴敏" not in str(found)
    elsewhere = hub.log_in_as(hub.account("wu", "community_manager", areas=["东湖社区"]))
    assert [row["姓名* name"] for row in rows(elsewhere.get("/api/v1/exports/people?form=csv"))] == ["吴敏"]
    assert rows(elsewhere.get("/api/v1/exports/alerts?form=csv")) == []


def test_without_the_right_to_see_it_clear_it_is_masked_and_cannot_come_back_as_the_truth(hub: WebHub) -> None:
    furnish(hub)
    made = {"name": "masked", "scopes": [Scope.READ, Scope.EXCHANGE], "expires_at": "2027-11-23T21:44:00Z"}
    secret = value(hub.post("/api/v1/tokens", made), 201)["secret"]
    answer = hub.stranger.get("/api/v1/exports/people?form=csv", headers={"Authorization": f"Bearer {secret}"})
    li = next(row for row in rows(answer) if row["姓名* name"] == "李秀兰")
    assert li["电话 phone"] == "138****0001"
    assert li["家属电话 contact phone"] == "138****0003"
    assert li["出生日期 born"] == "1948"
    assert li["住址 address"] == "桂花村…"
    assert "怕狗" not in answer.text
    sent = {"data": answer.data, "content_type": FILE_TYPE}
    back = value(hub.call("POST", "/api/v1/imports?kind=people", **sent), 201)
    assert {one["column"]["name"] for one in back["mistakes"]} >= {"phone", "contact_phone", "born", "address", "note"}


def test_a_manager_takes_it_out_in_the_clear_and_it_is_audited(hub: WebHub) -> None:
    furnish(hub)
    browser = hub.log_in_as(hub.account("zhang", "community_manager", areas=["桂花村"]))
    (li,) = rows(browser.get("/api/v1/exports/people?form=csv"))
    assert li["电话 phone"] == "138 0013 0001"
    with hub.store.read() as db:
        last = db.execute("SELECT actor, action, subject FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    assert last == ("account zhang", "exports.export", "listing/people")


@pytest.mark.parametrize("role", ["grid_worker", "technician", "viewer", "auditor"])
def test_whoever_may_not_exchange_takes_nothing_out(hub: WebHub, role: str) -> None:
    browser = hub.log_in_as(hub.account("zhang", role, areas=["桂花村"]))
    for name in LISTS:
        problem(browser.get(f"/api/v1/exports/{name}", headers=csrf_of(browser)), 403)


def test_many_pages_go_out_whole_and_in_pieces(hub: WebHub) -> None:
    def job(db: Any) -> None:
        for n in range(1203):
            people.create(db, id=f"p-{n:05}", name=f"李{n}", address="", phone="", note="", now_us=hub.clock())

    hub.store.write(job)
    assert [row["编号 id"] for row in rows(hub.get("/api/v1/exports/people?form=csv"))] == [
        f"p-{n:05}" for n in range(1203)
    ]
