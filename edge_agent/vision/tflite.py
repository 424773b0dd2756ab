"""The one file that imports an inference runtime. Everything else sees `Model`."""

import contextlib
import hashlib
import importlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ModelError

RUNTIMES = ("tflite_runtime", "ai_edge_litert")
"""In order of preference. Same API; the first has no wheels past Python 3.11, the second is its successor."""

RUNTIME_VARIABLE = "SHOUWANG_RUNTIME"
"""Set to one of RUNTIMES to force it; used by tests and benchmarks."""

MODEL_BYTES_MAX = 64 * 1024 * 1024


class Model:
    """A TFLite network with one float32 input, loaded from a file whose SHA-256 is known.

    Not thread-safe: a thread that infers has its own. What was hashed is what runs: the file is read once.
    """

    def __init__(
        self, path: Path, sha256: str, threads: int = 1, *, input_shape: tuple[int, ...] | None = None
    ) -> None:
        """Raise ModelError when the file is missing, is not the expected one, or cannot be loaded.

        `input_shape` takes the place of the file's own, for a network that takes pictures of any size.
        """
        content = _read_verified(path, sha256)
        self._one_at_a_time = threading.Lock()  # a picture for the office beside the camera's own loop
        self.runtime, interpreter_class = _load_runtime()
        try:
            with _quiet_stderr():
                self._interpreter = interpreter_class(model_content=content, num_threads=threads)
                if input_shape is not None:
                    entry = self._interpreter.get_input_details()[0]
                    self._interpreter.resize_tensor_input(entry["index"], input_shape)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: {self.runtime} cannot load this model: {error}") from error
        inputs = self._interpreter.get_input_details()
        if len(inputs) != 1 or inputs[0]["dtype"] is not np.float32:
            raise ModelError(f"{path}: expected one float32 input, found {[str(i['dtype']) for i in inputs]}")
        self._input_index = int(inputs[0]["index"])
        self.input_shape: tuple[int, ...] = tuple(int(n) for n in inputs[0]["shape"])
        outputs = self._interpreter.get_output_details()
        self._output_indices = [int(o["index"]) for o in outputs]
        self.output_shapes: tuple[tuple[int, ...], ...] = tuple(tuple(int(n) for n in o["shape"]) for o in outputs)

    def run(self, tensor: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Infer once, for one thread after the other.

        `tensor` has `input_shape`; the outputs are copies, in the order of `output_shapes`.
        """
        with self._one_at_a_time:
            self._interpreter.set_tensor(self._input_index, tensor)
            self._interpreter.invoke()
            return tuple(self._interpreter.get_tensor(index) for index in self._output_indices)


def runtime_name() -> str:
    """Name and version of the runtime that `Model` uses here, such as `tflite_runtime 2.14.0`; or ModelError."""
    name, _ = _load_runtime()
    version = getattr(importlib.import_module(name), "__version__", "of unknown version")
    return f"{name} {version}"


def _read_verified(path: Path, sha256: str) -> bytes:
    try:
        if path.stat().st_size > MODEL_BYTES_MAX:
            raise ModelError(f"{path}: larger than {MODEL_BYTES_MAX} bytes, which no model of ours is")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot read this model: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256.lower():
        raise ModelError(f"{path}: SHA-256 is {found}, the manifest says {sha256}: not the model it names")
    return content


def _load_runtime() -> tuple[str, Any]:
    forced = os.environ.get(RUNTIME_VARIABLE)
    if forced and forced not in RUNTIMES:
        raise ModelError(f"{RUNTIME_VARIABLE}={forced}: must be one of {', '.join(RUNTIMES)}")
    wanted = (forced,) if forced else RUNTIMES
    for name in wanted:
        with contextlib.suppress(ModuleNotFoundError):
            return name, importlib.import_module(f"{name}.interpreter").Interpreter
    raise ModelError(f"no inference runtime: install {' or '.join(wanted)} (pip install 'shouwang[edge]')")


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep the runtime's C++ greetings ("INFO: Created ... delegate") off the terminal; let all else through."""
    try:
        real = os.dup(2)
    except OSError:  # a daemon may run without a standard error
        yield
        return
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(real, 2)
            os.close(real)
            held.seek(0)
            for line in held:
                if not line.startswith((b"INFO:", b"I0")):
                    os.write(2, line)
