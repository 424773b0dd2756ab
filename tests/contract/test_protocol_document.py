"""PROTOCOL.md is what a stranger writes an agent from: its examples and its limits must be true."""

import re
from pathlib import Path

import pytest

import edge_agent.wire
from edge_agent.wire import codec, commands, hub_status, limits
from edge_agent.wire.hub_status import decode_hub_status
from edge_agent.wire.messages import (
    CommandOutcome,
    Direction,
    LossReason,
    Outcome,
    PlateVerdict,
    RefusalReason,
    Watching,
)
from edge_agent.wire.plate import PlateKind

DOCUMENT = (Path(edge_agent.wire.__file__).parent / "PROTOCOL.md").read_text()
EXAMPLES = re.findall(r"```json (\w+)\n(.*?)\n```", DOCUMENT, re.DOTALL)
GOLDEN = {path.read_text() for path in (Path(__file__).parent / "golden").glob("*.json")}
DECODERS = {
    "event": codec.decode_event,
    "up": codec.decode_up,
    "down": codec.decode_down,
    "status": codec.decode_status,
    "hub": decode_hub_status,
    "cmd": commands.decode_signed,
    "command": commands.decode_command,
    "piece": commands.decode_piece,
}


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[f"{kind}-{i}" for i, (kind, _) in enumerate(EXAMPLES)])
def test_an_example_of_the_document_is_a_message_and_a_golden_one(kind: str, text: str) -> None:
    DECODERS[kind](text.encode())
    assert text in GOLDEN


def test_every_golden_message_stands_in_the_document() -> None:
    assert {text for _, text in EXAMPLES} == GOLDEN


def test_the_document_names_the_limits_that_the_code_has() -> None:
    for said in (
        f"| one payload | {limits.PAYLOAD_BYTES_MAX // 1024} KiB |",
        f"| one event | {limits.EVENT_BYTES_MAX // 1024} KiB |",
        (
            f"| a `pass_sheet` | {limits.PASS_SHEET_BYTES_MAX // 1024} KiB, its picture"
            f" {limits.PASS_PICTURE_BYTES_MAX // 1024} KiB before base64 |"
        ),
        f"| events in a batch | {limits.BATCH_EVENTS_MAX} |",
        f"| events above the last ack | {limits.WINDOW_EVENTS_MAX} |",
        f"| epochs in `left` | {limits.LEFT_EPOCHS_MAX} |",
        f"no ack made progress for {limits.ACK_WAIT_S} s, and every hour when nothing is on its way",
    ):
        assert said in DOCUMENT
    assert f"The hub says it every {hub_status.EVERY_S} s" in DOCUMENT
    assert limits.HELLO_EVERY_S == 3600
    assert limits.INTEGER_MAX == 2**53 - 1


def test_the_document_names_every_reason() -> None:
    for reason in (*RefusalReason, *LossReason, *Watching, *Outcome, *CommandOutcome):
        assert f"`{reason}`" in DOCUMENT


def test_the_document_says_how_long_a_challenge_lives_and_why_a_command_is_refused() -> None:
    for refusal in commands.Refusal:
        assert f"| `{refusal}` |" in DOCUMENT
    for said in (
        f"at every connect and every {limits.CHALLENGE_EVERY_S} s",
        f"within the last {limits.CHALLENGE_AGE_S_MAX} s",
        f"| a command | {commands.COMMAND_BYTES_MAX // 1024} KiB, {commands.ARGUMENTS_MAX} arguments |",
        f"| a picture | {commands.PICTURE_BYTES_MAX // 1024} KiB, {commands.PIECES_MAX} pieces |",
    ):
        assert said in DOCUMENT


def test_the_document_names_what_the_hub_says_of_itself() -> None:
    for field in hub_status.HubHealth.__struct_fields__:
        assert f"`{field}`" in DOCUMENT


def test_the_document_names_every_kind_direction_and_verdict_of_a_plate() -> None:
    for word in (*PlateKind, *Direction, *PlateVerdict):
        assert f"`{word}`" in DOCUMENT
