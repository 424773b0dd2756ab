"""The agent's outbox: see README.md."""

from edge_agent.journal.journal import Journal, Position, Verdict, read_position
from edge_agent.journal.recorder import Recorder, describe

__all__ = ["Journal", "Position", "Recorder", "Verdict", "describe", "read_position"]
