"""Settings and models on a device: tried by a fresh start, kept when well, gone back from by themselves; attacks."""

import logging
from pathlib import Path

import pytest
from release_card import (
    ANOTHER_HUBS_KEY,
    DEVICE,
    TOML,
    Card,
    changed,
    installed_files,
    model_delivery,
    whole_bundle,
)

from edge_agent.errors import JoinError
from edge_agent.releases.opening import effective
from edge_agent.releases.records import STARTS_MAX
from edge_agent.releases.releases import Beat
from edge_agent.releases.trial import TRIAL_S, WELL_S
from edge_agent.wire import sign
from edge_agent.wire.blobs import RejectionReason
from edge_agent.wire.device_config import KIND as CONFIG
from edge_agent.wire.model_bundle import KIND as MODEL
from edge_agent.wire.model_bundle import pack

SLOWER = {"camera": {"fps": 10}}


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def refusal(card: Card, delivery: object) -> tuple[RejectionReason, str]:
    refused = card.releases.take(delivery)  # type: ignore[arg-type]
    assert refused is not None
    return refused.reason, refused.detail


def test_settings_are_tried_by_a_fresh_start_and_told_of_only_once_the_device_was_well(card: Card) -> None:
    offer = card.take_settings(5, SLOWER)
    assert card.config.camera.fps == 10
    assert card.config.camera.name == "east"
    assert (card.live(WELL_S), card.releases.confirmed()) == (Beat.GO_ON, [])
    assert card.live(1) is Beat.TELL
    assert card.releases.confirmed() == [offer]
    assert card.start().camera.fps == 10
    assert card.releases.held() == {CONFIG: offer}
    assert card.live(2 * TRIAL_S, trouble="no picture") is Beat.GO_ON, "what has proven itself is not on trial"


def test_settings_under_which_nothing_is_seen_are_gone_back_from_and_the_hub_hears_why(card: Card) -> None:
    offer = card.take_settings(5, {"camera": {"source": "/dev/video9"}})
    assert card.config.camera.source == "/dev/video9"
    assert card.live(TRIAL_S, trouble="no picture: there is no /dev/video9") is Beat.RESTART
    assert card.start().camera.source.endswith("walk.mp4")
    ((told, detail),) = card.releases.refused()
    assert told == offer
    assert detail == "rolled back: not well within 180 s: no picture: there is no /dev/video9"
    assert refusal(card, card.config_delivery(4, SLOWER))[1] == "version 4 is older than 5, which was accepted here"


def test_what_was_good_before_comes_back_not_what_was_installed(card: Card) -> None:
    card.take_settings(5, SLOWER)
    card.live(WELL_S + 1)
    card.take_settings(6, {"camera": {"fps": 1}})
    assert card.live(TRIAL_S, trouble="hub offline") is Beat.RESTART
    assert card.start().camera.fps == 10


def test_an_agent_that_falls_over_at_every_start_goes_back_at_the_third(card: Card) -> None:
    offer = card.take_settings(5, SLOWER)
    for _ in range(STARTS_MAX - 1):
        assert card.start().camera.fps == 10
    assert card.start().camera.fps == 15
    assert [one for one, _ in card.releases.refused()] == [offer]
    assert card.start().camera.fps == 15, "given up is given up"


def test_somebody_who_stops_the_agent_again_and_again_does_not_make_it_go_back(card: Card) -> None:
    card.take_settings(5, SLOWER)
    for _ in range(10):
        card.live(3)
        card.releases.stopped()
        assert card.start().camera.fps == 10
    assert card.live(WELL_S + 1) is Beat.TELL


def test_while_one_is_on_trial_another_waits_for_its_turn(card: Card) -> None:
    card.take_settings(5, SLOWER)
    assert card.releases.take(model_delivery(3, pack({}))) is None
    assert card.releases.take(card.config_delivery(6, {})) is None
    assert card.live(WELL_S + 1) is Beat.TELL, "neither of them has made it restart"
    assert card.releases.take(model_delivery(3, pack({}))) is None
    assert card.live(1) is Beat.RESTART


def test_a_device_without_a_pinned_key_takes_nothing_that_is_signed(tmp_path: Path) -> None:
    card = Card(tmp_path, toml=TOML.replace('sign_key = "hub-sign.pub"\n', ""))
    for sent in (card.config_delivery(5, SLOWER), model_delivery(3, pack({}))):
        reason, detail = refusal(card, sent)
        assert reason is RejectionReason.UNUSABLE
        assert "sign_key" in detail


def test_settings_of_another_hub_another_device_or_another_version_are_refused(card: Card) -> None:
    for sent in (
        card.config_delivery(5, SLOWER, signed_with=ANOTHER_HUBS_KEY),
        card.config_delivery(5, SLOWER, device="west-gate"),
        card.config_delivery(5, SLOWER, signed_as=4),
    ):
        assert refusal(card, sent)[0] is RejectionReason.NOT_FOR_US
    reason, detail = refusal(card, card.config_delivery(5, SLOWER, says=4))
    assert reason is RejectionReason.UNUSABLE
    assert detail == "says inside that it is version 4, and came as 5"
    assert card.live(1) is Beat.GO_ON
    assert card.start().camera.fps == 15


def test_settings_with_one_bit_changed_anywhere_are_refused(card: Card) -> None:
    sent = card.config_delivery(5, SLOWER)
    for position in range(len(sent.content)):
        assert refusal(card, changed(sent, position))[0] is RejectionReason.NOT_FOR_US


def test_settings_that_were_replaced_since_are_refused_when_they_are_sent_again(card: Card) -> None:
    old = card.config_delivery(5, SLOWER)
    assert card.releases.take(old) is None
    card.start()
    card.live(WELL_S + 1)
    card.take_settings(6, {"camera": {"fps": 20}})
    card.live(WELL_S + 1)
    assert refusal(card, old) == (
        RejectionReason.UNUSABLE,
        "version 5 is older than 6, which was accepted here",
    )
    assert card.start().camera.fps == 20


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"camera": {"fps": 900}}, "camera.fps"),
        ({"faces": {"enabled": False}}, "faces.enabled"),
        ({"plates": {"rejoin_s": 0.4}}, "plates.rejoin_s"),
    ],
)
def test_settings_that_agent_toml_could_not_have_either_are_refused_by_name(
    card: Card, settings: dict[str, dict[str, object]], named: str
) -> None:
    reason, detail = refusal(card, card.config_delivery(5, settings))
    assert reason is RejectionReason.UNUSABLE
    assert detail.startswith(f"{named}: ")


def test_a_certificate_is_renewed_before_the_settings_count_and_a_failure_changes_nothing(tmp_path: Path) -> None:
    tokens: list[str] = []
    card = Card(tmp_path, join=tokens.append)
    assert card.releases.take(card.config_delivery(5, SLOWER, token="a" * 43)) is None
    assert tokens == ["a" * 43]
    assert card.start().camera.fps == 10

    def refuse(_token: str) -> None:
        raise JoinError("the hub says that this token was used")

    other = Card(tmp_path / "other", join=refuse)
    reason, detail = refusal(other, other.config_delivery(5, SLOWER, token="a" * 43))
    assert reason is RejectionReason.UNUSABLE
    assert detail == "no new certificate: the hub says that this token was used"
    assert other.start().camera.fps == 15
    assert refusal(other, other.config_delivery(5, SLOWER, token="b" * 43))[0] is RejectionReason.UNUSABLE


def test_a_token_does_not_lie_readable_on_the_card(tmp_path: Path) -> None:
    card = Card(tmp_path, join=lambda _token: None)
    assert card.releases.take(card.config_delivery(5, SLOWER, token="c" * 43)) is None
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert b"c" * 43 not in path.read_bytes(), path


def test_agent_toml_that_was_edited_since_is_what_settings_are_laid_over(card: Card) -> None:
    card.take_settings(5, SLOWER)
    card.live(WELL_S + 1)
    card.toml.write_text(card.toml.read_text().replace("fps = 15", "fps = 15\nwidth = 640"))
    config = card.start()
    assert (config.camera.fps, config.camera.width) == (10, 640)


def test_a_damaged_record_leaves_the_device_as_installed_and_says_so(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    card.take_settings(5, SLOWER)
    card.live(WELL_S + 1)
    (card.folder / "state" / "releases" / "records.json").write_bytes(b"\0" * 30)
    with caplog.at_level(logging.ERROR):
        assert card.start().camera.fps == 15
    assert "as it was installed" in caplog.text
    card.take_settings(6, SLOWER)
    assert card.config.camera.fps == 10


def test_settings_whose_file_is_damaged_are_given_up_and_the_hub_may_send_them_again(card: Card) -> None:
    sent = card.config_delivery(5, SLOWER)
    assert card.releases.take(sent) is None
    card.start()
    card.live(WELL_S + 1)
    (card.folder / "state" / "releases" / "config-5.sealed").write_bytes(b"\1")
    assert card.start().camera.fps == 15
    assert card.releases.held() == {}
    assert card.releases.take(sent) is None
    assert card.start().camera.fps == 10


def test_models_from_the_hub_are_used_from_a_folder_of_their_own(card: Card) -> None:
    files = installed_files()
    files["a-note.md"] = b"newer"
    sent = model_delivery(3, pack(files))
    assert card.releases.take(sent) is None
    folder = card.start().models.dir
    assert folder == card.folder / "state" / "models-3"
    assert (folder / "a-note.md").read_bytes() == b"newer"
    assert card.live(WELL_S + 1) is Beat.TELL
    assert card.releases.confirmed() == [sent.offer]
    config, known = effective(card.toml)
    assert config.models.dir == folder
    assert known is not None
    assert known.model.good == sent.offer


def test_an_empty_bundle_brings_back_the_models_that_were_installed(card: Card) -> None:
    assert card.releases.take(model_delivery(3, whole_bundle())) is None
    card.start()
    card.live(WELL_S + 1)
    assert card.releases.take(model_delivery(4, pack({}))) is None
    assert card.start().models.dir == card.folder / Path(card.config.models.dir or "")
    assert card.live(WELL_S + 1) is Beat.TELL
    assert not (card.folder / "state" / "models-3").exists()
    assert card.start().models.dir != card.folder / "state" / "models-3"


def test_tampered_foreign_and_older_models_are_refused(card: Card) -> None:
    bundle = pack(installed_files())
    sent = model_delivery(3, bundle)
    for position in (0, 1, 64, sign.OVERHEAD_BYTES, len(sent.content) // 2, len(sent.content) - 1):
        assert refusal(card, changed(sent, position))[0] is RejectionReason.NOT_FOR_US
    for foreign in (
        model_delivery(3, bundle, site="hillside"),
        model_delivery(3, bundle, signed_with=ANOTHER_HUBS_KEY),
        model_delivery(3, bundle, signed_as=2),
    ):
        assert refusal(card, foreign)[0] is RejectionReason.NOT_FOR_US
    assert card.releases.take(sent) is None
    card.start()
    card.live(WELL_S + 1)
    assert refusal(card, model_delivery(2, bundle))[1] == "version 2 is older than 3, which was accepted here"


def test_models_that_do_not_fit_together_or_make_other_templates_are_refused(card: Card) -> None:
    files = installed_files()
    damaged = files | {"face_landmark.tflite": files["face_landmark.tflite"][:-1]}
    reason, detail = refusal(card, model_delivery(3, pack(damaged)))
    assert reason is RejectionReason.UNUSABLE
    assert "face_landmark.tflite" in detail
    other = files["manifest.toml"].replace(b'embedder_id = "', b'embedder_id = "newer-')
    assert other != files["manifest.toml"]
    reason, detail = refusal(card, model_delivery(3, pack(files | {"manifest.toml": other})))
    assert reason is RejectionReason.UNUSABLE
    assert "everybody would be a stranger" in detail
    assert card.live(1) is Beat.GO_ON
    assert not list((card.folder / "state").glob("models-*"))


def test_a_models_file_that_rots_on_the_card_brings_back_the_installed_ones(card: Card) -> None:
    sent = model_delivery(3, whole_bundle())
    assert card.releases.take(sent) is None
    folder = card.start().models.dir
    assert folder is not None
    card.live(WELL_S + 1)
    (folder / "plate_reader.tflite").write_bytes(b"rot")
    assert card.start().models.dir != folder
    assert card.releases.take(sent) is None, "the hub may send the very same again"
    assert card.start().models.dir == folder


def test_what_doctor_looks_at_is_what_the_next_start_uses_and_looking_counts_no_start(card: Card) -> None:
    card.take_settings(5, SLOWER)
    for _ in range(5):
        config, known = effective(card.toml)
        assert config.camera.fps == 10
        assert known is not None
        assert known.config.trial is not None
        assert known.config.trial.starts == 1
    assert config.device == DEVICE
    assert MODEL not in card.releases.held()
