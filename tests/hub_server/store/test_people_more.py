"""People beyond their name: grid, kind, household, reasons of care; removed and brought back; narrowed to a list."""

from typing import Any

import pytest

from hub_server.store import alerts, care, directory, galleries, histories, households, people, spelling, watches
from hub_server.store.care import Care
from hub_server.store.directory import Sought
from hub_server.store.errors import ConflictingChangeError, InvalidValueError, NotFoundError
from hub_server.store.reach import Reach, of_areas
from hub_server.store.rows import Person
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000


def create(store: Store, name: str = "李秀兰", *, id: str | None = None, **given: Any) -> Person:  # noqa: A002 a column
    texts = {"address": "", "phone": "", "note": ""} | given
    return store.write(lambda db: people.create(db, id=id, name=name, now_us=NOW_US, **texts))


def listed(store: Store, reach: Reach | None = None, **sought: Any) -> list[str]:
    with store.read() as db:
        rows = directory.page(db, after=None, limit=99, sought=Sought(**sought), reach=reach or Reach(areas=None))
        assert directory.count(db, sought=Sought(**sought), reach=reach or Reach(areas=None)) == len(rows)
    return [row.id for row in rows]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("李秀兰", ("lixiulan", "lxl")),
        ("单田芳", ("shantianfang", "dantianfang", "stf", "dtf")),
        ("曾朴", ("zengpu", "zengpiao", "zp")),
        ("吕布", ("lvbu", "lb")),
        ("王 John Smith", ("wangjohnsmith", "wjs")),
        ("O'Neill", ("oneill", "o")),
    ],
)
def test_a_name_is_spelled_as_it_is_typed_with_every_reading(name: str, typed: tuple[str, ...]) -> None:
    assert set(typed) <= set(spelling.spelled(name).split())


def test_a_surname_is_read_as_one_first() -> None:
    assert spelling.spelled("曾明").startswith("zengming ")
    assert spelling.spelled("单明").startswith("shanming ")


def test_what_is_spelled_has_a_bound_however_many_readings_there_are() -> None:
    for name in ("单行曾朴解仇乐着", "的" * 100, "重" * 30):
        text = spelling.spelled(name)
        assert len(text) <= spelling.SPELLED_CHARS_MAX
        assert len(text.split()) <= 2 * spelling.READINGS_MAX
        assert text == text.lower()


def test_another_name_is_spelled_anew(store: Store) -> None:
    person = create(store, "李秀兰")
    after = store.write(lambda db: people.change(db, person.id, now_us=NOW_US, name="王芳"))
    assert after.pinyin == "wangfang wf" or after.pinyin.startswith("wangfang wf ")


def test_reasons_of_care_are_kept_sorted_each_once_and_unknown_ones_are_refused(store: Store) -> None:
    person = create(store, care=["poor", "ill", "poor"])
    assert person.care == "ill poor"
    assert care.reasons(person.care) == (Care.ILL, Care.POOR)
    with pytest.raises(InvalidValueError) as refused:
        create(store, care=["rich"])
    assert refused.value.field == "care"


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(care.WORDS) == set(Care)
    assert all(zh and en for zh, en in care.WORDS.values())


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "ghost"), ("household", 99), ("relation", "x" * 41), ("grid", "x" * 101)]
)
def test_what_cannot_be_is_refused_by_name(store: Store, field: str, value: Any) -> None:
    with pytest.raises(InvalidValueError) as refused:
        create(store, **{field: value})
    assert refused.value.field == field
    person = create(store)
    with pytest.raises(InvalidValueError) as refused:
        store.write(lambda db: people.change(db, person.id, now_us=NOW_US, **{field: value}))
    assert refused.value.field == field


def test_who_joins_a_household_lives_where_it_does_unless_it_was_said(store: Store) -> None:
    home = store.write(
        lambda db: households.create(db, address="桂花村 3 组", area="桂花村", grid="第一网格", now_us=NOW_US)
    )
    joined = create(store, household=home.id)
    assert (joined.address, joined.area, joined.grid) == ("桂花村 3 组", "桂花村", "第一网格")
    elsewhere = create(store, household=home.id, area="柳荫村", address="别处")
    assert (elsewhere.address, elsewhere.area, elsewhere.grid) == ("别处", "柳荫村", "")


def test_each_changed_field_is_remembered_and_what_stays_is_not(store: Store) -> None:
    person = create(store, phone="138")
    store.write(
        lambda db: people.change(db, person.id, now_us=NOW_US, by="王敏", phone="139", address="", care=["ill"])
    )
    with store.read() as db:
        rows = histories.page(db, f"person/{person.id}")
    assert {(row.field, row.before, row.after, row.author) for row in rows} == {
        ("phone", "138", "139", "王敏"),
        ("care", "", "ill", "王敏"),
    }


def test_erasing_somebody_takes_their_history_along(store: Store) -> None:
    person = create(store, phone="138 0013 0001")
    store.write(lambda db: people.change(db, person.id, now_us=NOW_US, phone="139"))
    store.write(lambda db: people.erase(db, person.id))
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM field_changes").fetchone() == (0,)


def test_who_was_removed_is_in_no_list_and_may_be_brought_back(store: Store) -> None:
    person = create(store)
    removed = store.write(lambda db: people.remove(db, person.id, by="王敏", now_us=NOW_US))
    assert (removed.removed_us, removed.removed_by) == (NOW_US, "王敏")
    assert listed(store) == []
    assert listed(store, removed=True) == [person.id]
    with store.read() as db:
        assert people.page(db, after=None, limit=9) == []
        assert people.get(db, person.id) == removed
    again = store.write(lambda db: people.remove(db, person.id, by="别人", now_us=NOW_US + 1))
    assert again == removed, "again changes nothing"
    back = store.write(lambda db: people.restore(db, person.id, by="王敏", now_us=NOW_US))
    assert back == person
    assert listed(store) == [person.id]
    with store.read() as db:
        rows = histories.page(db, f"person/{person.id}")
    assert [(row.field, row.before, row.after) for row in rows] == [("removed", "yes", None), ("removed", None, "yes")]


def test_nobody_is_removed_while_an_alert_waits(store: Store) -> None:
    person = create(store)
    store.write(
        lambda db: watches.create(db, person=person.id, period_s=3600, last_seen_us=NOW_US - DAY_US, now_us=NOW_US)
    )
    (alert,) = store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=9))
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: people.remove(db, person.id, by="王敏", now_us=NOW_US))
    with store.read() as db:
        assert alerts.get(db, alert.id) == alert
        found = people.get(db, person.id)
    assert found is not None
    assert found.removed_us is None


def test_removing_switches_the_watch_off_and_only_a_person_switches_it_on_again(store: Store) -> None:
    person = create(store)
    watch = store.write(
        lambda db: watches.create(db, person=person.id, period_s=3600, last_seen_us=NOW_US, now_us=NOW_US)
    )
    store.write(lambda db: people.remove(db, person.id, by="王敏", now_us=NOW_US))
    with store.read() as db:
        assert watches.page(db, after=None, limit=9) == []
        assert watches.due(db, now_us=NOW_US + DAY_US, limit=9) == []
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: watches.change(db, watch.id, now_us=NOW_US, active=True))
    store.write(lambda db: people.restore(db, person.id, by="王敏", now_us=NOW_US))
    with store.read() as db:
        (shown,) = watches.page(db, after=None, limit=9)
    assert not shown.active
    assert store.write(lambda db: watches.change(db, watch.id, now_us=NOW_US, active=True)).active


def test_nobody_watches_over_who_was_removed(store: Store) -> None:
    person = create(store)
    store.write(lambda db: people.remove(db, person.id, by="王敏", now_us=NOW_US))
    with pytest.raises(NotFoundError):
        store.write(lambda db: watches.create(db, person=person.id, period_s=3600, last_seen_us=None, now_us=NOW_US))


def test_galleries_are_made_anew_when_somebody_is_removed(store: Store) -> None:
    person = create(store)
    with store.read() as db:
        before = galleries.revision(db)
    store.write(lambda db: people.remove(db, person.id, by="王敏", now_us=NOW_US))
    with store.read() as db:
        assert galleries.revision(db) > before


def test_a_list_is_narrowed_by_area_grid_kind_care_household_watch_and_words(store: Store) -> None:
    home = store.write(lambda db: households.create(db, now_us=NOW_US))
    create(store, "李秀兰", id="a", area="桂花村", grid="第一网格", care=["ill"], phone="138 0013 0001")
    create(store, "王芳", id="b", area="桂花村", grid="第二网格", kind="tenant", household=home.id)
    create(store, "张伟", id="c", area="柳荫村", care=["ill", "poor"], address="柳荫村 100% 号")
    store.write(lambda db: watches.create(db, person="b", period_s=3600, last_seen_us=NOW_US, now_us=NOW_US))
    assert listed(store, area="桂花村") == ["a", "b"]
    assert listed(store, grid="第二网格") == ["b"]
    assert listed(store, kind="tenant") == ["b"]
    assert listed(store, care="poor") == ["c"]
    assert listed(store, care="ill") == ["a", "c"]
    assert listed(store, household=home.id) == ["b"]
    assert listed(store, watched=True) == ["b"]
    assert listed(store, watched=False) == ["a", "c"]
    for q, found in (("lxl", ["a"]), ("秀", ["a"]), ("0013-0001", ["a"]), ("100%", ["c"]), ("0%1", []), ("_", [])):
        assert listed(store, q=q) == found, q
    assert listed(store, area="桂花村", care="ill", watched=False) == ["a"]


def test_a_list_is_that_of_ones_reach(store: Store) -> None:
    create(store, id="a", area="桂花村", grid="第一网格")
    create(store, id="b", area="桂花村", grid="第二网格")
    create(store, id="c")
    with store.read() as db:
        village, grid, nowhere = (of_areas(db, names) for names in (["桂花村"], ["第一网格"], []))
    assert listed(store, village) == ["a", "b"]
    assert listed(store, grid) == ["a"]
    assert listed(store, nowhere) == []


def test_people_are_read_in_the_order_of_their_names_without_gap_or_repetition(store: Store) -> None:
    for name in ("张伟", "王芳", "李秀兰", "李秀兰", "安静"):
        create(store, name)
    seen: list[Person] = []
    while True:
        with store.read() as db:
            page = directory.page_by_name(db, after=seen[-1].id if seen else None, limit=2)
        if not page:
            break
        seen += page
    assert [person.name for person in seen] == ["安静", "李秀兰", "李秀兰", "王芳", "张伟"]
    assert len({person.id for person in seen}) == 5
