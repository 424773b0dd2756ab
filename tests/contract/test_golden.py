"""Golden messages: what one side wrote once must be read, and written again byte for byte, for ever."""

from pathlib import Path

import msgspec
import pytest

from edge_agent.wire import codec, commands
from edge_agent.wire.hub_status import decode_hub_status
from edge_agent.wire.messages import Batch, wire_bytes

GOLDEN = Path(__file__).parent / "golden"
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
FILES = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_message_is_read_and_written_again_byte_for_byte(path: Path) -> None:
    golden = path.read_bytes()
    message = DECODERS[path.stem.split("-")[0]](golden)
    assert wire_bytes(message) == golden


def test_there_is_a_golden_file_for_every_type_of_message() -> None:
    seen = {msgspec.json.decode(path.read_bytes())["type"] for path in FILES}
    events = {
        "passage",
        "plate_read",
        "lost",
        "observing",
        "clock_anchor",
        "journal_set_aside",
        "pass_sheet",
        "command_result",
    }
    talk = {"hello", "batch", "welcome", "ack", "replay", "conflict", "refused", "status", "hub_status"}
    asked = {"challenge", "signed_command", "command", "piece"}
    assert seen == events | talk | asked


def test_a_batch_carries_the_bytes_of_its_events_untouched() -> None:
    event = (GOLDEN / "event-passage-resident.json").read_bytes()
    batch = codec.decode_up((GOLDEN / "up-batch.json").read_bytes())
    assert isinstance(batch, Batch)
    assert bytes(batch.items[0].event) == event
    assert batch.items[0] == codec.item(1, event)
