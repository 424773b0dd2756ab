"""The agent's side of the sync protocol: see README.md."""
