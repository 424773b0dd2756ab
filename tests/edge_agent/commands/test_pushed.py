"""What `doctor` says of settings and models from the hub, in each of their states."""

from pathlib import Path

import pytest
from release_card import Card

from edge_agent.commands.doctor import UnwellError
from edge_agent.commands.pushed import pushed
from edge_agent.releases.trial import TRIAL_S, WELL_S

SLOWER = {"camera": {"fps": 10}}


def told(card: Card) -> str:
    config, check = pushed(card.toml)
    return check(config)


def test_it_names_the_versions_in_force_on_trial_and_given_up(tmp_path: Path) -> None:
    card = Card(tmp_path)
    assert told(card) == "settings as agent.toml says; models as installed"
    card.take_settings(5, SLOWER)
    assert told(card) == "settings as agent.toml says, version 5 on trial; models as installed"
    card.live(WELL_S + 1)
    assert told(card) == "settings version 5 of the hub; models as installed"
    card.take_settings(6, {"camera": {"fps": 1}})
    card.live(TRIAL_S, trouble="no picture")
    assert "settings version 5 of the hub, version 6 rolled back: not well within 180 s: no picture" in told(card)


def test_the_other_checks_are_made_with_what_the_hub_has_sent(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.take_settings(5, SLOWER)
    config, _ = pushed(card.toml)
    assert config.camera.fps == 10


def test_what_cannot_be_read_fails_and_says_what_to_do(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.take_settings(5, SLOWER)
    (tmp_path / "state" / "releases" / "config-5.sealed").write_bytes(b"\1")
    config, check = pushed(card.toml)
    assert config.camera.fps == 15
    with pytest.raises(UnwellError, match="cannot be used"):
        check(config)
    (tmp_path / "state" / "releases" / "records.json").write_bytes(b"{")
    config, check = pushed(card.toml)
    with pytest.raises(UnwellError, match="damaged"):
        check(config)
