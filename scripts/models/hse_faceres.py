"""Rebuilds HSE-FaceRes in Keras from the weights of @vladmandic/human. Needs TensorFlow 2.15.

The network is MobileNet (Howard et al. 2017, width 1) trained on VGGFace2 by A. Savchenko; the published graph stops
at `global_pooling/Mean` for us: the heads for age and gender behind it are left out, on purpose. Batch normalisation
is a scale and a shift: the scale of the point-wise convolutions is folded in the published weights already, that of the
depth-wise ones is folded here.
"""

import numpy as np
import tensorflow as tf
from stored_weights import Weights
from tensorflow.keras import layers

SIZE_PX = 224
HALVING_BLOCKS = (2, 4, 6, 12)
BLOCKS = 13


def build(weights: Weights) -> tf.keras.Model:
    """Input (1, 224, 224, 3), output (1, 1024), not negative, not yet of unit length."""
    picture = tf.keras.Input((SIZE_PX, SIZE_PX, 3), batch_size=1, name="face")
    x = _convolution(picture, weights, "conv1", strides=2)
    for block in range(1, BLOCKS + 1):
        x = _depthwise(x, weights, f"conv_dw_{block}", strides=2 if block in HALVING_BLOCKS else 1)
        x = _convolution(x, weights, f"conv_pw_{block}", strides=1)
    return tf.keras.Model(picture, layers.GlobalAveragePooling2D()(x))


def _convolution(x: tf.Tensor, weights: Weights, name: str, *, strides: int) -> tf.Tensor:
    filters = weights[f"{name}/convolution/merged_input"]
    layer = layers.Conv2D(filters.shape[3], filters.shape[0], strides=strides, padding="same", name=name)
    y = layer(x)
    layer.set_weights([filters, weights[f"{name}_bn/batchnorm_1/sub"]])
    return _clipped(y, weights, name)


def _depthwise(x: tf.Tensor, weights: Weights, name: str, *, strides: int) -> tf.Tensor:
    kernel, scale = weights[f"{name}/depthwise_kernel"], weights[f"{name}_bn/batchnorm_1/mul"]
    layer = layers.DepthwiseConv2D(kernel.shape[0], strides=strides, padding="same", name=name)
    y = layer(x)
    layer.set_weights([kernel * scale.reshape(1, 1, -1, 1), weights[f"{name}_bn/batchnorm_1/sub"]])
    return _clipped(y, weights, name)


def _clipped(x: tf.Tensor, weights: Weights, name: str) -> tf.Tensor:
    """ReLU6; its bounds are stored as weights, and checked to be what we take them for."""
    bounds = np.array([weights[f"{name}_relu/Const_1"], weights[f"{name}_relu/Cast"]])
    if not np.array_equal(bounds, [0, 6]):
        raise SystemExit(f"{name}: clipped to {bounds}, not to 0 and 6")
    return layers.ReLU(6.0)(x)
