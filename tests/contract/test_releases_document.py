"""Settings and models as BLOBS.md tells them, and the golden vectors: what was signed once counts for ever."""

import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import edge_agent.wire
from edge_agent.wire import device_config, model_bundle, sign
from edge_agent.wire.device_config import ALLOWED, DeviceConfigError, decode_config, encode_config
from edge_agent.wire.model_bundle import BundleError, pack, unpack

DOCUMENT: Final = (Path(edge_agent.wire.__file__).parent / "BLOBS.md").read_text()
FOLDER: Final = Path(__file__).parent / "golden_releases"
EXAMPLES: Final = re.findall(r"```json (config|model)\n(.*?)\n```", DOCUMENT, re.DOTALL)
FILES: Final = {"manifest.toml": b"format = 1\n", "face.tflite": b"\x00\x01\x02\x03"}


def test_the_settings_of_the_document_are_the_golden_ones_and_written_again_byte_for_byte() -> None:
    shown = [text for kind, text in EXAMPLES if kind == "config"]
    assert shown == [(FOLDER / name).read_text() for name in ("config.json", "config-join.json")]
    for text in shown:
        assert encode_config(decode_config(text.encode())) == text.encode()
    assert decode_config(shown[0].encode()).settings["plates"]["prior"] == {"皖": 0.9}
    join = decode_config(shown[1].encode()).join
    assert join is not None
    assert join.token.startswith("q83vEjRW")


def test_the_header_of_the_document_is_the_golden_bundles() -> None:
    (shown,) = (text for kind, text in EXAMPLES if kind == "model")
    bundle = pack(FILES)
    assert shown == (FOLDER / "model-header.json").read_text()
    assert bundle == b"\x01" + len(shown.encode()).to_bytes(4, "big") + shown.encode() + b"\0\1\2\3" + b"format = 1\n"
    assert {name: bytes(content) for name, content in unpack(bundle).items()} == FILES


@pytest.mark.parametrize("name", ["signed-config.json", "signed-model.json"])
def test_a_golden_signature_is_made_again_byte_for_byte_and_checked_without_our_code(name: str) -> None:
    vector: dict[str, Any] = msgspec.json.decode((FOLDER / name).read_bytes())
    purpose = sign.Purpose(**{field: vector[field] for field in ("site", "recipient", "kind", "version")})
    content, key = bytes.fromhex(vector["content"]), bytes.fromhex(vector["hub_private"])
    assert sign.sign(content, private_key=key, purpose=purpose).hex() == vector["signed"]
    said = "shouwang/v1/sign/1\n{site}\n{recipient}\n{kind}\n{version}\n".format(**vector).encode() + content
    assert said.hex() == vector["signed_bytes"]
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(vector["hub_public"])).verify(
        bytes.fromhex(vector["signature"]), said
    )
    assert vector["signed"] == "01" + vector["signature"] + vector["content"]


def test_the_document_names_what_may_be_set_and_the_limits() -> None:
    for section, keys in ALLOWED.items():
        assert f"`{section}`" in DOCUMENT
        if section in {"camera", "clock", "models", "faces"}:
            assert all(key in DOCUMENT for key in keys)
    assert f"| settings | {device_config.BYTES_MAX // 1024} KiB |" in DOCUMENT
    size = f"| a bundle of models | {model_bundle.BYTES_MAX // 2**20} MiB, {model_bundle.FILES_MAX} files |"
    assert size in DOCUMENT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"format":2,"join":null,"settings":{},"version":4}', "format 2"),
        ('{"format":1,"join":null,"settings":{},"version":0}', "version"),
        ('{"format":1,"join":null,"settings":{},"version":4,"more":1}', "more"),
        ('{"format":1,"settings":{},"version":4}', "join"),
        ('{"format":1,"join":{"token":"short"},"settings":{},"version":4}', "token"),
        ('{"format":1,"join":null,"settings":{"camera":{"fps":null}},"version":4}', "fps|null|None"),
        ('{"format":1,"join":null,"settings":{"hub":{"host":"evil"}},"version":4}', "hub.host"),
        ('{"format":1,"join":null,"settings":{"camera":{"name":"west"}},"version":4}', "camera.name"),
        ('{"format":1,"join":null,"settings":{"journal":{"size_max_mb":1}},"version":4}', "journal.size_max_mb"),
        ('{"format":1,"join":null,"settings":{"models":{"dir":"/tmp"}},"version":4}', "models.dir"),
        ('{"format":1,"join":null,"settings":{"camera":{"fps":' + "[" * 5000, "settings"),
        ("\xff", "settings"),
        (" " * (device_config.BYTES_MAX + 1), "limit"),
    ],
)
def test_settings_that_are_none_are_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(DeviceConfigError, match=why):
        decode_config(text.encode("latin-1"))


def bundle_of(header: str, rest: bytes = b"") -> bytes:
    return b"\x01" + len(header.encode()).to_bytes(4, "big") + header.encode() + rest


SHA: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of nothing


@pytest.mark.parametrize(
    ("bundle", "why"),
    [
        (b"", "short"),
        (b"\x02\0\0\0\0", "format 2"),
        (b"\x01\xff\xff\xff\xff{}", "longer"),
        (b"\x01\0\0\0\x09{}", "longer"),
        (bundle_of("{}"), "header"),
        (bundle_of('{"files":[{"name":"manifest.toml","bytes":5,"sha256":"' + SHA + '"}]}'), "long"),
        (bundle_of('{"files":[]}', b"more"), "long"),
        (bundle_of('{"files":[{"name":"manifest.toml","bytes":1,"sha256":"' + SHA + '"}]}', b"x"), "damaged"),
        (bundle_of('{"files":[{"name":"../manifest.toml","bytes":0,"sha256":"' + SHA + '"}]}'), "plain"),
        (bundle_of('{"files":[{"name":"a.tflite","bytes":0,"sha256":"' + SHA + '"}]}'), "manifest.toml"),
        (
            bundle_of(
                '{"files":[' + ",".join(['{"name":"manifest.toml","bytes":0,"sha256":"' + SHA + '"}'] * 2) + "]}"
            ),
            "each once",
        ),
        (bundle_of('{"files":[{"name":"manifest.toml","bytes":-1,"sha256":"' + SHA + '"}]}'), "header"),
    ],
)
def test_bundles_that_are_none_are_refused(bundle: bytes, why: str) -> None:
    with pytest.raises(BundleError, match=why):
        unpack(bundle)


def test_an_empty_bundle_is_one() -> None:
    assert unpack(pack({})) == {}
