"""Photographs become a template with the agent's own code, in a process of their own."""
