"""Consent by its rules: on a text, for a purpose, by somebody old enough; withdrawn, it stays as proof."""

from datetime import date

import pytest
from residents import agree, resident

from edge_agent.wire.gallery import Purpose
from hub_server.store import consents
from hub_server.store.consents import Basis, age_years
from hub_server.store.errors import ExistsError, InvalidValueError, NotFoundError
from hub_server.store.store import Store


def withdraw(store: Store, purpose: Purpose = Purpose.DOOR) -> consents.Consent:
    return store.write(lambda db: consents.withdraw(db, person="li", purpose=purpose, by="王敏", now_us=store.now_us()))


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("2012-11-20", "2026-11-19", 13),
        ("2012-11-20", "2026-11-20", 14),
        ("2012-02-29", "2026-02-28", 13),
        ("2012-02-29", "2026-03-01", 14),
        ("1948-03-05", "2026-11-20", 78),
    ],
)
def test_age_is_counted_in_whole_years_to_the_very_day(born: str, on: str, years: int) -> None:
    assert age_years(date.fromisoformat(born), date.fromisoformat(on)) == years


@pytest.mark.parametrize(("born", "needs"), [("2012-11-21", True), ("2012-11-20", False)])
def test_a_guardian_agrees_for_whoever_is_under_fourteen_on_that_day(store: Store, born: str, needs: bool) -> None:  # noqa: FBT001 a parameter
    resident(store, "li", born=born)
    if needs:
        with pytest.raises(InvalidValueError, match="under 14"):
            agree(store, "li", Purpose.DOOR)
    agree(store, "li", Purpose.DOOR, guardian="李建国（父）" if needs else "")


def test_nobody_agrees_whose_age_is_not_known_or_who_was_not_born_yet(store: Store) -> None:
    resident(store, "li", born=None)
    with pytest.raises(InvalidValueError, match="date of birth"):
        agree(store, "li", Purpose.DOOR)
    resident(store, "wang", born="2026-11-21")
    with pytest.raises(InvalidValueError, match="before the person was born"):
        agree(store, "wang", Purpose.DOOR, guardian="王建国（父）")


def test_only_the_watchlist_has_another_basis_and_that_asks_no_age(store: Store) -> None:
    resident(store, "li", born=None)
    for purpose in (Purpose.DOOR, Purpose.WELFARE):
        with pytest.raises(InvalidValueError, match="only the watchlist"):
            agree(store, "li", purpose, basis=Basis.LEGAL)
    assert agree(store, "li", Purpose.WATCHLIST, basis=Basis.LEGAL).basis is Basis.LEGAL


def test_today_in_the_office_is_no_future_and_tomorrow_is(store: Store) -> None:
    resident(store, "li")  # the clock stands at 2026-11-24 06:00 in China
    with pytest.raises(InvalidValueError, match="future"):
        agree(store, "li", Purpose.DOOR, given_on="2026-11-25")
    agree(store, "li", Purpose.DOOR, given_on="2026-11-24")


def test_a_purpose_is_agreed_to_once_and_again_after_a_withdrawal_that_stays_on_file(store: Store) -> None:
    resident(store, "li")
    first = agree(store, "li", Purpose.DOOR)
    with pytest.raises(ExistsError):
        agree(store, "li", Purpose.DOOR)
    gone = withdraw(store)
    assert (gone.id, gone.withdrawn_by) == (first.id, "王敏")
    with pytest.raises(NotFoundError):
        withdraw(store)
    second = agree(store, "li", Purpose.DOOR)
    with store.read() as db:
        assert consents.of_person(db, "li") == [gone, second]
        assert consents.purposes_in_force(db, "li") == {Purpose.DOOR}


def test_there_is_no_consent_of_nobody(store: Store) -> None:
    with pytest.raises(NotFoundError):
        agree(store, "nobody", Purpose.DOOR)
