"""A models folder as one piece: what stands, signed, inside a blob of the kind `model`. Format 1, also in BLOBS.md.

    offset   bytes  content
    0        1      format, 0x01
    1        4      length of the header, big-endian
    5        h      header: JSON, {"files": [{"name", "bytes", "sha256"}]}, by name
    5 + h    n      the files, one behind the other, nothing after the last

It says nothing of its version: the signature does, and the same bundle may be signed again under a newer one. It is one
for every device of a site, so it is not sealed: models are no secret. Without files it means "the models that were
installed with the agent".
"""

import hashlib
import re
import struct
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge_agent.wire.messages import Hash

FORMAT: Final = 1
KIND: Final = "model"  # of the blob
BYTES_MAX: Final = 128 * 1024 * 1024
HEADER_BYTES_MAX: Final = 64 * 1024
FILES_MAX: Final = 64
MANIFEST: Final = "manifest.toml"
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_PREFIX: Final = struct.Struct(">BI")


class BundleError(ValueError):
    """These bytes are no bundle of models, or these files cannot be one."""


class BundledFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file."""

    name: str
    bytes: Annotated[int, Meta(ge=0, le=BYTES_MAX)]
    sha256: Hash


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By name, each once."""

    files: Annotated[list[BundledFile], Meta(max_length=FILES_MAX)]


_decoder: Final = msgspec.json.Decoder(Header)


def pack(files: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files, by name. Raises BundleError."""
    ordered = sorted(files.items())
    header = Header(
        files=[
            BundledFile(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
            for name, content in ordered
        ]
    )
    written = msgspec.json.encode(header)
    bundle = b"".join((_PREFIX.pack(FORMAT, len(written)), written, *(content for _, content in ordered)))
    unpack(bundle)
    return bundle


def unpack(bundle: bytes) -> dict[str, memoryview]:
    """The files by name, each with the SHA-256 that the header gives it; no copies. Raises BundleError."""
    header, offset = _header(bundle)
    mistake = _mistake(header)
    if mistake:
        raise BundleError(mistake)
    if offset + sum(file.bytes for file in header.files) != len(bundle):
        raise BundleError("the files are not as long as the header says")
    files: dict[str, memoryview] = {}
    whole = memoryview(bundle)
    for file in header.files:
        files[file.name] = whole[offset : offset + file.bytes]
        offset += file.bytes
        if hashlib.sha256(files[file.name]).hexdigest() != file.sha256:
            raise BundleError(f"{file.name} is not what the header says: damaged")
    return files


def _header(bundle: bytes) -> tuple[Header, int]:
    if len(bundle) > BYTES_MAX:
        raise BundleError(f"{len(bundle)} bytes of models; {BYTES_MAX} is the limit")
    if len(bundle) < _PREFIX.size:
        raise BundleError("too short for a bundle of models")
    form, length = _PREFIX.unpack_from(bundle)
    if form != FORMAT:
        raise BundleError(f"a bundle of format {form}; {FORMAT} is known here")
    end = _PREFIX.size + length
    if length > HEADER_BYTES_MAX or end > len(bundle):
        raise BundleError("the header is longer than it may be, or than there are bytes")
    try:
        return _decoder.decode(bundle[_PREFIX.size : end]), end
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"no header of a bundle: {error}") from error


def _mistake(header: Header) -> str | None:
    names = [file.name for file in header.files]
    strange = next((name for name in names if not _NAME.fullmatch(name)), None)
    if strange is not None:
        return f"{strange[:100]!r} is not a plain file name"
    if names != sorted(set(names)):
        return "the files are not by name, each once"
    if names and MANIFEST not in names:
        return f"there is no {MANIFEST} among the files"
    return None
