from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.web import masking
from hub_server.web.scopes import Scope


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """An account with scopes, or a program that sees everything."""

    scopes: frozenset[Scope] = frozenset({Scope.READ, Scope.REVEAL})
    sees_clear: bool = False

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


VIEWER = Somebody(scopes=frozenset({Scope.READ}))
WORKER = Somebody(scopes=frozenset({Scope.READ, Scope.REVEAL, Scope.ALERTS}))
PROGRAM = Somebody(sees_clear=True)
PHONES = st.text("0123456789*+-() /转无１²", max_size=30)
TEXTS = st.text(max_size=40) | st.text("桂花村社区小街道镇乡 0123456789三栋…号", max_size=20)
CLEAR = {"address": "桂花村 3 栋", "phone": "138 0013 0001", "note": "听力不好"}
MASKED = {"address": "桂花村…", "phone": "138****0001", "note": "…"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("13800130001", "138****0001"),
        ("138 0013 0001", "138****0001"),
        ("+86 138-0013-0001", "861****0001"),
        ("0755-2345678", "075****5678"),
        ("138 0013 0001，儿子 139 0013 0002", "138****0002"),
        ("2345678", "****"),
        ("110", "****"),
        ("隔壁老王代接", "****"),
        ("*13800130001", "138****0001"),
        ("138****0001", "138****0001"),
    ],
)
def test_a_phone_keeps_three_and_four_digits_and_a_short_one_none(text: str, shown: str) -> None:
    assert masking.phone(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("桂花村 3 栋 2 单元", "桂花村…"),
        ("桂花村三栋二单元", "桂花村…"),
        ("幸福小区六栋", "幸福小区…"),
        ("青石社区幸福路十二号", "青石社区…"),
        ("青石路12号", "青石路…"),
        ("人民东路旁边的老宅", "人民东路旁边…"),
        ("3 栋 201", "…"),
        ("３栋", "…"),
        ("桂花村…", "桂花村…"),
    ],
)
def test_an_address_keeps_its_area_and_no_number(text: str, shown: str) -> None:
    assert masking.address(text) == shown


@pytest.mark.parametrize(("text", "shown"), [(None, None), ("1948-03-12", "1948"), ("1948", "1948"), ("x", "…")])
def test_of_a_birthday_the_year_is_left(text: str | None, shown: str | None) -> None:
    assert masking.born(text) == shown


@pytest.mark.parametrize(("text", "shown"), [("", ""), ("糖尿病", "…"), ("…", "…")])
def test_of_a_note_only_that_there_is_one(text: str, shown: str) -> None:
    assert masking.note(text) == shown


@given(PHONES)
def test_a_phone_masked_again_is_the_same_and_shows_seven_digits_of_ten_at_most(text: str) -> None:
    shown = masking.phone(text)
    assert masking.phone(shown) == shown
    kept = [character for character in shown if character.isdecimal()]
    assert len(kept) in {0, 7}
    assert not Counter(kept) - Counter(text)
    already = masking._MASKED_PHONE.fullmatch(text) is not None
    assert already or not kept or sum(character.isdecimal() for character in text) >= 10


@given(TEXTS)
def test_an_address_masked_again_is_the_same_and_shows_its_beginning_only(text: str) -> None:
    shown = masking.address(text)
    assert masking.address(shown) == shown
    head = shown.removesuffix("…")
    assert text.startswith(head)
    assert len(head) <= 6
    assert not any(character.isdecimal() for character in head)


@given(TEXTS)
def test_notes_and_birthdays_masked_again_are_the_same(text: str) -> None:
    assert masking.note(masking.note(text)) == masking.note(text)
    once = masking.born(text)
    assert masking.born(once) == once


def test_a_person_is_masked_for_an_account_and_clear_for_a_program() -> None:
    row = {"id": "p-li", "name": "李秀兰", **CLEAR, "area": "桂花村", "born": "1948-03-12"}
    assert masking.person(row, PROGRAM) == row
    assert masking.person(row, WORKER) == {**row, **MASKED, "born": "1948"}
    assert row["phone"] == CLEAR["phone"], "the row itself is another's"


@pytest.mark.parametrize(
    ("who", "needed", "clear"),
    [
        (PROGRAM, False, True),
        (WORKER, True, True),
        (WORKER, False, False),
        (VIEWER, True, False),
    ],
)
def test_a_contact_is_clear_for_whoever_must_call_them(who: Somebody, *, needed: bool, clear: bool) -> None:
    assert masking.contact(CLEAR, who, needed=needed) == (CLEAR if clear else MASKED)
