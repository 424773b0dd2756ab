"""Which settings and models of the hub are in force, for `edge-agent doctor`; nothing is touched."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge_agent.commands.doctor import UnwellError
from edge_agent.config import AgentConfig, load
from edge_agent.errors import ShouwangError
from edge_agent.releases.opening import effective
from edge_agent.releases.records import Records, Remembered
from edge_agent.releases.settings import UnusableError
from edge_agent.wire.seal import SealError
from edge_agent.wire.sign import SignError

_ADVICE: Final = "the agent goes back by itself at its next start; then push again from the office"
Check = Callable[[AgentConfig], str]


def pushed(file: Path) -> tuple[AgentConfig, Check]:
    """The configuration that the agent's next start uses, and the check that says what of it came from the hub.

    Raises ConfigError for mistakes of agent.toml itself.
    """
    installed = load(file)
    try:
        config, known = effective(file)
    except (UnusableError, SealError, SignError, OSError, ShouwangError) as error:
        found = f"what the hub has sent cannot be used: {' '.join(str(error).split())}"
        return installed, _unwell(found, _ADVICE)
    if known is None:
        found = "the records of what the hub has sent are damaged: the agent runs as it was installed"
        return config, _unwell(found, "push settings and models again")
    told = _told(known)
    return config, lambda _config: told


def _unwell(found: str, advice: str) -> Check:
    def check(_config: AgentConfig) -> str:
        raise UnwellError(found, advice)

    return check


def _told(known: Records) -> str:
    return f"{_of('settings', 'as agent.toml says', known.config)}; {_of('models', 'as installed', known.model)}"


def _of(what: str, otherwise: str, one: Remembered) -> str:
    told = f"{what} {otherwise}" if one.good is None else f"{what} version {one.good.version} of the hub"
    if one.trial is not None:
        told += f", version {one.trial.offer.version} on trial"
    if one.failed is not None:
        told += f", version {one.failed.offer.version} {one.failed.detail}"
    return told
