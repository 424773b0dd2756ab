"""Where frames come from: see README.md."""
