"""How a device becomes one of its site: see README.md."""
