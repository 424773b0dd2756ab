"""One suite for every relay: the one in memory, and the one on a pin, over gpiozero's own mock of a Pi."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge_agent.config import RELAY_PULSE_MS_MAX, RelayConfig
from edge_agent.errors import RelayError
from edge_agent.gate.relay import FakeRelay, GpioRelay, Relay, make_relay

gpiozero = pytest.importorskip("gpiozero", reason="the extra `dev` brings gpiozero")
PIN = 17
OutputDevice: Any = gpiozero.OutputDevice


@pytest.fixture
def pins() -> Iterator[Any]:
    mock = pytest.importorskip("gpiozero.pins.mock")
    before = gpiozero.Device.pin_factory
    factory = gpiozero.Device.pin_factory = mock.MockFactory()
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = before


@pytest.fixture(params=["in memory", "on a pin"])
def relay(request: pytest.FixtureRequest, pins: Any) -> Iterator[Relay]:
    assert pins is not None
    made: Relay = FakeRelay() if request.param == "in memory" else GpioRelay(PIN)
    yield made
    made.close()


def test_a_pulse_comes_back_and_may_be_repeated(relay: Relay) -> None:
    relay.pulse(20)
    relay.pulse(1)
    relay.close()
    relay.close()


@pytest.mark.parametrize("pulse_ms", [0, -5, RELAY_PULSE_MS_MAX + 1, 10**9])
def test_no_relay_is_held_longer_than_its_maximum_whoever_asks(relay: Relay, pulse_ms: int) -> None:
    with pytest.raises(RelayError, match="is not from 1 to 10000 ms"):
        relay.pulse(pulse_ms)


@pytest.mark.parametrize("active_high", [True, False])
def test_the_pin_pulls_for_the_pulse_and_is_let_go_of_after_it(pins: Any, *, active_high: bool) -> None:
    pin = pins.pin(PIN)
    pin.clear_states()
    GpioRelay(PIN, active_high=active_high).pulse(60)
    states = [(state.timestamp, state.state) for state in pin.states]
    changes = [state for _, state in states]
    pulled, dropped = changes.index(active_high, 1 if changes[0] == active_high else 0), len(changes) - 1
    assert changes[dropped] is not active_high
    assert sum(state.timestamp for state in pin.states[pulled : pulled + 2]) >= 0.05
    assert pin.function == "input", "let go of"


def test_a_caller_that_never_comes_back_does_not_hold_the_door(pins: Any) -> None:
    """The thread that asked hangs in the driver, past its pulse: the guard drops the relay."""

    class HangingEvent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            return super().wait(30)

    relay = GpioRelay(PIN)
    relay._stop = hanging = HangingEvent()
    asked = threading.Thread(target=relay.pulse, args=(50,), daemon=True)
    asked.start()
    deadline_s = time.monotonic() + 5
    pin = pins.pin(PIN)
    while not (pin.function == "output" and pin.state):
        assert time.monotonic() < deadline_s
    while pin.function == "output" and pin.state:
        assert time.monotonic() < deadline_s
    assert asked.is_alive(), "it still hangs, and the relay has dropped"
    hanging.set()
    asked.join(5)


def test_a_pin_that_cannot_be_had_is_said_and_the_error_of_a_driver_drops_the_relay(pins: Any) -> None:
    taken = gpiozero.OutputDevice(PIN)
    with pytest.raises(RelayError, match="GPIO 17 cannot be reached"):
        GpioRelay(PIN).pulse(10)
    taken.close()

    class Broken(OutputDevice):  # type: ignore[misc]
        def on(self) -> None:
            super().on()
            raise OSError("the bus is gone")

    class Module:
        GPIOZeroError = gpiozero.GPIOZeroError
        OutputDevice = Broken

    with pytest.raises(RelayError, match="the bus is gone"):
        GpioRelay(PIN, driver=lambda: Module).pulse(10)
    assert pins.pin(PIN).function == "input"


def test_without_gpiozero_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gpiozero", None)
    with pytest.raises(RelayError, match="sudo apt install python3-gpiozero"):
        GpioRelay(PIN).pulse(10)


def test_a_configuration_without_a_pin_has_no_relay() -> None:
    assert make_relay(RelayConfig()) is None
    made: Callable[..., Any] = type(make_relay(RelayConfig(pin=PIN)))
    assert made is GpioRelay
