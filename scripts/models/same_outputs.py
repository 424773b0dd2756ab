"""Exit 0 when two TFLite files give the same outputs, within 1e-4 of their scale, on ten fixed inputs; else 1."""

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf

INPUTS = 10
SEED = 20260101
TOLERANCE = 1e-4


def outputs(path: Path) -> list[np.ndarray]:
    """The outputs of each input, in order."""
    interpreter = tf.lite.Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    random = np.random.default_rng(SEED)
    found = []
    for number in range(INPUTS):
        coarse = random.uniform(-1, 1, (1, 4 + number, 4 + number, 3))  # smooth pictures, from blobs to detail
        picture = tf.image.resize(coarse, entry["shape"][1:3], method="bicubic").numpy()
        interpreter.set_tensor(entry["index"], picture.astype(entry["dtype"]))
        interpreter.invoke()
        found += [interpreter.get_tensor(o["index"]).copy() for o in interpreter.get_output_details()]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    args = parser.parse_args()
    one, other = outputs(args.one), outputs(args.other)
    if [a.shape for a in one] != [b.shape for b in other]:
        raise SystemExit("the outputs have other shapes")
    worst = max(float(np.abs(a - b).max() / max(1.0, np.abs(a).max())) for a, b in zip(one, other, strict=True))
    print(f"largest difference on {INPUTS} inputs: {worst:.2e} (allowed {TOLERANCE:.0e})")
    raise SystemExit(0 if worst <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
