"""The agent's outbox: see README.md."""

from edge_agent.journal.encoding import UnfitError
from edge_agent.journal.importance import Importance
from edge_agent.journal.journal import Journal
from edge_agent.journal.position import Position, Verdict
from edge_agent.journal.reading import read_position
from edge_agent.journal.recorder import Recorder, describe

__all__ = ["Importance", "Journal", "Position", "Recorder", "UnfitError", "Verdict", "describe", "read_position"]
