"""The hub's half of a gallery, by the wire alone: made, sealed to a device, offered and cut into chunks."""

import base64
from dataclasses import dataclass

import numpy as np

from edge_agent.vision.manifest import FaceSpec
from edge_agent.wire.blobs import CHUNK_BYTES, Chunk, Offer, make_chunk, make_offer
from edge_agent.wire.gallery import (
    FORMAT,
    KIND,
    Purpose,
    WrittenEntry,
    WrittenGallery,
    WrittenVehicle,
    encode_gallery,
)
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.seal import Binding, seal
from edge_agent.wire.topics import Address

LENGTH = 16
SPEC = FaceSpec(
    embedder_id="test",
    template_length=LENGTH,
    same_score_min=0.8,
    door_score_min=0.9,
    welfare_score_min=0.9,
    welfare_margin_min=0.0,
)
ADDRESS = Address(site="demo", device="door-east")


def template(n: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A unit template, another for each `n`."""
    drawn = np.random.default_rng(n).normal(size=LENGTH)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def written(
    *people: int, version: int, embedder: str = "test", length: int = LENGTH, plates: tuple[str, ...] = ()
) -> bytes:
    """A gallery of people p-0, p-1, ... and of vehicles that may always pass, as the hub writes it."""
    entries = [
        WrittenEntry(
            person=f"p-{n}",
            purposes=[Purpose.DOOR],
            templates=[base64.b64encode(template(n).astype("<f4").tobytes()).decode()],
        )
        for n in people
    ]
    return encode_gallery(
        WrittenGallery(
            format=FORMAT,
            embedder=embedder,
            template_length=length,
            version=version,
            entries=entries,
            vehicles=[WrittenVehicle(plate=plate, valid_from_us=None, valid_until_us=None) for plate in plates],
        )
    )


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A sealed gallery on its way."""

    offer: Offer
    sealed: bytes

    def chunk(self, i: int) -> Chunk:
        return make_chunk(offer=self.offer, i=i, data=self.sealed[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES])

    def payloads(self) -> list[bytes]:
        """The offer and every chunk."""
        return [wire_bytes(self.offer), *(wire_bytes(self.chunk(i)) for i in range(self.offer.n))]


def parcel(
    content: bytes, *, public_key: bytes, version: int, address: Address = ADDRESS, sealed_as: int | None = None
) -> Parcel:
    """`sealed_as`: the version that the seal is bound to, when it is to be another one."""
    binding = Binding(
        site=address.site, device=address.device, kind=KIND, version=version if sealed_as is None else sealed_as
    )
    sealed = seal(content, public_key=public_key, binding=binding)
    return Parcel(offer=make_offer(kind=KIND, version=version, content=sealed), sealed=sealed)
