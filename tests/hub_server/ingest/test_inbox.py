from hub_server.ingest.inbox import BYTES_MAX, MESSAGES_MAX, TAKE_MAX, Arrival, Inbox, Listening


def arrival(payload: bytes = b"x") -> Arrival:
    return Arrival(topic="t", payload=payload, retained=False, received_us=1)


def test_what_does_not_fit_is_dropped_and_counted_and_room_comes_back() -> None:
    inbox = Inbox()
    assert all(inbox.offer(arrival()) for _ in range(MESSAGES_MAX))
    assert not inbox.offer(arrival())
    assert inbox.dropped == 1
    taken = inbox.take()
    assert taken is not None
    assert len(taken) == TAKE_MAX
    assert inbox.offer(arrival())


def test_bytes_are_limited_too() -> None:
    inbox = Inbox()
    assert inbox.offer(arrival(bytes(BYTES_MAX)))
    assert not inbox.offer(arrival())
    inbox.take()
    assert inbox.offer(arrival())


def test_a_moment_of_the_connection_keeps_its_place_even_when_full() -> None:
    inbox = Inbox()
    first = arrival()
    inbox.offer(first)
    inbox.mark(Listening())
    assert inbox.take() == [first, Listening()]


def test_a_closed_inbox_gives_and_takes_nothing() -> None:
    inbox = Inbox()
    inbox.close()
    assert not inbox.offer(arrival())
    assert inbox.take() is None
