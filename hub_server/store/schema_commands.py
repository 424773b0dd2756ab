"""Step 9 of the store's shape: what devices were told to do at once, and what became of it."""

STATEMENTS: tuple[str, ...] = ()
