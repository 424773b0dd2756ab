"""A learnt scene as bytes, so that a restart keeps it. About 30 KB a condition, at most six.

Layout, little endian: `SWVIEW` and version 1 as two bytes; the number of conditions as one byte; for each its `seen_s`
as float64 and its arrays as float32 (edges as float16) in the order of `Condition`; the SHA-256 of all before.
"""

import hashlib
import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import SceneError
from edge_agent.vision.view_look import CELL_COUNT, CELLS, EDGES_PX
from edge_agent.vision.view_scene import CONDITIONS_MAX, SEEN_S_MAX, Condition, Scene

_MAGIC: Final = b"SWVIEW\x00\x01"
_DIGEST_BYTES: Final = 32
_MAPS: Final = 4
_EDGES_BYTES: Final = 2 * EDGES_PX[0] * EDGES_PX[1]
_MAP_BYTES: Final = 4 * CELL_COUNT
_CONDITION_BYTES: Final = 8 + _EDGES_BYTES + _MAPS * _MAP_BYTES
SCENE_BYTES_MAX: Final = len(_MAGIC) + 1 + CONDITIONS_MAX * _CONDITION_BYTES + _DIGEST_BYTES
_VALUE_MAX: Final = 1e6  # no gradient of 8-bit pictures comes near


def encode_scene(scene: Scene) -> bytes:
    """The conditions; a candidate is learnt anew in minutes."""
    content = bytearray(_MAGIC + bytes([len(scene.conditions)]))
    for condition in scene.conditions:
        content += struct.pack("<d", condition.seen_s)
        content += condition.edges.astype("<f2").tobytes()
        for cells in (condition.structure, condition.coarse, condition.levels, condition.sharpness):
            content += np.minimum(cells, _VALUE_MAX).astype("<f4").tobytes()
    return bytes(content) + hashlib.sha256(content).digest()


def decode_scene(content: bytes) -> Scene:
    """Raises SceneError for everything that `encode_scene` does not write."""
    if content[: len(_MAGIC)] != _MAGIC:
        raise SceneError("is no learnt scene of this version")
    count = content[len(_MAGIC)] if len(content) > len(_MAGIC) else 0
    start = len(_MAGIC) + 1
    if count > CONDITIONS_MAX or len(content) != start + count * _CONDITION_BYTES + _DIGEST_BYTES:
        raise SceneError("a learnt scene is cut short or too long")
    if hashlib.sha256(content[:-_DIGEST_BYTES]).digest() != content[-_DIGEST_BYTES:]:
        raise SceneError("a learnt scene is damaged: its SHA-256 differs")
    return Scene(conditions=tuple(_condition(content, start + index * _CONDITION_BYTES) for index in range(count)))


def _condition(content: bytes, at: int) -> Condition:
    (seen_s,) = struct.unpack_from("<d", content, at)
    if not 0 <= seen_s <= SEEN_S_MAX:
        raise SceneError("a learnt scene has an impossible age")
    edges = np.frombuffer(content, "<f2", EDGES_PX[0] * EDGES_PX[1], at + 8).reshape(EDGES_PX[1], EDGES_PX[0])
    first = at + 8 + _EDGES_BYTES
    maps = [np.frombuffer(content, "<f4", CELL_COUNT, first + index * _MAP_BYTES) for index in range(_MAPS)]
    structure, coarse, levels, sharpness = (_checked(cells.reshape(CELLS[1], CELLS[0])) for cells in maps)
    return Condition(
        edges=_checked(edges), structure=structure, coarse=coarse, levels=levels, sharpness=sharpness, seen_s=seen_s
    )


def _checked(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Finite and in range, as writable float32. Raises SceneError."""
    if not (np.isfinite(values).all() and float(values.min()) >= 0 and float(values.max()) <= _VALUE_MAX):
        raise SceneError("a learnt scene has values out of range")
    return values.astype(np.float32)
