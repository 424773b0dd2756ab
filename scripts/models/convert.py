"""Converts a published face network, or our projection, to TFLite in one of four number formats. Needs TensorFlow 2.15.

* float32: as published.
* float16: weights of half the size, arithmetic in float32: what we ship.
* dynamic: weights as int8, activations quantised anew at each inference.
* int8: weights and activations as int8 with ranges measured on calibration inputs; input and output stay float32.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import dlib_resnet
import hse_faceres
import numpy as np
import tensorflow as tf
from stored_weights import Weights, read_weights
from tensorflow.keras import layers

FORMATS = ("float32", "float16", "dynamic", "int8")
NETWORKS: dict[str, Callable[[Weights], tf.keras.Model]] = {
    "dlib_resnet": dlib_resnet.build,
    "hse_faceres": hse_faceres.build,
}


def stored_model(name: str, manifest: Path, binary: Path) -> tf.keras.Model:
    """`manifest` is face-api's list of weight groups, or a TensorFlow.js model that has such a list inside."""
    description = json.loads(manifest.read_text())
    groups = description["weightsManifest"] if isinstance(description, dict) else description
    return NETWORKS[name](read_weights(groups, binary.read_bytes()))


def projection(path: Path) -> tf.keras.Model:
    """Y = (x - mean) P of an .npz with `mean` (n,) and `matrix` (n, k)."""
    with np.load(path) as learnt:
        mean, matrix = learnt["mean"], learnt["matrix"]
    features = tf.keras.Input((len(mean),), batch_size=1, name="features")
    layer = layers.Dense(matrix.shape[1], name="projection")
    out = layer(features)
    layer.set_weights([matrix, -mean @ matrix])
    return tf.keras.Model(features, out)


def convert(model: tf.keras.Model, number_format: str, calibration: Path | None = None) -> bytes:
    """The TFLite file. `calibration`: .npy of inputs, shape (n, height, width, 3); for int8 only."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if number_format != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if number_format == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if number_format == "int8":
        if calibration is None:
            raise SystemExit("int8 needs --calibration")
        inputs = np.load(calibration, mmap_mode="r")

        def representative() -> Iterator[list[np.ndarray]]:
            for one in inputs:
                yield [np.asarray(one[None], np.float32)]

        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return bytes(converter.convert())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=(*NETWORKS, "projection"))
    parser.add_argument("inputs", nargs="+", type=Path, help="manifest and binary; for the projection its .npz")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--format", choices=FORMATS, default="float16")
    parser.add_argument("--calibration", type=Path)
    args = parser.parse_args()
    model = projection(*args.inputs) if args.network == "projection" else stored_model(args.network, *args.inputs)
    args.output.write_bytes(convert(model, args.format, args.calibration))


if __name__ == "__main__":
    main()
