"""What the office wants at once: see README.md."""
