"""What is taken back: a wrong sighting, a mistaken observation. The clock goes back to the last true sign of life."""

import pytest
from device_model import DAY_US, DEVICE, HOUR_US, anchor, batch, passage
from sqlite_utils import Database

from hub_server.ingest.apply import apply_up
from hub_server.store import alerts, corrections, devices, galleries, observations, people, verify, watches
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.rows import Alert, Correction, Observation, Watch
from hub_server.store.store import Store
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome

NOW_US = 1_795_471_200_000_000
OLD_US = NOW_US - 2 * DAY_US  # last truly seen
SEEN_US = NOW_US - HOUR_US


@pytest.fixture(autouse=True)
def office(store: Store) -> None:
    def job(db: Database) -> None:
        devices.create(db, id=DEVICE, place="", now_us=NOW_US)
        for person in ("qian", "zhao"):
            people.create(db, id=person, name=person, address="", phone="", note="", now_us=NOW_US)
            watches.create(db, person=person, period_s=86_400, last_seen_us=OLD_US, now_us=OLD_US)

    store.write(job)


def say(store: Store, *raws: bytes, first_seq: int = 1, now_us: int = NOW_US) -> None:
    message = batch(*raws, first_seq=first_seq)
    store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=now_us))


def correct(store: Store, event: int, *, other: str | None = None, now_us: int = NOW_US) -> Correction:
    return store.write(
        lambda db: corrections.not_this_person(
            db, event=event, other=other, author="小李", note="是邻居", now_us=now_us
        )
    )


def observe(store: Store, at_us: int, *, kind: Kind = Kind.PHONE, now_us: int = NOW_US) -> Observation:
    return store.write(
        lambda db: observations.add(db, person="zhao", kind=kind, at_us=at_us, author="小李", note="", now_us=now_us)
    )


def watch(store: Store, person: str = "zhao") -> Watch:
    with store.read() as db:
        found = watches.get_by_person(db, person)
        wrong = {check.name: check.detail for check in verify.checks(db) if not check.ok}
    assert wrong == {}
    assert found is not None
    return found


def judged(store: Store, now_us: int = NOW_US) -> list[Alert]:
    raised = store.write(lambda db: alerts.raise_due(db, now_us=now_us, limit=9))
    return [alert for alert in raised if alert.person == "zhao"]


def alert_now(store: Store, alert: Alert) -> Alert:
    with store.read() as db:
        found = alerts.get(db, alert.id)
    assert found is not None
    return found


def test_a_wrong_sighting_that_retracted_an_alert_brings_it_again_at_the_next_look(store: Store) -> None:
    (first,) = judged(store)
    say(store, passage(wall_us=SEEN_US, person="zhao"))
    assert alert_now(store, first).outcome is Outcome.RETRACTED
    assert correct(store, 1).person == "zhao"
    assert (watch(store).last_seen_us, watch(store).due_us) == (OLD_US, OLD_US + DAY_US)
    (again,) = judged(store)
    assert again.due_us == first.due_us + 1, "one alert for a due time, and none is lost"
    assert again.last_seen_us == OLD_US
    assert judged(store) == []


def test_an_alert_that_proved_right_again_and_again_comes_each_time(store: Store) -> None:
    for n in range(1, 4):
        (alert,) = judged(store, NOW_US + n)
        assert alert.due_us == OLD_US + DAY_US + n - 1
        say(store, passage(wall_us=SEEN_US + n, person="zhao"), first_seq=n, now_us=NOW_US + n)
        correct(store, n, now_us=NOW_US + n)
    assert watch(store).last_seen_us == OLD_US


def test_the_clock_goes_back_to_the_last_true_sighting_and_not_further(store: Store) -> None:
    say(store, *(passage(wall_us=NOW_US - n * HOUR_US, person="zhao") for n in (9, 3, 1)))
    correct(store, 3)
    assert (watch(store).last_seen_us, watch(store).last_seen_by) == (NOW_US - 3 * HOUR_US, f"{DEVICE}/east")
    correct(store, 1)
    assert watch(store).last_seen_us == NOW_US - 3 * HOUR_US, "an older one changes nothing"
    correct(store, 2)
    assert watch(store).last_seen_us == OLD_US


def test_an_alert_that_is_open_shows_the_last_true_sighting(store: Store) -> None:
    (alert,) = judged(store)
    say(store, passage(wall_us=NOW_US - DAY_US, person="zhao"))
    assert alert_now(store, alert).last_seen_us == NOW_US - DAY_US
    correct(store, 1)
    assert (alert_now(store, alert).state, alert_now(store, alert).last_seen_us) == (AlertState.OPEN, OLD_US)


def test_when_the_only_sign_of_life_was_wrong_the_watch_runs_from_its_creation(store: Store) -> None:
    store.write(lambda db: people.create(db, id="sun", name="孙", address="", phone="", note="", now_us=NOW_US))
    store.write(lambda db: watches.create(db, person="sun", period_s=86_400, last_seen_us=None, now_us=OLD_US))
    say(store, passage(wall_us=SEEN_US, person="sun"))
    correct(store, 1)
    assert (watch(store, "sun").last_seen_us, watch(store, "sun").last_seen_by) == (None, "")
    assert watch(store, "sun").due_us == OLD_US + DAY_US


def test_an_anchor_that_comes_later_does_not_make_it_count(store: Store) -> None:
    say(store, passage(wall_us=5, person="zhao", synced=False, mono_us=7))
    correct(store, 1)
    say(store, anchor(mono_us=9, wall_us=NOW_US - 1), first_seq=2)
    assert watch(store).last_seen_us == OLD_US
    with store.read() as db:
        assert db.execute("SELECT clock_trusted, counts, qualifies FROM events WHERE id = 1").fetchone() == (1, 0, 0)


def test_who_it_was_is_not_seen_by_it_and_the_two_are_told_apart_from_then_on(store: Store) -> None:
    say(store, *(passage(wall_us=SEEN_US + n, person="zhao") for n in range(5)))
    with store.read() as db:
        before = galleries.revision(db)
    margins = []
    for event in range(1, 6):
        correct(store, event, other="qian")
        with store.read() as db:
            ((pair, margin),) = [((row.person, row.other), row.margin) for row in corrections.lookalikes(db)]
        assert pair == ("qian", "zhao")
        margins.append(margin)
    assert margins == [0.10, 0.15, 0.20, 0.25, 0.25]
    assert watch(store, "qian").last_seen_us == OLD_US, "no camera has named her"
    with store.read() as db:
        assert galleries.revision(db) == before + 5, "the cameras' galleries are made anew"


def test_a_pair_is_one_whoever_was_taken_for_whom(store: Store) -> None:
    say(store, passage(wall_us=SEEN_US, person="zhao"), passage(wall_us=SEEN_US, person="qian"))
    correct(store, 1, other="qian")
    correct(store, 2, other="zhao")
    with store.read() as db:
        assert [(row.person, row.other, row.margin) for row in corrections.lookalikes(db)] == [("qian", "zhao", 0.15)]


def test_what_cannot_be_corrected_is_refused_and_nothing_has_changed(store: Store) -> None:
    say(store, passage(wall_us=SEEN_US, person="zhao"), passage(wall_us=SEEN_US), anchor(mono_us=9, wall_us=NOW_US))
    for event, other, error in (
        (9, None, NotFoundError),
        (3, None, NotFoundError),
        (2, None, InvalidValueError),
        (1, "zhao", InvalidValueError),
        (1, "nobody", NotFoundError),
    ):
        with pytest.raises(error):
            correct(store, event, other=other)
    assert watch(store).last_seen_us == SEEN_US
    correct(store, 1)
    with pytest.raises(ExistsError):
        correct(store, 1, other="qian")
    with store.read() as db:
        assert corrections.lookalikes(db) == []
        assert [(row.event, row.note) for row in corrections.of(db, "zhao")] == [(1, "是邻居")]


def test_what_somebody_vouches_for_moves_the_watch_and_retracts_the_alert_in_time(store: Store) -> None:
    (alert,) = judged(store)
    late = observe(store, NOW_US - DAY_US)
    assert alert_now(store, alert).state is AlertState.OPEN
    assert watch(store).last_seen_us == late.at_us
    made = observe(store, NOW_US - DAY_US + 1)
    assert alert_now(store, alert).outcome is Outcome.RETRACTED
    assert (watch(store).last_seen_us, watch(store).last_seen_by) == (made.at_us, "phone: 小李")


def test_a_withdrawn_observation_winds_the_clock_back_and_the_alert_comes_again(store: Store) -> None:
    (alert,) = judged(store)
    made = observe(store, NOW_US)
    gone = store.write(lambda db: observations.withdraw(db, made.id, author="王敏", now_us=NOW_US + 1))
    assert (gone.withdrawn_us, gone.withdrawn_by) == (NOW_US + 1, "王敏")
    assert watch(store).last_seen_us == OLD_US
    assert [again.due_us for again in judged(store, NOW_US + 1)] == [alert.due_us + 1]
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: observations.withdraw(db, made.id, author="王敏", now_us=NOW_US + 1))


def test_a_visit_that_closed_an_alert_can_prove_a_mistake(store: Store) -> None:
    """The worker stood at another door: the alert of that due time is closed as well, and still one comes."""
    (alert,) = judged(store)
    store.write(
        lambda db: alerts.move(
            db,
            alert.id,
            to=AlertState.CLOSED,
            outcome=Outcome.WELL,
            author="小李",
            note="",
            until_us=None,
            now_us=NOW_US,
        )
    )
    with store.read() as db:
        (visit, _given) = observations.of(db, "zhao")
    assert (visit.kind, visit.at_us, visit.author) == (Kind.VISIT, NOW_US, "小李")
    store.write(lambda db: observations.withdraw(db, visit.id, author="小李", now_us=NOW_US + 5))
    assert [again.person for again in judged(store, NOW_US + 5)] == ["zhao"]


def test_an_observation_that_cannot_be_is_refused(store: Store) -> None:
    for at_us in (-1, NOW_US + 1):
        with pytest.raises(InvalidValueError) as caught:
            observe(store, at_us)
        assert caught.value.field == "at"
    with pytest.raises(NotFoundError):
        store.write(
            lambda db: observations.add(db, person="x", kind=Kind.CARD, at_us=1, author="a", note="", now_us=NOW_US)
        )
    with pytest.raises(NotFoundError):
        store.write(lambda db: observations.withdraw(db, 99, author="a", now_us=NOW_US))


def test_their_own_car_counts_only_where_the_watch_says_so_and_as_long_as_it_does(store: Store) -> None:
    made = observe(store, SEEN_US, kind=Kind.VEHICLE)
    assert watch(store).last_seen_us == OLD_US
    zhao = watch(store).id
    store.write(lambda db: watches.change(db, zhao, now_us=NOW_US, own_vehicle=True))
    assert (watch(store).last_seen_us, watch(store).own_vehicle) == (made.at_us, True)
    store.write(lambda db: watches.change(db, zhao, now_us=NOW_US, own_vehicle=False))
    assert watch(store).last_seen_us == OLD_US


def test_a_demonstration_that_begins_again_sets_aside_what_was_seen_before(store: Store) -> None:
    say(store, passage(wall_us=SEEN_US, person="zhao"))
    observe(store, NOW_US)
    zhao = watch(store).id
    begun = store.write(lambda db: watches.restart(db, zhao, last_seen_us=OLD_US))
    assert (begun.last_seen_us, begun.last_seen_by, begun.due_us) == (OLD_US, "given", OLD_US + DAY_US)
    assert watch(store) == begun
    say(store, passage(wall_us=NOW_US - 1, person="zhao"), first_seq=2)
    assert watch(store).last_seen_us == NOW_US - 1
