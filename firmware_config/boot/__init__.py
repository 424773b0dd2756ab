"""A device's files onto a card, into an archive, or over SSH."""
