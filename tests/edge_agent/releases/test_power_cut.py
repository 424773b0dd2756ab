"""A power cut before any one of the steps that reach the disk: the device starts, and the hub's next try succeeds."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from release_card import Card, model_delivery

from edge_agent.blobs.receiver import Delivery
from edge_agent.releases.releases import Beat
from edge_agent.releases.trial import TRIAL_S, WELL_S
from edge_agent.wire.model_bundle import pack


class PowerCut(BaseException):
    """The machine is off."""


@contextmanager
def cut_before(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The steps that were made; nothing is made from number `step` on."""
    made: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if len(made) >= step:
                raise PowerCut(name)
            made.append(name)
            return real(*given, **named)

        return call

    with monkeypatch.context() as patch:
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir"), (shutil, "rmtree")):
            patch.setattr(owner, name, counted(name, getattr(owner, name)))
        yield made


def prove(card: Card, sent: Delivery) -> None:
    """As the hub does: offered until there is a receipt."""
    for _ in range(4):
        if sent.offer in card.releases.held().values():
            return
        assert card.releases.take(sent) is None
        if card.live(1) is Beat.RESTART:
            card.start()
        card.live(WELL_S + 2)
    raise AssertionError("it never came into force")


def give_up(card: Card, sent: Delivery) -> None:
    """Until the device says that it has gone back."""
    for _ in range(4):
        if sent.offer in [offer for offer, _ in card.releases.refused()]:
            return
        card.releases.take(sent)
        if card.live(TRIAL_S + 2, trouble="no picture") is Beat.RESTART:
            card.start()
    raise AssertionError("it never went back")


def life(card: Card, sent: list[Delivery]) -> None:
    """Settings that work, models, settings that do not."""
    slower, models, blind = sent
    prove(card, slower)
    prove(card, models)
    give_up(card, blind)


def parcels(card: Card) -> list[Delivery]:
    return [
        card.config_delivery(5, {"camera": {"fps": 10}}),
        model_delivery(3, pack({})),
        card.config_delivery(6, {"camera": {"fps": 1}}),
    ]


def test_whatever_step_the_power_is_cut_before_the_device_starts_and_ends_where_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Card(tmp_path / "whole")
    with cut_before(10_000, monkeypatch) as made:
        life(whole, parcels(whole))
    assert len(made) > 20
    newest = 0
    for step in range(len(made)):
        card = Card(tmp_path / f"cut-{step}")
        sent = parcels(card)
        with cut_before(step, monkeypatch), pytest.raises(PowerCut):
            life(card, sent)
        assert card.start().camera.fps in {15, 10, 1}
        known = card.releases._records.config.newest
        assert (0 if known is None else known.version) >= newest, "what was accepted once is never forgotten"
        newest = 0 if known is None else known.version
        life(card, sent)
        assert card.start().camera.fps == 10
        assert {offer.version for offer in card.releases.held().values()} == {5, 3}
        left = sorted(path.name for path in (card.folder / "state").rglob("*"))
        assert [name for name in left if name.startswith(("config-", "models-"))] == ["config-5.sealed", "models-3"]
