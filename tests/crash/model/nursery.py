"""A process with everything imported that forks others: what takes half a second to start is there in milliseconds.

The children are real processes with pipes of their own: they can be traced, killed, and waited for by their id.
"""

import ctypes
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, TextIO

WAIT_S: Final = 60.0  # for a machine that is busy with other things; nothing waits this long by design
_REQUEST_BYTES_MAX: Final = 65536
_PR_SET_PTRACER: Final = 0x59616D61  # prctl(2), Yama: who else than an ancestor may trace us
_PR_SET_PTRACER_ANY: Final = ctypes.c_ulong(-1)


class Child:
    """A forked process. Whoever has it ends it."""

    def __init__(self, pid: int, stdin: TextIO, stdout: TextIO) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self._handle: int | None = None
        with suppress(ProcessLookupError):  # it is gone already
            self._handle = os.pidfd_open(pid)

    def kill(self) -> None:
        """kill -9; it is dead on return."""
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        self.wait()

    def terminate(self) -> None:
        """Asked to end; it has ended on return."""
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGTERM)
        self.wait()

    def wait(self) -> None:
        """Until it is dead. Raises TimeoutError."""
        if self._handle is not None and not select.select([self._handle], [], [], WAIT_S)[0]:
            raise TimeoutError(f"process {self.pid} does not end")

    def close(self) -> None:
        """Kill it if need be, and let its pipes go."""
        self.kill()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()


class Nursery:
    """Forks `module:function(*args)`; the module should be one of those that it was started with."""

    def __init__(self, modules: Sequence[str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(Path(__file__)), str(theirs.fileno()), *modules]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            # More threads than one cannot be forked: no numeric library may start its own.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
        )
        theirs.close()
        ours.settimeout(WAIT_S)
        self._socket = ours
        assert ours.recv(16) == b"ready", "the modules cannot be imported"

    def fork(self, function: str, *args: str, log: Path | None = None) -> Child:
        """`log` takes its stderr, at the end; otherwise it is the caller's."""
        with ExitStack() as theirs:
            in_read, in_write = os.pipe()
            out_read, out_write = os.pipe()
            theirs.callback(os.close, in_read)
            theirs.callback(os.close, out_write)
            stderr = 2 if log is None else theirs.enter_context(log.open("ab")).fileno()
            request = json.dumps({"function": function, "args": args}).encode()
            socket.send_fds(self._socket, [request], [in_read, out_write, stderr])
            pid = int(self._socket.recv(16))
        return Child(pid, os.fdopen(in_write, "w", buffering=1), os.fdopen(out_read))

    def close(self) -> None:
        self._socket.close()
        self._process.wait(WAIT_S)


@contextmanager
def nursery(*modules: str) -> Iterator[Nursery]:
    made = Nursery(modules)
    try:
        yield made
    finally:
        made.close()


# --- in the process itself ---


def serve(descriptor: int, modules: Sequence[str]) -> None:
    """Until the other end is closed."""
    for module in modules:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries our children
    with socket.socket(fileno=descriptor) as requests:
        requests.send(b"ready")
        while True:
            request, descriptors, _, _ = socket.recv_fds(requests, _REQUEST_BYTES_MAX, 3)
            if not request:
                return
            pid = os.fork()
            if pid == 0:
                _live(requests, json.loads(request), descriptors)
            for inherited in descriptors:
                os.close(inherited)
            requests.send(str(pid).encode())


def _live(requests: socket.socket, request: dict[str, Any], descriptors: Sequence[int]) -> None:
    """The whole life of a child; does not return."""
    requests.close()
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _PR_SET_PTRACER_ANY, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for target, inherited in enumerate(descriptors):
            os.dup2(inherited, target)
            os.close(inherited)
        module, _, function = request["function"].partition(":")
        code = getattr(importlib.import_module(module), function)(*request["args"]) or 0
    except BaseException:  # noqa: BLE001 the root of the process: what went wrong is said, and the process ends
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            _flush(stream)
        os._exit(code)


def _flush(stream: IO[str]) -> None:
    with suppress(OSError):
        stream.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2:])
