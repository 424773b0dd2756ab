"""Rebuilds the dlib face ResNet in Keras from face-api's weights. Needs TensorFlow 2.15.

The network is dlib's `anet_type` (dnn_face_recognition_ex.cpp): 29 convolutions in residual blocks, each followed by a
per-channel scale and shift, which fold into the convolution: s * (W x + b) + t = (s W) x + (s b + t).
"""

import tensorflow as tf
from stored_weights import Weights
from tensorflow.keras import layers

SIZE_PX = 150
TEMPLATE_LENGTH = 128
BLOCKS = (("conv32", 3), ("conv64", 3), ("conv128", 2), ("conv256", 2))


class Builder:
    """Applies the network's layers to a Keras tensor, taking their weights by name."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def convolution(self, x: tf.Tensor, name: str, *, strides: int = 1, relu: bool = True) -> tf.Tensor:
        filters, bias, scale, shift = (
            self._weights[f"{name}/{part}"] for part in ("conv/filters", "conv/bias", "scale/weights", "scale/biases")
        )
        layer = layers.Conv2D(
            filters.shape[3],
            filters.shape[0],
            strides=strides,
            padding="same" if strides == 1 else "valid",
            activation="relu" if relu else None,
            name=name.replace("/", "_"),
        )
        y = layer(x)
        layer.set_weights([filters * scale, bias * scale + shift])
        return y

    def block(self, x: tf.Tensor, name: str) -> tf.Tensor:
        y = self.convolution(x, f"{name}/conv1")
        y = self.convolution(y, f"{name}/conv2", relu=False)
        return layers.ReLU()(layers.Add()([x, y]))

    def shrinking_block(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """Half the size; the shortcut is averaged, and whichever side is smaller is padded with zeros."""
        y = self.convolution(x, f"{name}/conv1", strides=2)
        y = self.convolution(y, f"{name}/conv2", relu=False)
        shortcut = layers.AveragePooling2D(2, 2)(x)
        if shortcut.shape[1] > y.shape[1]:
            y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
        missing = y.shape[3] - shortcut.shape[3]
        if missing:
            shortcut = tf.pad(shortcut, [[0, 0], [0, 0], [0, 0], [0, missing]])
        return layers.ReLU()(layers.Add()([shortcut, y]))

    def projection(self, x: tf.Tensor) -> tf.Tensor:
        layer = layers.Dense(TEMPLATE_LENGTH, use_bias=False, name="fc")
        y = layer(x)
        layer.set_weights([self._weights["fc"]])
        return y


def build(weights: Weights) -> tf.keras.Model:
    """Input (1, 150, 150, 3), template (1, 128) not yet of unit length."""
    net = Builder(weights)
    picture = tf.keras.Input((SIZE_PX, SIZE_PX, 3), batch_size=1, name="face")
    x = net.convolution(picture, "conv32_down", strides=2)
    x = layers.MaxPool2D(3, 2)(x)
    for stage, (name, blocks) in enumerate(BLOCKS):
        if stage:
            x = net.shrinking_block(x, f"{name}_down")
        for number in range(1, blocks + 1):
            x = net.block(x, f"{name}_{number}")
    x = net.shrinking_block(x, "conv256_down_out")
    return tf.keras.Model(picture, net.projection(layers.GlobalAveragePooling2D()(x)))
