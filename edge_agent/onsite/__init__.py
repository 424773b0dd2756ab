"""A technician proves a point where it stands: see README.md."""
