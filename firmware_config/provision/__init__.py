"""`provision`: from an empty card to a proven camera point."""
