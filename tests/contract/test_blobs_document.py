"""BLOBS.md and the golden messages of blob transfer: what a stranger builds from must be true."""

import re
from pathlib import Path

import msgspec
import pytest

import edge_agent.wire
from edge_agent.recognition.gallery import Gallery
from edge_agent.wire import blobs, seal
from edge_agent.wire.gallery import LOOKALIKES_MAX, VEHICLES_MAX, decode_gallery, encode_gallery
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.plate import kinds_of

DOCUMENT = (Path(edge_agent.wire.__file__).parent / "BLOBS.md").read_text()
EXAMPLES = re.findall(r"```json (\w+)\n(.*?)\n```", DOCUMENT, re.DOTALL)
FOLDER = Path(__file__).parent / "golden_blobs"
GALLERIES = ("gallery.json", "gallery-vehicles.json", "gallery-lookalikes.json")
GOLDEN = sorted(path for path in FOLDER.glob("*.json") if path.name not in GALLERIES)
DECODERS = {"down": blobs.decode_blob_down, "up": blobs.decode_blob_up}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_blob_message_is_read_and_written_again_byte_for_byte(path: Path) -> None:
    golden = path.read_bytes()
    assert wire_bytes(DECODERS[path.stem.split("-")[0]](golden)) == golden


def test_there_is_a_golden_file_for_every_type_of_blob_message() -> None:
    seen = {msgspec.json.decode(path.read_bytes())["type"] for path in GOLDEN}
    assert seen == {"offer", "chunk", "want", "have", "rejected"}


def test_the_examples_of_the_document_are_the_golden_messages() -> None:
    messages = [(direction, text) for direction, text in EXAMPLES if direction in DECODERS]
    assert {text for _, text in messages} == {path.read_text() for path in GOLDEN}
    for direction, text in messages:
        DECODERS[direction](text.encode())


def test_the_golden_gallery_is_the_documents_written_as_the_hub_writes_and_read_as_a_device_reads() -> None:
    shown, *_ = (text for kind, text in EXAMPLES if kind == "gallery")
    golden = (FOLDER / "gallery.json").read_bytes()
    assert shown.encode() == golden
    assert encode_gallery(decode_gallery(golden)) == golden
    read = Gallery.from_bytes(golden, embedder_id="dlib-resnet_hse-mobilenet-f16.mesh5.2", template_length=2)
    assert read.to_bytes() == golden
    assert (read.version, [entry.person for entry in read.entries]) == (7, ["p-li"])


def test_the_golden_gallery_of_vehicles_is_the_documents_and_names_plates_of_the_grammar() -> None:
    _, shown, _ = (text for kind, text in EXAMPLES if kind == "gallery")
    golden = (FOLDER / "gallery-vehicles.json").read_bytes()
    assert shown.encode() == golden
    written = decode_gallery(golden)
    assert encode_gallery(written) == golden
    assert (written.version, written.entries) == (8, [])
    assert all(kinds_of(vehicle.plate) for vehicle in written.vehicles)
    assert [vehicle.valid_until_us for vehicle in written.vehicles] == [None, 1_795_557_600_000_000]


def test_the_golden_gallery_of_lookalikes_is_the_documents_and_read_as_a_device_reads() -> None:
    *_, shown = (text for kind, text in EXAMPLES if kind == "gallery")
    golden = (FOLDER / "gallery-lookalikes.json").read_bytes()
    assert shown.encode() == golden
    assert encode_gallery(decode_gallery(golden)) == golden
    read = Gallery.from_bytes(golden, embedder_id="dlib-resnet_hse-mobilenet-f16.mesh5.2", template_length=2)
    assert read.to_bytes() == golden
    assert [(pair.person, pair.other, pair.wider_by) for pair in read.lookalikes] == [("p-li", "p-wang", 0.1)]


def test_a_gallery_without_vehicles_or_lookalikes_does_not_speak_of_them() -> None:
    plain = encode_gallery(decode_gallery((FOLDER / "gallery.json").read_bytes()))
    assert b"vehicles" not in plain
    assert b"lookalikes" not in plain
    assert f"at most {VEHICLES_MAX:,}" in DOCUMENT
    assert VEHICLES_MAX == LOOKALIKES_MAX, "the document gives both the same figure"


def test_the_document_names_every_reason_and_the_limits_that_the_code_has() -> None:
    for reason in blobs.RejectionReason:
        assert f"| `{reason}` |" in DOCUMENT
    assert f"| one chunk | {blobs.CHUNK_BYTES // 1024} KiB |" in DOCUMENT
    assert f"| chunks of a blob | {blobs.CHUNKS_MAX} |" in DOCUMENT
    assert f"| chunks sent above the last `want` | {blobs.WINDOW_CHUNKS_MAX} |" in DOCUMENT
    assert f"`{seal.CONTEXT.decode()}`" in DOCUMENT
