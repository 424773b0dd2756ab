"""What happens to a plate between the car and the network: light, night, dirt, rain, blur, a cheap camera."""

import cv2
import numpy as np
from draw import Picture
from numpy.typing import NDArray


def spoil(picture: Picture, random: np.random.Generator, strength: float = 1.0) -> Picture:
    """One random mixture of everything; `strength` 0 leaves the picture alone, 1 is what gates see, above is worse."""
    found = picture.astype(np.float32)
    if random.random() < 0.25 * strength:
        found = dirt(found, random)
    found = light(found, random, strength)
    if random.random() < 0.06 * strength:
        found = rain(found, random)
    if random.random() < 0.45 * strength:
        found = blur(found, random, strength)
    found = sensor(found, random, strength)
    spoilt = np.clip(found, 0, 255).astype(np.uint8)
    return jpeg(spoilt, random) if random.random() < 0.7 * strength else spoilt


def light(picture: NDArray[np.float32], random: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """Brightness from glare to night, contrast, a cast of colour, a gradient or the edge of a shadow."""
    height, width = picture.shape[:2]
    found = 255 * np.power(np.clip(picture / 255, 0, 1), float(np.exp(random.normal(0, 0.35 * strength))))
    gain = float(np.exp(random.normal(-0.08, 0.42) * strength))
    if random.random() < 0.08 * strength:
        gain *= float(random.uniform(0.12, 0.5))  # night
    cast = np.exp(random.normal(0, 0.12 * strength, 3)).astype(np.float32)
    found = found * (gain * cast) + float(random.normal(0, 14 * strength))
    if random.random() < 0.12 * strength:
        grey = found.mean(2, keepdims=True)
        found = found + (grey - found) * float(random.uniform(0.3, 1))
    if random.random() < 0.5 * strength:
        along = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * float(random.normal(0, 0.3))
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * float(random.normal(0, 0.2))
        found = found * (1 + along + down)
    if random.random() < 0.12 * strength:  # a shadow's edge
        slope, at = random.normal(0, 0.5), random.uniform(0, width)
        x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
        dark = 1 / (1 + np.exp(-np.clip((x - at + slope * y) / random.uniform(0.5, 4), -30, 30)))
        found = found * (1 - float(random.uniform(0.25, 0.7)) * dark[..., None])
    if random.random() < 0.06 * strength:  # a lamp or the sun in it
        found = found + _blob(height, width, random, 0.5)[..., None] * float(random.uniform(60, 220))
    return np.asarray(found, np.float32)


def _blob(height: int, width: int, random: np.random.Generator, size: float) -> NDArray[np.float32]:
    cx, cy = random.uniform(0, width), random.uniform(0, height)
    rx, ry = random.uniform(0.05, size, 2) * (width, height)
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(np.exp(-(((x - cx) / rx) ** 2) - ((y - cy) / ry) ** 2), np.float32)


def dirt(picture: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Mud and flaking paint: a few blotches, or fine speckles; or snow, leaves and clods that hang over an edge."""
    height, width = picture.shape[:2]
    found = picture
    if random.random() < 0.25:
        return _covered(picture, random)
    if random.random() < 0.5:
        for _ in range(random.integers(1, 4)):
            share = _blob(height, width, random, 0.12)[..., None] * float(random.uniform(0.3, 0.9))
            found = found * (1 - share) + share * random.uniform(40, 160, 3).astype(np.float32)
        return found
    coarse = random.random((max(2, height // 4), max(2, width // 4)), dtype=np.float32)
    speckles = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    share = (np.clip((speckles - random.uniform(0.75, 0.95)) * 6, 0, 1) * random.uniform(0.3, 0.8))[..., None]
    return found * (1 - share) + share * random.uniform(40, 160, 3).astype(np.float32)  # type: ignore[no-any-return]


def _covered(picture: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """One or two lumps with ragged rims, at a place where they leave every character something to be known by."""
    height, width = picture.shape[:2]
    ragged = cv2.resize(random.random((max(3, height // 3), max(3, width // 3)), dtype=np.float32), (width, height))
    found = picture
    for _ in range(random.integers(1, 3)):
        x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
        rx, ry = random.uniform(0.12, 0.32) * height, random.uniform(0.12, 0.3) * height
        cx, cy = random.uniform(0, width), random.choice([0.12, 0.88]) * height + random.normal(0, 0.08) * height
        reach = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + 1.2 * (ragged - 0.5)
        share = np.clip((1 - reach) * 3, 0, 1)[..., None] * float(random.uniform(0.7, 1))
        grey = float(random.choice([random.uniform(30, 110), random.uniform(170, 250)]))
        found = found * (1 - share) + share * (grey + random.normal(0, 12, 3).astype(np.float32))
    return np.asarray(found, np.float32)


def rain(picture: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Bright slanting streaks."""
    height, width = picture.shape[:2]
    streaks = np.zeros((height, width), np.float32)
    lean = random.uniform(-0.4, 0.4)
    for _ in range(random.integers(3, 20)):
        x, y, length = random.uniform(0, width), random.uniform(0, height), random.uniform(0.1, 0.5) * height
        cv2.line(streaks, (int(x), int(y)), (int(x + lean * length), int(y + length)), (1.0,), 1, cv2.LINE_AA)
    return picture + streaks[..., None] * float(random.uniform(20, 90))


def blur(picture: NDArray[np.float32], random: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """Out of focus, or moved; in shares of the picture's height."""
    height = picture.shape[0]
    if random.random() < 0.6:
        sigma = random.uniform(0.006, 0.042) * height * strength
        return cv2.GaussianBlur(picture, (0, 0), max(0.1, sigma))  # type: ignore[return-value]
    length = max(2, round(random.uniform(0.03, 0.17) * height * strength))
    angle = 0.0 if random.random() < 0.5 else random.uniform(0, 180)
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), angle, 1)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), np.float32)
    return cv2.filter2D(picture, -1, kernel / max(float(kernel.sum()), 1e-3))  # type: ignore[return-value]


def sensor(picture: NDArray[np.float32], random: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """Noise, more of it in the dark."""
    if random.random() < 0.5 * strength:
        noise = random.standard_normal(picture.shape, dtype=np.float32)
        return picture + noise * float(abs(random.normal(0, 7 * strength)))
    return picture


def jpeg(picture: Picture, random: np.random.Generator) -> Picture:
    quality = int(random.integers(25, 95))
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)  # type: ignore[return-value]
