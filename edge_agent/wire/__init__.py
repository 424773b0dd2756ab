"""The sync protocol between an agent and the hub: see PROTOCOL.md beside this file."""
