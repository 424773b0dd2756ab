"""The site's issuing authority, and the broker's files."""
