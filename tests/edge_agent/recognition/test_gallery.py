import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.errors import GalleryError
from edge_agent.recognition import gallery as module
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.wire.gallery import WrittenVehicle

EMBEDDER = "test-embedder.1"
LENGTH = 8


def templates(seed: int, count: int = 1, length: int = LENGTH) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, length)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def entry(person: str, seed: int = 1, count: int = 1, *purposes: Purpose) -> Entry:
    return Entry(person=person, purposes=frozenset(purposes or {Purpose.DOOR}), templates=templates(seed, count))


def gallery(*entries: Entry, version: int = 3) -> Gallery:
    return Gallery(embedder_id=EMBEDDER, template_length=LENGTH, version=version, entries=entries)


def read(content: bytes) -> Gallery:
    return Gallery.from_bytes(content, embedder_id=EMBEDDER, template_length=LENGTH)


def written(**changes: Any) -> dict[str, Any]:
    """A good file as Python values, with changes at its top level."""
    content: dict[str, Any] = json.loads(gallery(entry("p-1"), entry("p-2", 2)).to_bytes())
    return content | changes


ids = st.text("abzABZ019._-", min_size=1, max_size=64).filter(lambda text: not text.startswith("."))
purposes = st.frozensets(st.sampled_from(Purpose), min_size=1)


@given(
    people=st.dictionaries(ids, st.tuples(purposes, st.integers(1, 4)), max_size=6), version=st.integers(0, 2**53 - 1)
)
def test_what_is_written_is_read_again_to_the_last_bit(
    people: dict[str, tuple[frozenset[Purpose], int]], version: int
) -> None:
    entries = [
        Entry(person=person, purposes=granted, templates=templates(seed, count))
        for seed, (person, (granted, count)) in enumerate(people.items())
    ]
    before = gallery(*entries, version=version)
    after = read(before.to_bytes())
    assert after.version == version
    assert [e.person for e in after.entries] == list(people)
    for old, new in zip(before.entries, after.entries, strict=True):
        assert new.purposes == old.purposes
        np.testing.assert_array_equal(new.templates, old.templates)
    assert after.to_bytes() == before.to_bytes()


def test_the_file_says_which_embedder_made_it() -> None:
    content = json.loads(gallery(entry("p-1", 1, 1, Purpose.WELFARE, Purpose.DOOR)).to_bytes())
    assert content["embedder"] == EMBEDDER
    assert content["entries"][0]["purposes"] == ["door", "welfare"]
    assert len(base64.b64decode(content["entries"][0]["templates"][0])) == 4 * LENGTH


def test_a_gallery_of_another_embedder_is_refused_with_the_way_out() -> None:
    with pytest.raises(GalleryError, match=r"made with the embedder test-embedder\.1.*enrol again"):
        Gallery.from_bytes(gallery().to_bytes(), embedder_id="other", template_length=LENGTH)


def test_templates_of_another_length_are_refused() -> None:
    with pytest.raises(GalleryError, match="8 numbers instead of 128"):
        Gallery.from_bytes(gallery().to_bytes(), embedder_id=EMBEDDER, template_length=128)


def with_template(text: str) -> dict[str, Any]:
    content = written()
    content["entries"][0]["templates"] = [text]
    return content


def packed(*numbers: float) -> str:
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


DAMAGES: dict[str, tuple[Any, str]] = {
    "no object": ([], "damaged"),
    "a missing field": ({k: v for k, v in written().items() if k != "version"}, "damaged"),
    "a field too many": (written(extra=1), "damaged"),
    "a version that is text": (written(version="3"), "damaged"),
    "a negative version": (written(version=-1), "version"),
    "another format": (written(format=2), "format 2"),
    "an unknown purpose": (written(entries=[written()["entries"][0] | {"purposes": ["fun"]}]), "damaged"),
    "no purpose": (written(entries=[written()["entries"][0] | {"purposes": []}]), "no purpose"),
    "a purpose twice": (written(entries=[written()["entries"][0] | {"purposes": ["door", "door"]}]), "twice"),
    "a person twice": (written(entries=[written()["entries"][0]] * 2), "twice"),
    "no template": (written(entries=[written()["entries"][0] | {"templates": []}]), "0 templates"),
    "too many templates": (
        written(entries=[written()["entries"][0] | {"templates": written()["entries"][0]["templates"] * 17}]),
        "17 templates",
    ),
    "a template that is no base64": (with_template("!!!"), "not base64"),
    "a template cut short": (with_template(packed(1, 0, 0, 0, 0, 0, 0)), "28 bytes instead of 32"),
    "a template too long": (with_template(packed(1, 0, 0, 0, 0, 0, 0, 0, 0)), "36 bytes instead of 32"),
    "a template with NaN": (with_template(packed(float("nan"), 0, 0, 0, 0, 0, 0, 0)), "not finite"),
    "a template with infinity": (with_template(packed(float("inf"), 0, 0, 0, 0, 0, 0, 0)), "not finite"),
    "a template of zeros": (with_template(packed(0, 0, 0, 0, 0, 0, 0, 0)), "unit length"),
    "a template of length two": (with_template(packed(2, 0, 0, 0, 0, 0, 0, 0)), "unit length"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_one_named_error(damage: str) -> None:
    content, message = DAMAGES[damage]
    with pytest.raises(GalleryError, match=message):
        read(json.dumps(content).encode())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b'{"format": 1e999}'])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(GalleryError, match="damaged"):
        read(content)


@given(st.data())
def test_a_file_cut_anywhere_is_refused(data: st.DataObject) -> None:
    content = gallery(entry("p-1"), entry("p-2", 2)).to_bytes()
    with pytest.raises(GalleryError):
        read(content[: data.draw(st.integers(0, len(content) - 1))])


@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_gives_a_gallery_or_one_named_error(at: int, value: int) -> None:
    content = bytearray(gallery(entry("p-1"), entry("p-2", 2)).to_bytes())
    content[at % len(content)] = value
    try:
        found = read(bytes(content))
    except GalleryError:
        return
    for e in found.entries:
        np.testing.assert_allclose(np.linalg.norm(e.templates, axis=1), 1, atol=2e-3)


@pytest.mark.parametrize("person", ["", "a" * 65, "a b", "张三", "../etc", "a/b", "a\n", "\x00"])
def test_only_pseudonymous_ids_are_taken(person: str) -> None:
    with pytest.raises(GalleryError, match="is no id"):
        entry(person)
    content = written()
    content["entries"][0]["person"] = person
    with pytest.raises(GalleryError, match="is no id"):
        read(json.dumps(content).encode())


def test_an_oversized_file_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BYTES_MAX", 100)
    with pytest.raises(GalleryError, match="larger than"):
        read(b" " * 101)


def test_too_many_people_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERSONS_MAX", 1)
    with pytest.raises(GalleryError, match="2 people: at most 1"):
        gallery(entry("p-1"), entry("p-2"))


def test_adding_makes_the_next_version_and_leaves_the_old_one() -> None:
    before = gallery(entry("p-1"))
    after = before.with_entry(entry("p-2", 2))
    assert [e.person for e in after.entries] == ["p-1", "p-2"]
    assert after.version == before.version + 1
    assert len(before.entries) == 1


def test_adding_somebody_again_replaces_them() -> None:
    after = gallery(entry("p-1"), entry("p-2", 2)).with_entry(entry("p-1", 9, 2, Purpose.WELFARE))
    assert [(e.person, len(e.templates)) for e in after.entries] == [("p-2", 1), ("p-1", 2)]


def test_removing_makes_the_next_version_only_when_somebody_goes() -> None:
    before = gallery(entry("p-1"), entry("p-2", 2))
    assert [e.person for e in before.without("p-1").entries] == ["p-2"]
    assert before.without("p-1").version == before.version + 1
    assert before.without("nobody") is before


def test_a_gallery_can_be_narrowed_to_purposes() -> None:
    full = gallery(
        entry("p-1"), entry("p-2", 2, 1, Purpose.WELFARE), entry("p-3", 3, 1, Purpose.WATCHLIST, Purpose.DOOR)
    )
    assert [e.person for e in full.only_for({Purpose.DOOR}).entries] == ["p-1", "p-3"]
    assert [e.person for e in full.only_for({Purpose.WELFARE}).entries] == ["p-2"]


def test_nobody_can_change_a_template_afterwards() -> None:
    rows = templates(1)
    one = Entry(person="p-1", purposes=frozenset({Purpose.DOOR}), templates=rows)
    rows[0, 0] = 99
    assert one.templates[0, 0] != 99
    with pytest.raises(ValueError, match="read-only"):
        one.templates[0, 0] = 5


def test_an_entry_of_another_length_does_not_enter() -> None:
    long = Entry(person="p-9", purposes=frozenset({Purpose.DOOR}), templates=templates(1, length=9))
    with pytest.raises(GalleryError, match="9 numbers instead of 8"):
        gallery().with_entry(long)


# --- vehicles ---


def vehicle(plate: str, valid_from_us: int | None = None, valid_until_us: int | None = None) -> WrittenVehicle:
    return WrittenVehicle(plate=plate, valid_from_us=valid_from_us, valid_until_us=valid_until_us)


def test_vehicles_are_written_and_read_beside_people_and_stay_through_changes_of_them() -> None:
    vehicles = (vehicle("皖A12345"), vehicle("皖AD12345", 5, 9))
    before = Gallery(embedder_id=EMBEDDER, template_length=LENGTH, vehicles=vehicles)
    assert read(before.to_bytes()).vehicles == vehicles
    changed = before.with_entry(entry("p-1")).without("p-1").with_entry(entry("p-2"))
    assert read(changed.only_for([Purpose.DOOR]).to_bytes()).vehicles == vehicles


def test_a_gallery_without_vehicles_is_written_as_before_there_were_any() -> None:
    assert "vehicles" not in json.loads(gallery(entry("p-1")).to_bytes())
    assert read(gallery(entry("p-1")).to_bytes()).vehicles == ()


GOOD = {"plate": "皖A12345", "valid_from_us": None, "valid_until_us": None}


@pytest.mark.parametrize(
    ("vehicles", "words"),
    [
        ([GOOD, GOOD], "twice"),
        ([GOOD | {"plate": "皖A1234"}], "is no licence plate"),
        ([GOOD | {"valid_from_us": 2, "valid_until_us": 2}], "valid from 2 until 2"),
        ([GOOD | {"valid_until_us": -1}], "valid from"),
        ([GOOD | {"owner": "p-1"}], "damaged"),
        ([{"plate": "皖A12345"}], "damaged"),
        ({}, "damaged"),
    ],
)
def test_vehicles_that_cannot_be_make_no_gallery(vehicles: object, words: str) -> None:
    with pytest.raises(GalleryError, match=words):
        read(json.dumps(written(vehicles=vehicles)).encode())


def test_more_vehicles_than_fit_make_no_gallery() -> None:
    many = [GOOD | {"plate": f"皖{'AB'[n // 20_000]}{n % 20_000:05d}"} for n in range(20_001)]
    with pytest.raises(GalleryError, match="at most 20000 fit"):
        read(json.dumps(written(vehicles=many)).encode())
