"""A device's profile becomes files. Pure."""
