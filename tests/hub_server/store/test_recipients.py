"""Who is told, on which rung, for which area, and how long each rung waits."""

import pytest
from sqlite_utils import Database

from hub_server.store import ladder, people, recipients
from hub_server.store.errors import InvalidValueError, NotFoundError
from hub_server.store.recipients import CONTACTS_MAX, Recipient
from hub_server.store.store import Store
from hub_server.watch.ladder import DEFAULT_WAIT_S, Rung

NOW_US = 1_795_471_200_000_000


def add(
    store: Store, area: str = "桂花村", rung: Rung = Rung.WORKER, urls: tuple[str, ...] = ("json://a",)
) -> Recipient:
    return store.write(
        lambda db: recipients.add(db, area=area, rung=rung, name="王", phone="1", urls=urls, now_us=NOW_US)
    )


def on(store: Store, rung: Rung, area: str) -> list[int]:
    with store.read() as db:
        return [found.id for found in recipients.on_rung(db, rung=rung, area=area)]


def test_who_stands_on_a_rung_is_of_the_area_or_of_all(store: Store) -> None:
    here, everywhere, other, office = add(store), add(store, ""), add(store, "桃园"), add(store, rung=Rung.OFFICE)
    assert on(store, Rung.WORKER, "桂花村") == [here.id, everywhere.id]
    assert on(store, Rung.WORKER, "") == [everywhere.id]
    assert on(store, Rung.WORKER, "桃园") == [everywhere.id, other.id]
    assert on(store, Rung.OFFICE, "桂花村") == [office.id]


def test_who_is_not_active_is_kept_and_not_told(store: Store) -> None:
    made = add(store)
    changed = store.write(lambda db: recipients.change(db, made.id, now_us=NOW_US, active=False, name="李"))
    assert (changed.active, changed.name, changed.urls) == (False, "李", made.urls)
    assert on(store, Rung.WORKER, "桂花村") == []
    with store.read() as db:
        assert recipients.page(db, after=None, limit=9) == [changed]
        assert recipients.addressed(db, made.addressee) == changed


@pytest.mark.parametrize(
    ("urls", "rung", "field"),
    [
        ((), Rung.WORKER, "urls"),
        (("json://a",) * 6, Rung.WORKER, "urls"),
        (("no url",), Rung.WORKER, "urls"),
        (("",), Rung.WORKER, "urls"),
        (("json://a",), Rung.FAMILY, "rung"),
    ],
)
def test_a_recipient_can_be_reached_and_stands_below_the_family(
    store: Store, urls: tuple[str, ...], rung: Rung, field: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        add(store, urls=urls, rung=rung)
    assert caught.value.field == field


def test_who_is_removed_is_gone(store: Store) -> None:
    made = add(store)
    store.write(lambda db: recipients.remove(db, made.id, now_us=NOW_US))
    with store.read() as db:
        assert recipients.addressed(db, made.addressee) is None
    with pytest.raises(NotFoundError):
        store.write(lambda db: recipients.remove(db, made.id, now_us=NOW_US))
    assert add(store).id != made.id, "an addressee is never somebody else"


def test_contacts_stand_in_a_persons_file_and_a_telephone_is_enough(store: Store) -> None:
    def contact(db: Database) -> recipients.Contact:
        return recipients.add_contact(
            db, person="zhao", name="儿子", relation="子", phone="138", urls=[], now_us=NOW_US
        )

    with pytest.raises(NotFoundError):
        store.write(contact)
    store.write(lambda db: people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US))
    made = store.write(contact)
    with store.read() as db:
        assert recipients.contacts_of(db, "zhao") == [made]
        assert recipients.addressed(db, made.addressee) == made
    for _ in range(CONTACTS_MAX - 1):
        store.write(contact)
    with pytest.raises(InvalidValueError):
        store.write(contact)
    store.write(lambda db: recipients.remove_contact(db, made.id, now_us=NOW_US))
    with store.read() as db:
        assert made not in recipients.contacts_of(db, "zhao")


def test_the_wait_of_an_area_goes_before_that_of_all_and_that_before_the_built_in(store: Store) -> None:
    def set_wait(area: str, wait_s: int) -> None:
        store.write(lambda db: ladder.set_wait(db, area=area, rung=Rung.WORKER, wait_s=wait_s))

    def wait_s(area: str) -> int:
        with store.read() as db:
            return ladder.waits(db, area)[Rung.WORKER]

    assert wait_s("桂花村") == DEFAULT_WAIT_S[Rung.WORKER]
    set_wait("", 120)
    set_wait("桂花村", 60)
    assert [wait_s("桂花村"), wait_s("桃园"), wait_s("")] == [60, 120, 120]
    set_wait("桂花村", 90)
    assert wait_s("桂花村") == 90
    for wrong in (59, 86_401):
        with pytest.raises(InvalidValueError):
            set_wait("", wrong)
