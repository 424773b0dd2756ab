"""The relay of a door: one pulse at a time, never longer than its maximum."""

import importlib
import threading
import warnings
from collections.abc import Callable
from typing import Any, Final, Protocol

from edge_agent.config import RELAY_PULSE_MS_MAX, RelayConfig
from edge_agent.errors import RelayError

_MISSING: Final = "gpiozero is not installed here: sudo apt install python3-gpiozero python3-lgpio"


class Relay(Protocol):
    """Used by one thread."""

    def pulse(self, pulse_ms: int) -> None:
        """Hold the door for so long; returns when the relay has dropped.

        Raises RelayError, with the relay dropped, when it cannot be reached or `pulse_ms` is not 1 to
        RELAY_PULSE_MS_MAX.
        """
        ...

    def close(self) -> None:
        """Drop, and let go of the pin. Harmless when repeated."""
        ...


def make_relay(config: RelayConfig) -> Relay | None:
    """None: none is fitted. No pin is touched yet."""
    return None if config.pin is None else GpioRelay(config.pin, active_high=config.active_high)


def check_pulse(pulse_ms: int) -> None:
    """Raises RelayError: this law stands in the driver, so that nobody above can break it."""
    if not 1 <= pulse_ms <= RELAY_PULSE_MS_MAX:
        raise RelayError(f"a pulse of {pulse_ms} ms is not from 1 to {RELAY_PULSE_MS_MAX} ms")


def _import_driver() -> Any:
    try:
        return importlib.import_module("gpiozero")
    except ImportError as error:
        raise RelayError(_MISSING) from error


class GpioRelay:
    """On one pin of a Pi. The pin is taken for the pulse and let go after it: then it is an input, and the relay drops.

    A second thread ends the pulse when the first one does not come back in time. When the whole process is killed, what
    becomes of the pin is the kernel's choice (on a Pi: the parameter persist_gpio_outputs of pinctrl-bcm2835): a door
    that must close then needs a relay with a timer of its own.
    """

    def __init__(self, pin: int, *, active_high: bool = True, driver: Callable[[], Any] = _import_driver) -> None:
        """`pin`: BCM number. `driver` gives the module gpiozero; it is imported at the first pulse."""
        self._pin = pin
        self._active_high = active_high
        self._driver = driver
        self._stop = threading.Event()
        self._device: Any = None
        self._lock = threading.Lock()

    def pulse(self, pulse_ms: int) -> None:
        check_pulse(pulse_ms)
        module = self._driver()
        guard = threading.Timer(pulse_ms / 1000 + 0.25, self._drop)
        guard.daemon = True
        self._stop.clear()
        try:
            with self._lock:
                self._device = self._taken(module)
            guard.start()
            self._device.on()
            self._stop.wait(pulse_ms / 1000)
        except (module.GPIOZeroError, OSError, RuntimeError) as error:
            raise RelayError(f"the relay on GPIO {self._pin} cannot be reached: {error}") from error
        finally:
            self._drop()
            guard.cancel()

    def close(self) -> None:
        self._stop.set()
        self._drop()

    def _taken(self, module: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # which ways to the pins it has tried in vain
            return module.OutputDevice(self._pin, active_high=self._active_high, initial_value=False)

    def _drop(self) -> None:
        """By whoever comes first."""
        with self._lock:
            device, self._device = self._device, None
            if device is None:
                return
            try:
                device.off()
            finally:
                device.close()


class FakeRelay:
    """A relay in memory, with the rules of a real one. `held_ms` is what it was asked to hold, pulse by pulse."""

    def __init__(self, *, broken: bool = False) -> None:
        """`broken`: as a pin that nobody can reach."""
        self._broken = broken
        self.held_ms: list[int] = []

    def pulse(self, pulse_ms: int) -> None:
        check_pulse(pulse_ms)
        if self._broken:
            raise RelayError("the relay in memory is broken")
        self.held_ms.append(pulse_ms)

    def close(self) -> None:
        pass
