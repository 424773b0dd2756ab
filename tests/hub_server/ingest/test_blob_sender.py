"""The hub's side of blob transfer: a bounded window, every device in its turn, and each end reported once."""

from collections import Counter

import pytest

from edge_agent.wire.blobs import CHUNK_BYTES, Chunk, Have, Offer, Rejected, RejectionReason, Want
from hub_server.ingest import blob_sender as rules
from hub_server.ingest.blob_sender import BlobSender, BytesSource, Settled, Settlement

CONTENT = b"".join(bytes([i]) * CHUNK_BYTES for i in range(9)) + b"tail"


def gallery(version: int, content: bytes = CONTENT) -> BytesSource:
    return BytesSource(kind="gallery", version=version, content=content)


def want(version: int, from_i: int) -> Want:
    return Want(kind="gallery", version=version, from_i=from_i)


@pytest.fixture
def sender() -> BlobSender:
    """One device is there and was offered version 5."""
    sender = BlobSender()
    sender.offer("east", gallery(5), 0.0)
    sender.connected("east", 0.0)
    assert sent(sender, 0.0) == ["offer"]
    return sender


def sent(sender: BlobSender, now_s: float, limit: int = 100) -> list[int | str]:
    """What it publishes now: the indexes of chunks, or the word offer."""
    return [m.i if isinstance(m, Chunk) else "offer" for _, m in sender.take(now_s, limit=limit)]


def test_nothing_is_sent_to_a_device_that_is_not_there() -> None:
    sender = BlobSender()
    sender.offer("east", gallery(5), 0.0)
    assert sender.take(0.0, limit=10) == []
    assert sender.wait_s(0.0) == float("inf")
    sender.connected("east", 1.0)
    assert sender.take(1.0, limit=10) == [("east", gallery(5).offer)]


def test_four_chunks_are_in_flight_and_the_window_follows_the_wants(sender: BlobSender) -> None:
    sender.heard("east", want(5, 0), 0.0)
    assert sent(sender, 0.0) == [0, 1, 2, 3]
    sender.heard("east", want(5, 2), 0.1)
    assert sent(sender, 0.1) == [4, 5]
    sender.heard("east", want(5, 6), 0.2)
    assert sent(sender, 0.2) == [6, 7, 8, 9]
    sender.heard("east", want(5, 8), 0.3)
    assert sent(sender, 0.3) == []


def test_a_receiver_that_kept_a_part_is_sent_the_rest_only(sender: BlobSender) -> None:
    sender.heard("east", want(5, 8), 0.0)
    assert sent(sender, 0.0) == [8, 9]


def test_the_chunks_are_the_bytes_of_the_source(sender: BlobSender) -> None:
    sender.heard("east", want(5, 0), 0.0)
    chunks = [m.data for _, m in sender.take(0.0, limit=4) if isinstance(m, Chunk)]
    assert b"".join(chunks) == CONTENT[: 4 * CHUNK_BYTES]


def test_the_same_want_again_sends_again_but_not_for_every_copy_of_it(sender: BlobSender) -> None:
    sender.heard("east", want(5, 0), 0.0)
    assert sent(sender, 0.0) == [0, 1, 2, 3]
    sender.heard("east", want(5, 0), 3.0)
    assert sent(sender, 3.0) == [0, 1, 2, 3]
    sender.heard("east", want(5, 0), 3.1)
    assert sent(sender, 3.1) == []


def test_an_offer_is_repeated_with_growing_pauses_until_it_is_answered(sender: BlobSender) -> None:
    now_s, offered = 0.0, []
    for _ in range(8):
        now_s += sender.wait_s(now_s)
        offered.append(now_s)
        assert sent(sender, now_s) == ["offer"]
    assert offered[:3] == [15.0, 45.0, 105.0]
    assert sender.wait_s(now_s) == rules.ANSWER_WAIT_MAX_S
    sender.heard("east", want(5, 0), now_s)
    assert sent(sender, now_s) == [0, 1, 2, 3]


def test_a_device_that_falls_silent_is_offered_again_and_its_window_is_closed(sender: BlobSender) -> None:
    sender.heard("east", want(5, 0), 0.0)
    sent(sender, 0.0)
    assert sender.wait_s(0.0) == rules.STALL_S
    assert sent(sender, rules.STALL_S) == ["offer"]
    sender.heard("east", want(5, 2), 31.0)
    assert sent(sender, 31.0) == [2, 3, 4, 5]


def test_the_receipt_ends_it_and_is_reported_once(sender: BlobSender) -> None:
    sender.heard("east", want(5, 0), 0.0)
    have = Have(kind="gallery", version=5, sha256=gallery(5).offer.sha256)
    expected = Settled(device="east", kind="gallery", version=5, how=Settlement.HELD)
    assert sender.heard("east", have, 1.0) == expected
    assert sender.heard("east", have, 1.0) is None
    assert sent(sender, 1e6) == []
    sender.connected("east", 2e6)  # perhaps with another card
    assert sent(sender, 2e6) == ["offer"]
    assert sender.heard("east", have, 2e6) == expected


@pytest.mark.parametrize(("version", "content"), [(6, CONTENT), (5, b"other bytes")])
def test_a_device_ahead_of_us_is_reported_as_such(sender: BlobSender, version: int, content: bytes) -> None:
    have = Have(kind="gallery", version=version, sha256=gallery(version, content).offer.sha256)
    settled = sender.heard("east", have, 1.0)
    assert settled == Settled(device="east", kind="gallery", version=version, how=Settlement.AHEAD)


def test_a_receipt_for_an_older_version_is_no_receipt_for_this_one(sender: BlobSender) -> None:
    assert sender.heard("east", Have(kind="gallery", version=4, sha256="0" * 64), 1.0) is None
    assert sent(sender, 15.0) == ["offer"]


def test_a_rejection_is_reported_with_its_reason_and_the_next_connection_tries_again(sender: BlobSender) -> None:
    rejected = Rejected(kind="gallery", version=5, reason=RejectionReason.STORAGE, detail="full")
    assert sender.heard("east", rejected, 1.0) == Settled(
        device="east", kind="gallery", version=5, how=Settlement.REJECTED, reason=RejectionReason.STORAGE, detail="full"
    )
    assert sent(sender, 1e6) == []
    sender.connected("east", 1e6)
    assert sent(sender, 1e6) == ["offer"]


def test_a_rejection_of_an_older_version_changes_nothing(sender: BlobSender) -> None:
    rejected = Rejected(kind="gallery", version=4, reason=RejectionReason.STORAGE)
    assert sender.heard("east", rejected, 1.0) is None


def test_a_newer_offer_takes_the_place_of_one_on_its_way(sender: BlobSender) -> None:
    sender.heard("east", want(5, 0), 0.0)
    sent(sender, 0.0)
    sender.offer("east", gallery(6), 1.0)
    assert sent(sender, 1.0) == ["offer"]
    sender.heard("east", want(5, 4), 3.5)  # said before the device heard of it: it is told again
    assert sent(sender, 3.5) == ["offer"]
    sender.heard("east", want(6, 0), 4.0)
    assert sent(sender, 4.0) == [0, 1, 2, 3]


def test_versions_do_not_go_back_and_one_version_is_one_content(sender: BlobSender) -> None:
    for source in (gallery(4), gallery(5, b"other")):
        with pytest.raises(ValueError, match="comes after 5"):
            sender.offer("east", source, 0.0)


def test_a_device_has_a_limited_number_of_kinds() -> None:
    sender = BlobSender()
    for i in range(rules.KINDS_MAX):
        sender.offer("east", BytesSource(kind=f"kind-{i}", version=1, content=b"x"), 0.0)
    with pytest.raises(ValueError, match="kinds"):
        sender.offer("east", gallery(1), 0.0)


@pytest.mark.parametrize("message", [want(5, 10), want(9, 0), Want(kind="config", version=5, from_i=0)])
def test_a_want_for_what_is_not_on_offer_opens_no_window(sender: BlobSender, message: Want) -> None:
    sender.heard("east", message, 0.0)
    assert sent(sender, 0.0) == []


def test_strangers_and_the_absent_are_not_answered(sender: BlobSender) -> None:
    assert sender.heard("west", want(5, 0), 0.0) is None
    sender.disconnected("east")
    assert sender.heard("east", want(5, 0), 0.0) is None
    sender.disconnected("west")
    sender.forget("west")
    sender.forget("east")
    assert sender.take(1e6, limit=10) == []


def test_many_devices_are_served_in_turn_and_the_belt_holds_a_bounded_number_of_chunks() -> None:
    sender = BlobSender()
    devices = [f"gate-{i:03}" for i in range(100)]
    for device in devices:
        sender.offer(device, gallery(1), 0.0)
        sender.connected(device, 0.0)
    assert len(sender.take(0.0, limit=1000)) == 100
    for device in devices:
        sender.heard(device, want(1, 0), 0.0)
    first = sender.take(0.0, limit=1000)
    assert len(first) == rules.IN_FLIGHT_CHUNKS_MAX
    assert max(Counter(device for device, _ in first).values()) == 1
    for device, _ in first:
        sender.heard(device, want(1, 1), 1.0)
    second = sender.take(1.0, limit=1000)
    assert {device for device, _ in second} >= set(devices) - {device for device, _ in first}


def test_silent_devices_do_not_hold_the_belt_for_ever() -> None:
    sender = BlobSender()
    silent = [f"silent-{i}" for i in range(rules.IN_FLIGHT_CHUNKS_MAX // 4)]
    for device in silent:
        sender.offer(device, gallery(1), 0.0)
        sender.connected(device, 0.0)
    sender.take(0.0, limit=100)
    for device in silent:
        sender.heard(device, want(1, 0), 0.0)
    assert len(sender.take(0.0, limit=1000)) == rules.IN_FLIGHT_CHUNKS_MAX
    sender.offer("alive", gallery(1), 1.0)
    sender.connected("alive", 1.0)
    assert [type(m) for _, m in sender.take(1.0, limit=10)] == [Offer]
    sender.heard("alive", want(1, 0), 2.0)
    assert sender.take(2.0, limit=10) == []
    taken = sender.take(rules.STALL_S, limit=1000)
    assert Counter(device for device, m in taken if isinstance(m, Chunk)) == {"alive": 4}


def test_bytes_that_cannot_be_read_here_stop_their_own_transfer_only(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(BytesSource):
        def chunk(self, i: int) -> bytes:
            raise OSError(5, f"input/output error at {i}")

    sender = BlobSender()
    sender.offer("east", Broken(kind="gallery", version=1, content=CONTENT), 0.0)
    sender.offer("west", gallery(1), 0.0)
    for device in ("east", "west"):
        sender.connected(device, 0.0)
    sender.take(0.0, limit=10)
    for device in ("east", "west"):
        sender.heard(device, want(1, 0), 0.0)
    assert Counter(device for device, _ in sender.take(0.0, limit=100)) == {"west": 4}
    assert "cannot be read" in caplog.text
