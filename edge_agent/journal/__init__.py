"""The agent's outbox: see README.md."""

from edge_agent.journal.journal import Journal, Position, Verdict, read_position

__all__ = ["Journal", "Position", "Verdict", "read_position"]
