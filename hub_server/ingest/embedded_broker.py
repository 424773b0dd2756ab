"""A broker inside the hub, for the demonstration only: it keeps nothing on disk and listens on 127.0.0.1."""

import asyncio
import logging
import threading

from hub_server.ingest.access import Access
from hub_server.ingest.guarded_broker import GuardedBroker

HOST = "127.0.0.1"
_START_S = 10.0
_STOP_S = 3.0
_log = logging.getLogger(__name__)


class BrokerStartError(Exception):
    """The broker could not start; the message says why."""


class EmbeddedBroker:
    """Runs amqtt in a thread with a loop of its own."""

    def __init__(self, *, port: int, access: Access) -> None:
        """`port` 0: the system chooses one."""
        self._wanted_port = port
        self._access = access
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._port = 0
        self._thread = threading.Thread(target=self._run, name="embedded-broker", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        return self._port

    def start(self) -> None:
        """Returns when it listens. Raises BrokerStartError."""
        self._thread.start()
        if not self._started.wait(_START_S):
            raise BrokerStartError(f"no broker within {_START_S:g} s")
        if self._error is not None:
            raise BrokerStartError(str(self._error)) from self._error
        _log.warning(
            "embedded broker on %s:%d, for the demonstration only: it keeps nothing on disk, speaks no TLS and "
            "hears this machine alone; a site runs Mosquitto",
            HOST,
            self._port,
        )

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def _run(self) -> None:
        _hush(logging.CRITICAL)  # a failure to start is told once, by start()
        self._loop.set_exception_handler(_log_stray_error)
        try:
            self._loop.run_until_complete(self._serve())
        except Exception as error:  # noqa: BLE001 the root of the thread: start() raises it, or it is logged
            self._error = error
            if self._started.is_set():
                _log.exception("the embedded broker has died")
        finally:
            self._started.set()
            self._loop.close()

    async def _serve(self) -> None:
        broker = GuardedBroker(host=HOST, port=self._wanted_port, access=self._access)
        await broker.start()
        _hush(logging.ERROR)
        self._port = broker.port()
        self._started.set()
        await self._stopping.wait()
        try:
            await asyncio.wait_for(broker.shutdown(), _STOP_S)
        except TimeoutError:
            _log.warning("the embedded broker did not close its connections within %g s", _STOP_S)
        await _cancel_all()


def _hush(level: int) -> None:
    """The library tells each packet's story; only what is wrong is worth a line of ours."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(level)


async def _cancel_all() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _log_stray_error(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    _log.warning("embedded broker: %s %s", context.get("message"), context.get("exception", ""))
