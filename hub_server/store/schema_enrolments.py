"""Step 9 of the store's shape: enrolment tokens, certificates, device profiles (issuing)."""

STATEMENTS: tuple[str, ...] = ()
