"""What opens: see README.md."""
