"""Step 9 of the store's shape: what a device proved on site."""

STATEMENTS: tuple[str, ...] = ()
