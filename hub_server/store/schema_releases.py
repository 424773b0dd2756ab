"""Step 9 of the store's shape: signed configurations and models, and how they are rolled out."""

STATEMENTS: tuple[str, ...] = ()
