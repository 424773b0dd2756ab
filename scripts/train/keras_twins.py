#!/usr/bin/env python3
"""The two plate networks once more in Keras, with weights trained in PyTorch, as TFLite. Needs TensorFlow 2.15.

Each layer is found by the name it has in `networks.py`; batch normalisation has been folded by `export_weights.py`.
PyTorch pads a strided convolution on both sides, TensorFlow on one: so padding is a layer of its own here.
"""

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

Weights = dict[str, np.ndarray]
SLOTS, CLASSES, KINDS = 8, 73, 8
GRID = (6, 40)
TOLERANCE = 5e-3  # weights are stored as float16
WIDE_MAX = 6.0  # where the networks' activations are cut


class Builder:
    """Layers from a file of weights. Names are paths as PyTorch has them: `body2.0.one`."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.used: set[str] = set()

    def take(self, name: str) -> np.ndarray:
        self.used.add(name)
        return self._weights[name]

    def conv(self, x: tf.Tensor, name: str, stride: tuple[int, int] = (1, 1), *, act: bool = True) -> tf.Tensor:
        kernel, bias = self.take(f"{name}.weight"), self.take(f"{name}.bias")  # (out, in, h, w)
        size = kernel.shape[2:]
        padding = "same"
        if stride != (1, 1) and size != (1, 1):
            x, padding = layers.ZeroPadding2D((size[0] // 2, size[1] // 2))(x), "valid"
        each = kernel.shape[1] == 1 and x.shape[-1] != 1
        if each:
            layer = layers.DepthwiseConv2D(size, stride, padding)
            kernel = kernel.transpose(2, 3, 0, 1)
        else:
            layer = layers.Conv2D(kernel.shape[0], size, stride, padding)
            kernel = kernel.transpose(2, 3, 1, 0)
        x = layer(x)
        layer.set_weights([kernel, bias])
        return layers.ReLU(WIDE_MAX)(x) if act else x

    def residual(self, x: tf.Tensor, name: str) -> tf.Tensor:
        return layers.ReLU(WIDE_MAX)(
            layers.Add()([x, self.conv(self.conv(x, f"{name}.one"), f"{name}.two", act=False)])
        )

    def split(self, x: tf.Tensor, name: str, stride: tuple[int, int] = (1, 1), *, act: bool = True) -> tf.Tensor:
        return self.conv(self.conv(x, f"{name}.0", stride), f"{name}.1", act=act)

    def split_residual(self, x: tf.Tensor, name: str) -> tf.Tensor:
        return layers.ReLU(WIDE_MAX)(
            layers.Add()([x, self.split(self.split(x, f"{name}.one"), f"{name}.two", act=False)])
        )


def reader(weights: Weights) -> tuple[tf.keras.Model, set[str]]:
    """Input (1, 48, 160, 3); outputs: logits of the characters (1, 8, 73) and of the kinds (1, 8)."""
    b = Builder(weights)
    picture = layers.Input((48, 160, 3), batch_size=1, name="plate")
    x = b.conv(picture, "stem", (2, 2))
    x = b.residual(b.conv(x, "down1", (2, 2)), "body1")
    x = b.conv(x, "down2", (2, 1))
    for block in range(3):
        x = b.residual(x, f"body2.{block}")
    mean = layers.GlobalAveragePooling2D()(x)
    kinds_layer = layers.Dense(KINDS)
    kinds = kinds_layer(mean)
    kinds_layer.set_weights([b.take("kind.weight").T, b.take("kind.bias")])
    place_layer = layers.Dense(SLOTS * GRID[0] * GRID[1], use_bias=False)
    places = place_layer(layers.Softmax()(kinds))
    place_layer.set_weights([b.take("place.weight").T])
    looks = layers.Permute((2, 1))(layers.Reshape((GRID[0] * GRID[1], SLOTS))(b.conv(x, "look", act=False)))
    attention = layers.Softmax()(layers.Add()([looks, layers.Reshape((SLOTS, GRID[0] * GRID[1]))(places)]))
    features = layers.Reshape((GRID[0] * GRID[1], 160))(b.conv(x, "feature"))
    seen = layers.Lambda(lambda pair: tf.matmul(pair[0], pair[1]))([attention, features])
    char_layer = layers.Dense(CLASSES)
    chars = char_layer(seen)
    char_layer.set_weights([b.take("char.weight").T, b.take("char.bias")])
    of_place = b.take("char_of")[None]
    chars = layers.Lambda(lambda x: x + of_place, name="chars")(chars)
    return tf.keras.Model(picture, [chars, kinds]), b.used


def detector(weights: Weights, height: int = 384, width: int = 640) -> tuple[tf.keras.Model, set[str]]:
    """Input (1, height, width, 3); output (1, height / 8, width / 8, 9)."""
    b = Builder(weights)
    picture = layers.Input((height, width, 3), batch_size=1, name="picture")
    x = b.split(b.split(b.conv(picture, "stem", (2, 2)), "down1", (2, 2)), "down2", (2, 2))
    fine = b.split_residual(x, "fine")
    middle = b.split(fine, "down3", (2, 2))
    for block in range(2):
        middle = b.split_residual(middle, f"middle.{block}")
    coarse = b.split(middle, "down4", (2, 2))
    for block in range(2):
        coarse = b.split_residual(coarse, f"coarse.{block}")
    middle = b.split(layers.Add()([middle, _twice(b.conv(coarse, "from_coarse"))]), "join_middle")
    fine = b.split_residual(layers.Add()([fine, _twice(b.conv(middle, "from_middle"))]), "join_fine")
    return tf.keras.Model(picture, b.conv(b.conv(fine, "head"), "out", act=False)), b.used


def _twice(x: tf.Tensor) -> tf.Tensor:
    """Each pixel four times. Not UpSampling2D: that writes the size into the file, which serves several."""
    four = layers.Concatenate()([x, x, x, x])
    return layers.Lambda(lambda y: tf.nn.depth_to_space(y, 2))(four)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("plate_reader", "plate_detector"))
    parser.add_argument("weights", type=Path, help=".npz of export_weights.py")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--format", choices=("float32", "float16"), default="float16")
    args = parser.parse_args()
    with np.load(args.weights) as held:
        weights = dict(held)
    model, used = (reader if args.network == "plate_reader" else detector)(weights)
    unused = weights.keys() - used
    if unused:
        raise SystemExit(f"weights that no layer wanted: {sorted(unused)}")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if args.format == "float16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    content = converter.convert()
    worst = difference(content, args.weights.with_suffix(".examples.npz"))
    print(f"{args.network}: PyTorch and TFLite differ by {worst:.1e} of the outputs' scale (allowed {TOLERANCE:.0e})")
    if worst > TOLERANCE:
        raise SystemExit("not the same network: nothing is written")
    args.output.write_bytes(content)


def difference(content: bytes, examples: Path) -> float:
    """Largest difference between PyTorch's outputs for some inputs and the file's, in shares of the outputs' scale."""
    interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    worst = 0.0
    with np.load(examples) as held:
        wanted = [held[name] for name in held.files if name.startswith("output")]
        for place, picture in enumerate(held["inputs"]):
            interpreter.set_tensor(entry["index"], picture[None])
            interpreter.invoke()
            said = {tuple(o["shape"]): interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()}
            for output in wanted:
                other = said[(1, *output.shape[1:])]
                worst = max(worst, float(np.abs(output[place] - other[0]).max() / max(1.0, np.abs(output).max())))
    return worst


if __name__ == "__main__":
    main()
