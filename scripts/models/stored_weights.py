"""Reads the weights of TensorFlow.js models: a JSON list of tensors, and a binary of their values one after another."""

from typing import Any

import numpy as np

Weights = dict[str, np.ndarray]


def read_weights(groups: list[dict[str, Any]], binary: bytes) -> Weights:
    """Every tensor by name, as float32 or int32. `groups` is TensorFlow.js's `weightsManifest`.

    Storage is undone: uint8 with scale and minimum, float16, or the plain little-endian values.
    """
    weights: Weights = {}
    offset = 0
    for entry in (entry for group in groups for entry in group["weights"]):
        quantised = entry.get("quantization", {})
        stored = np.dtype(quantised.get("dtype", entry["dtype"])).newbyteorder("<")
        values = np.frombuffer(binary, stored, int(np.prod(entry["shape"])), offset)
        offset += values.nbytes
        values = values.astype(entry["dtype"])
        if "scale" in quantised:
            values = values * np.float32(quantised["scale"]) + np.float32(quantised["min"])
        weights[entry["name"]] = values.reshape(entry["shape"])
    if offset != len(binary):
        raise SystemExit(f"the weights have {len(binary)} bytes, but their manifest describes {offset}")
    return weights
